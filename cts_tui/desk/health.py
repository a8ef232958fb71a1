"""Health as faces ask for it: the report, and the rows of its screen."""

from cts_tui.desk.room import Room
from cts_tui.engine.health import assessment
from cts_tui.engine.health.readings import Readings, read
from cts_tui.model.views import FeedView, HealthReport, ProcessorView, Report
from cts_tui.store import engines


class HealthDesk:
    """Reads health from rows: the same whether the engine runs in this process or another."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def report(self) -> HealthReport:
        """Return the whole report; a store that cannot be read is a report as well."""
        return assessment.assess(self._room.database, self._room.clock.now_ms())

    def processors(self) -> list[ProcessorView]:
        """Return the cycle figures of every processor, the programs' own ones last."""
        return self._read().processors

    def feeds(self) -> list[FeedView]:
        """Return every symbol of the enabled connections, with the age of its price."""
        return self._read().feeds

    def gates(self, strategy: str) -> list[Report]:
        """Return what the profit-factor gate says of a strategy, per connection and symbol."""
        with self._room.database.read() as transaction:
            return [
                {"connection": row["name"], **gate}
                for row in engines.states(transaction)
                for gate in (row["figures"] or {}).get("gates", ())
                if gate["strategy"] == strategy
            ]

    def _read(self) -> Readings:
        return read(self._room.database, self._room.clock.now_ms())


def unreadable(reason: str) -> HealthReport:
    """Return the report of a store that cannot be opened: nothing else is known."""
    return assessment.unreadable(reason)
