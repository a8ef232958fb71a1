"""Sums over amounts in SQL, to the last digit: SQLite adds text up as floats."""

import sqlite3
from decimal import Decimal
from typing import Any

from cts_tui.model.money import ZERO, average_price, money_text, notional, round_price
from cts_tui.store.verify.raw import RawText
from cts_tui.store.verify.sum_checks import decimal


class _Sum:
    """`amount_sum(x)`: the sum of amounts, NULL where one cannot be read."""

    def __init__(self) -> None:
        self.total: Decimal | None = ZERO

    def step(self, amount: bytes | None) -> None:
        self._add(_amount(amount))

    def _add(self, amount: Decimal | None) -> None:
        self.total = None if self.total is None or amount is None else self.total + amount

    def finalize(self) -> str | None:
        return None if self.total is None else money_text(self.total)


class _ValueSum(_Sum):
    """`value_sum(quantity, price)`: the sum of what fills were worth."""

    def step(self, quantity: bytes | None, price: bytes | None) -> None:  # type: ignore[override]
        read = _amount(quantity), _amount(price)
        self._add(None if read[0] is None or read[1] is None else notional(read[0], read[1]))


class _Average:
    """`amount_average(quantity, price)`: the average price of fills, NULL where there are none."""

    def __init__(self) -> None:
        self._quantity, self._value = _Sum(), _ValueSum()

    def step(self, quantity: bytes | None, price: bytes | None) -> None:
        self._quantity.step(quantity)
        self._value.step(quantity, price)

    def finalize(self) -> str | None:
        quantity, value = self._quantity.total, self._value.total
        return money_text(average_price(value, quantity)) if quantity and value else None


def _amount(stored: bytes | None) -> Decimal | None:
    return None if stored is None else decimal(RawText(stored))


def price_beside(price: Any, pct: Any, sign: int) -> str | None:
    """Return the price that lies `pct` percent above (`sign` 1) or below (-1) another."""
    base, part = decimal(RawText(str(price).encode())), decimal(RawText(str(pct).encode()))
    if base is None or part is None:
        return None
    found = round_price(base * (1 + sign * part / 100))
    return money_text(found) if found > 0 else None


def add_functions(connection: sqlite3.Connection) -> None:
    """Teach a connection the functions that repairs use."""
    connection.create_aggregate("amount_sum", 1, _Sum)  # type: ignore[arg-type]
    connection.create_aggregate("value_sum", 2, _ValueSum)  # type: ignore[arg-type]
    connection.create_aggregate("amount_average", 2, _Average)  # type: ignore[arg-type]
    connection.create_function("price_beside", 3, price_beside)
