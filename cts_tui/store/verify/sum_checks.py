"""What must add up: orders are the sums of their fills, positions those of their orders' fills.

Fills are the truth. They are added up in Decimal, which SQLite cannot. `CROSS JOIN` and `+` keep
SQLite to the indexes by which the fills of a few rows are found, whatever it knows of the tables.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

from cts_tui.model.health import Gravity
from cts_tui.model.money import ZERO, cash_pnl, notional
from cts_tui.model.trading import Direction, OrderPurpose
from cts_tui.model.verification import Consent
from cts_tui.store.verify.check import Check, Hit, Span
from cts_tui.store.verify.raw import Key, RawText

FILLS_BEYOND_ORDER: Final = "fills-beyond-order"
FILLED_DIFFERS: Final = "order-differs-from-fills"
POSITION_DIFFERS: Final = "position-differs-from-fills"
PNL_DIFFERS: Final = "pnl-differs"
_SETTLED: Final = Decimal("1e-9")
"""Part by which a computed PnL may differ: schemas before 0003 rounded otherwise."""


class Sums(NamedTuple):
    """Sums over fills, of both sides of a position."""

    entered: Decimal = ZERO
    entry_cost: Decimal = ZERO
    exited: Decimal = ZERO
    exit_value: Decimal = ZERO

    def plus(self, purpose: str, quantity: Decimal, price: Decimal) -> "Sums":
        """Return the sums with one more fill."""
        value = notional(quantity, price)
        if purpose == OrderPurpose.ENTRY:
            return self._replace(
                entered=self.entered + quantity, entry_cost=self.entry_cost + value
            )
        return self._replace(exited=self.exited + quantity, exit_value=self.exit_value + value)


def decimal(value: Any) -> Decimal | None:
    """Return a raw amount, None for what is none: the check of values tells of that."""
    if not isinstance(value, RawText):
        return None
    try:
        found = Decimal(value.decode())
    except (InvalidOperation, UnicodeDecodeError):
        return None
    return found if found.is_finite() else None


class _OrderSums(NamedTuple):
    """An order beside its fills."""

    key: Key
    name: str
    asked: Decimal | None
    told: Decimal | None
    filled: Decimal


def _orders(cursor: sqlite3.Cursor, span: Span) -> list[_OrderSums]:
    """Return the orders of a span with the sums of their fills, but for fills that are none."""
    where, values = span.where()
    sums: dict[int, Decimal] = defaultdict(Decimal)
    unread: set[int] = set()
    fills = (
        "SELECT t.id, f.quantity FROM orders t CROSS JOIN fills f ON f.client_order_id = "
        f"t.client_order_id AND +f.connection_id = t.connection_id WHERE {where}"
    )
    for order_id, quantity in cursor.execute(fills, values):
        amount = decimal(quantity)
        if amount is None:
            unread.add(order_id)
        else:
            sums[order_id] += amount
    query = f"SELECT t.id, t.client_order_id, t.quantity, t.filled FROM orders t WHERE {where}"
    return [
        _OrderSums((order_id,), str(name), decimal(asked), decimal(told), sums[order_id])
        for order_id, name, asked, told in cursor.execute(query, values)
        if order_id not in unread
    ]


def _beyond(orders: list[_OrderSums]) -> Iterator[Hit]:
    """Find orders that have filled more than they asked for."""
    for order in orders:
        if order.asked is not None and order.filled > order.asked:
            words = f"{order.name} asked for {order.asked:f}, its fills are {order.filled:f}"
            yield Hit(order.key, words)


def _unequal(orders: list[_OrderSums]) -> Iterator[Hit]:
    """Find orders that say of themselves something else than their fills do."""
    for order in orders:
        if order.told is not None and order.told != order.filled:
            words = f"{order.name} says {order.told:f}, its fills are {order.filled:f}"
            yield Hit(order.key, words)


def fill_sums(cursor: sqlite3.Cursor, span: Span) -> dict[int, Sums | None]:
    """Return by position id of a span the sums of its fills, None where one cannot be read."""
    where, values = span.where()
    query = (
        "SELECT t.id, o.purpose, f.quantity, f.price FROM positions t "
        "CROSS JOIN orders o ON o.position_key = t.key AND +o.connection_id = t.connection_id "
        "CROSS JOIN fills f ON f.client_order_id = o.client_order_id "
        f"AND +f.connection_id = t.connection_id WHERE {where}"
    )
    found: dict[int, Sums | None] = {}
    for position_id, purpose, quantity, price in cursor.execute(query, values):
        sums, amounts = found.get(position_id, Sums()), (decimal(quantity), decimal(price))
        if sums is None or amounts[0] is None or amounts[1] is None:
            found[position_id] = None
        else:
            found[position_id] = sums.plus(str(purpose), amounts[0], amounts[1])
    return found


def shares_exits(is_live: Any, symbol: Any) -> bool:
    """Return whether the exits of a position may be booked on another one.

    The account of a swap knows one position a symbol and side: a stop that fires when its own is
    closed reduces the next one.
    """
    return bool(is_live) and ":" in str(symbol)


class _PositionSums(NamedTuple):
    """A position beside its fills; amounts that are none are None."""

    key: Key
    name: str
    side: str
    is_shared: bool
    told: tuple[Decimal | None, ...]
    """What it says itself, in the order of `Sums`."""
    filled: Sums | None
    quantity: Decimal | None
    entry_price: Decimal | None
    paid_fees: Decimal | None
    pnl: Decimal | None


def _positions(cursor: sqlite3.Cursor, span: Span) -> list[_PositionSums]:
    """Return the positions of a span with the sums of their fills."""
    where, values = span.where()
    sums = fill_sums(cursor, span)
    amounts = (*Sums._fields, "quantity", "entry_price", "paid_fees", "pnl")
    query = (
        "SELECT t.id, t.key, t.side, t.is_live, t.symbol, "
        f"{', '.join(f't.{name}' for name in amounts)} FROM positions t WHERE {where}"
    )
    found = []
    for position_id, name, side, is_live, symbol, *stored in cursor.execute(query, values):
        read = [decimal(value) for value in stored]
        found.append(
            _PositionSums(
                (position_id,),
                str(name),
                str(side),
                shares_exits(is_live, symbol),
                tuple(read[:4]),
                sums.get(position_id, Sums()),
                *read[4:],
            )
        )
    return found


def _position_differs(positions: list[_PositionSums]) -> Iterator[Hit]:
    """Find positions whose sums are not those of their fills."""
    for one in positions:
        if one.filled is None or one.told == one.filled or None in one.told:
            continue
        pairs = list(zip(Sums._fields, one.told, one.filled, strict=True))
        differing = [
            f"{column} is {told:f}, its fills make {made:f}"
            for column, told, made in pairs[: 2 if one.is_shared else 4]
            if told is not None and told != made
        ]
        if differing:
            yield Hit(one.key, f"{one.name}: {', '.join(differing)}")


def _pnl_differs(positions: list[_PositionSums]) -> Iterator[Hit]:
    """Find closed positions whose PnL is not what their own sums make."""
    for one in positions:
        made = _realized(one)
        if made is None or one.pnl is None:
            continue
        if abs(one.pnl - made) > _SETTLED * max(one.told[1] or ZERO, Decimal(1)):
            yield Hit(one.key, f"{one.name} says {one.pnl:f}, its sums make {made:f}")


def _realized(one: _PositionSums) -> Decimal | None:
    """Return the PnL of a closed position; what is still held of it is worth what it cost."""
    _, cost, exited, value = one.told
    if one.side not in tuple(Direction) or cost is None or exited is None or value is None:
        return None
    if one.quantity is None or one.entry_price is None or one.paid_fees is None:
        return None
    worth = value + notional(one.quantity - exited, one.entry_price)
    return cash_pnl(Direction(one.side), cost, worth) - one.paid_fees


SUM_CHECKS: Final = (
    Check(
        kind=FILLS_BEYOND_ORDER,
        table="orders",
        gravity=Gravity.CRITICAL,
        consent=Consent.IMPOSSIBLE,
        one="order has filled more than it asked for",
        many="orders have filled more than they asked for",
        action="look it up at the venue: a fill may be counted twice",
        gather=_orders,
        examine=_beyond,
        reads=("fills",),
    ),
    Check(
        kind=FILLED_DIFFERS,
        table="orders",
        gravity=Gravity.CRITICAL,
        consent=Consent.TRADING,
        one="order is not the sum of its fills",
        many="orders are not the sums of their fills",
        action="raised to its fills; where fills are missing it is left: a backup may hold them",
        gather=_orders,
        examine=_unequal,
        reads=("fills",),
    ),
    Check(
        kind=POSITION_DIFFERS,
        table="positions",
        gravity=Gravity.CRITICAL,
        consent=Consent.TRADING,
        one="position is not the sum of its fills",
        many="positions are not the sums of their fills",
        action="summed up from its fills; where fills are missing it is left: a backup may hold "
        "them",
        gather=_positions,
        examine=_position_differs,
        reads=("orders", "fills"),
    ),
    Check(
        kind=PNL_DIFFERS,
        table="positions",
        gravity=Gravity.CRITICAL,
        consent=Consent.TRADING,
        one="closed position has another PnL than its own sums",
        many="closed positions have another PnL than their own sums",
        action="computed from its sums where these are those of its fills; else it is left",
        gather=_positions,
        examine=_pnl_differs,
        reads=("orders", "fills"),
    ),
)
