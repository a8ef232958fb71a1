"""A desk of frozen rows with the shape of `cts_tui.desk.desk.Desk`, and an engine that waits."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cts_tui.errors import ConfigError, CtsError
from cts_tui.model.chart import ChartView, Series
from cts_tui.model.views import (
    ConnectionView,
    DeskSummary,
    EventView,
    FeedView,
    HealthReport,
    OrderView,
    PositionView,
    ProcessorView,
    SignalView,
)

from . import frozen
from .fake_reports import FakeReports
from .fake_strategies import FakeStrategies


class FakeConnections:
    def __init__(self, calls: list[Any]) -> None:
        self.rows = list(frozen.CONNECTIONS)
        self._calls = calls

    def list(self) -> list[ConnectionView]:
        return list(self.rows)

    def enable(self, name: str) -> None:
        self._change("enable", name, enabled=True)

    def disable(self, name: str) -> None:
        self._change("disable", name, enabled=False, live=False)

    def live_on(self, name: str, confirm: str) -> None:
        row = next(row for row in self.rows if row.name == name)
        if not row.enabled:
            raise ConfigError(f"{name} is disabled; enable it before live trading")
        if confirm != name:
            raise ConfigError(f"the typed name is {confirm!r}; type {name} to arm live trading")
        self._change("live_on", name, live=True)

    def live_off(self, name: str) -> None:
        self._change("live_off", name, live=False)

    def remove(self, name: str, force: bool = False) -> dict[str, int]:
        self.rows = [row for row in self.rows if row.name != name]
        return {"connections": 1}

    def _change(self, call: str, name: str, **fields: Any) -> None:
        self._calls.append((call, name))
        self.rows = [replace(row, **fields) if row.name == name else row for row in self.rows]


class FakePositions:
    def __init__(self, calls: list[Any]) -> None:
        self.rows = [*frozen.OPEN_POSITIONS, *frozen.CLOSED_POSITIONS]
        self._calls = calls

    def list(self, is_open: bool | None = None, limit: int = 200) -> list[PositionView]:
        rows = [r for r in self.rows if is_open is None or is_open == (r.closed_at_ms is None)]
        return rows[:limit]

    def close(self, position_id: int) -> None:
        self._calls.append(("close", position_id))


class FakeList:
    def __init__(self, rows: list[Any]) -> None:
        self.rows = rows

    def list(self, limit: int = 200) -> list[Any]:
        return self.rows[:limit]


class FakeControls:
    def __init__(self, calls: list[Any]) -> None:
        self._is_killed = False
        self._calls = calls

    def is_killed(self) -> bool:
        return self._is_killed

    def kill(self) -> None:
        self._calls.append(("kill",))
        self._is_killed = True

    def revive(self) -> None:
        self._calls.append(("revive",))
        self._is_killed = False


class FakeMarket:
    def __init__(self) -> None:
        self.rows = list(frozen.SERIES)
        self.asked: list[tuple[str, str, str]] = []
        self.change: Callable[[ChartView], ChartView] = lambda view: view

    def series(self) -> list[Series]:
        return list(self.rows)

    def chart(self, connection: str, symbol: str, timeframe: str, limit: int = 1_000) -> ChartView:
        self.asked.append((connection, symbol, timeframe))
        return self.change(frozen.chart(connection, symbol, timeframe))


class FakeHealth:
    def __init__(self) -> None:
        self.full = frozen.HEALTH

    def report(self) -> HealthReport:
        return self.full

    def processors(self) -> list[ProcessorView]:
        return list(frozen.PROCESSORS)

    def feeds(self) -> list[FeedView]:
        return list(frozen.FEEDS)


class FakeDesk:
    """Answers at once; `fail_with` makes every reading fail."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.connections = FakeConnections(self.calls)
        self.positions = FakePositions(self.calls)
        self.signals: FakeList = FakeList(list[SignalView](frozen.SIGNALS))
        self.orders: FakeList = FakeList(list[OrderView]())
        self.events: FakeList = FakeList(list[EventView](frozen.EVENTS))
        self.strategies = FakeStrategies(self.calls)
        self.controls = FakeControls(self.calls)
        self.market = FakeMarket()
        self.health = FakeHealth()
        self.reports = FakeReports(self.calls)
        self.figures = frozen.SUMMARY
        self.fail_with: Exception | None = None
        self.readings = 0
        self.is_closed = False
        self.before_summary: Callable[[], None] = lambda: None

    def summary(self) -> DeskSummary:
        self.before_summary()
        self.readings += 1
        if self.is_closed:
            raise CtsError("the desk is closed")
        if self.fail_with:
            raise self.fail_with
        return self.figures

    def close(self) -> None:
        self.calls.append(("close desk",))
        self.is_closed = True

    def empty(self) -> "FakeDesk":
        """Drop all rows: a fresh install."""
        self.connections.rows = []
        self.positions.rows = []
        self.signals.rows = []
        self.events.rows = []
        self.strategies.rows = []
        self.market.rows = []
        return self


class FakeHost:
    """An engine that does nothing until it is asked to stop; `fail` makes it fail."""

    def __init__(self, calls: list[Any], *, is_needed: bool = True) -> None:
        self.calls = calls
        self._is_needed = is_needed
        self._asked = threading.Event()
        self._fault: Exception | None = None

    def run(self) -> None:
        self.calls.append(("engine runs",))
        self._asked.wait(timeout=30)
        self._asked.clear()
        if self._fault:
            fault, self._fault = self._fault, None
            raise fault
        self.calls.append(("engine stopped",))

    def stop(self) -> None:
        self.calls.append(("stop engine",))
        self._asked.set()

    def fail(self, fault: Exception) -> None:
        self._fault = fault
        self._asked.set()

    def is_needed(self) -> bool:
        return self._is_needed
