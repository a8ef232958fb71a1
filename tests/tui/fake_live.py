"""Flattening, limits and orders with the shape of the desk's, over frozen rows."""

from collections.abc import Callable, Sequence
from typing import Any

from cts_tui.errors import ConfigError
from cts_tui.model.gate import Flattening
from cts_tui.model.limits import RiskView
from cts_tui.model.records import Fill
from cts_tui.model.risk_usage import RiskUsage
from cts_tui.model.views import OrderView

from .frozen_live import FILLS, LIMITS, ORDERS, USAGE


class FakeControls:
    def __init__(self, calls: list[Any], ask: Callable[[tuple[Flattening, ...]], None]) -> None:
        self._is_killed = False
        self._calls = calls
        self._ask = ask
        self.held = (
            Flattening("bybit-paper", positions=2, orders=0, is_enabled=True),
            Flattening("kraken-main", positions=1, orders=1, is_enabled=True),
        )

    def is_killed(self) -> bool:
        return self._is_killed

    def kill(self) -> None:
        self._calls.append(("kill",))
        self._is_killed = True

    def revive(self) -> None:
        self._calls.append(("revive",))
        self._is_killed = False

    def flatten(self, name: str, confirm: str) -> Flattening:
        if confirm != name:
            raise ConfigError(f"nothing is closed: {confirm!r} is not the name {name}")
        self._calls.append(("flatten", name))
        found = next(one for one in self.held if one.connection == name)
        self._ask((found,))
        return found

    def flatten_all(self, confirm: str) -> tuple[Flattening, ...]:
        if confirm != "ALL":
            raise ConfigError(f"nothing is closed: {confirm!r} is not the word ALL")
        self._calls.append(("flatten", "ALL"))
        self._ask(self.held)
        return self.held


class FakeRisk:
    def __init__(self, calls: list[Any]) -> None:
        self._calls = calls
        self.view, self.used = LIMITS, USAGE

    def of(self, name: str) -> RiskView:
        return self.view

    def usage(self, name: str) -> RiskUsage:
        return self.used

    def set(self, key: str, value: str, connection: str | None = None) -> None:
        if value == "much":
            raise ConfigError(f"{key} is 'much': expected an amount above 0, or off, or default")
        self._calls.append(("limit", key, value, connection))

    def reset(self, name: str) -> None:
        self._calls.append(("reset", name))


class FakeOrders:
    def __init__(self) -> None:
        self.rows: list[OrderView] = []

    def list(self, limit: int = 200) -> list[OrderView]:
        return self.rows[:limit]

    def of_position(self, position_id: int) -> Sequence[OrderView]:
        return ORDERS if position_id == 103 else []

    def fills(self, client_order_id: str) -> Sequence[Fill]:
        return [fill for fill in FILLS if fill.client_order_id == client_order_id]
