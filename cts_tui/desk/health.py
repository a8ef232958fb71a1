"""Health as faces ask for it: the report, and the rows of its screen."""

from cts_tui.desk.room import Room
from cts_tui.engine.health import assessment
from cts_tui.model.health import HealthSample
from cts_tui.model.views import HealthReport, Report
from cts_tui.store import engines, health_samples
from cts_tui.store.running_sums import RunningSums


class HealthDesk:
    """Reads health from rows: the same whether the engine runs in this process or another."""

    def __init__(self, room: Room, sums: RunningSums) -> None:
        self._room = room
        self._sums = sums

    def report(self) -> HealthReport:
        """Return the whole report; a store that cannot be read is a report as well."""
        return assessment.assess(self._room.database, self._room.clock.now_ms(), self._sums)

    def history(self, hours: float = 24.0, limit: int | None = None) -> list[HealthSample]:
        """Return how the desk was, a sample a minute, oldest first; `limit` keeps the newest."""
        since_ms = self._room.clock.now_ms() - round(hours * 3_600_000)
        with self._room.database.read() as transaction:
            return health_samples.since(transaction, since_ms, limit=limit)

    def gates(self, strategy: str) -> list[Report]:
        """Return what the profit-factor gate says of a strategy, per connection and symbol."""
        with self._room.database.read() as transaction:
            return [
                {"connection": row["name"], **gate}
                for row in engines.states(transaction)
                for gate in (row["figures"] or {}).get("gates", ())
                if gate["strategy"] == strategy
            ]


def unreadable(reason: str) -> HealthReport:
    """Return the report of a store that cannot be opened: nothing else is known."""
    return assessment.unreadable(reason)
