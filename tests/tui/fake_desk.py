"""A desk of frozen rows with the shape of `cts_tui.desk.desk.Desk`, and an engine that waits."""

import builtins
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cts_tui.errors import CtsError
from cts_tui.model.alerts import Alert
from cts_tui.model.chart import ChartView, Series
from cts_tui.model.gate import Flattening
from cts_tui.model.health import HealthSample
from cts_tui.model.views import (
    DeskSummary,
    EventView,
    HealthReport,
    PositionView,
    SignalView,
)

from . import frozen
from .fake_connections import (
    FakeConnections,
    FakeCredentials,
    FakeDrafts,
    FakeSecrets,
    FakeTests,
)
from .fake_externals import FakeExternals
from .fake_journal import FakeJournal
from .fake_live import FakeControls, FakeOrders, FakeRisk
from .fake_log import FakeLog
from .fake_reports import FakeReports
from .fake_strategies import FakeStrategies
from .fake_upkeep import FakeBackups, FakeRepairs
from .fake_workflow import FakeWorkflow


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
        self.histories = 0

    def report(self) -> HealthReport:
        return self.full

    def history(self, hours: float = 24.0) -> list[HealthSample]:
        self.histories += 1
        return list(frozen.SAMPLES)


class FakeAlerts:
    def __init__(self, calls: list[Any]) -> None:
        self.rows: list[Alert] = []
        self._calls = calls

    def list(self, limit: int = 200) -> list[Alert]:
        return self.rows[:limit]

    def standing(self, limit: int = 200) -> "builtins.list[Alert]":
        return [alert for alert in self.rows if alert.is_standing][:limit]

    def ack(self, alert_id: int) -> None:
        self._calls.append(("ack", alert_id))
        self.rows = [
            replace(alert, acked_ms=frozen.NOW_MS) if alert.id == alert_id else alert
            for alert in self.rows
        ]


class FakeDesk:
    """Answers at once; `fail_with` makes every reading fail."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.connections = FakeConnections(self.calls)
        self.credentials = FakeCredentials(self.connections)
        self.secrets = FakeSecrets(self.calls)
        self.drafts = FakeDrafts(self.connections, self.secrets, self.calls)
        self.tests = FakeTests(self.calls)
        self.positions = FakePositions(self.calls)
        self.externals = FakeExternals(self.calls)
        self.journal = FakeJournal(self.calls, self.positions.rows)
        self.signals: FakeList = FakeList(list[SignalView](frozen.SIGNALS))
        self.orders = FakeOrders()
        self.events: FakeList = FakeList(list[EventView](frozen.EVENTS))
        self.strategies = FakeStrategies(self.calls)
        self.controls = FakeControls(self.calls, self._flatten)
        self.risk = FakeRisk(self.calls)
        self.market = FakeMarket()
        self.health = FakeHealth()
        self.alerts = FakeAlerts(self.calls)
        self.reports = FakeReports(self.calls)
        self.workflow = FakeWorkflow(self.calls)
        self.repairs = FakeRepairs(self.calls)
        self.backups = FakeBackups(self.calls)
        self.log = FakeLog()
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

    def _flatten(self, closing: tuple[Flattening, ...]) -> None:
        self.figures = replace(self.figures, flattening=closing)

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
