"""The workflow test as a face asks for it; it blocks, for seconds where an engine hangs."""

from cts_tui.clock import SystemClock
from cts_tui.desk.room import Room
from cts_tui.desk.workflow.course import OnStep, run_course
from cts_tui.desk.workflow.subject import Subject
from cts_tui.errors import ConfigError, CtsError
from cts_tui.model.connection import RECORDED_EXCHANGE
from cts_tui.model.workflow_test import WorkflowStep, WorkflowTest
from cts_tui.store.raw_rows import raw_rows
from cts_tui.store.vault import Vault


def _unheard(step: WorkflowStep) -> None:
    """Nobody listens."""


class WorkflowDesk:
    """The workflow test of an open store. Nothing is ordered, signed, mended or stored."""

    def __init__(self, room: Room, vault: Vault) -> None:
        self._room = room
        self._vault = vault

    def run(self, connection: str | None = None, on_step: OnStep = _unheard) -> WorkflowTest:
        """Test everything, or what concerns one connection, whose exchange is then asked.

        What is wrong is in the result. Raises ConfigError where there is no such connection.
        """
        if connection is not None:
            self._check_name(connection)
        room = self._room
        return run_course(Subject(room.database, self._vault, room.clock, connection), on_step)

    def _check_name(self, name: str) -> None:
        """Refuse a name that no connection has; a store that cannot be read knows none."""
        try:
            with self._room.database.read() as transaction:
                rows = raw_rows(transaction, "connections")
        except CtsError:
            return
        row = next((row for row in rows if row["name"] == name), None)
        if row is None:
            raise ConfigError(f"there is no connection called {name!r}; see: connections list")
        if row["exchange"] == RECORDED_EXCHANGE:
            raise ConfigError(f"{name} holds a replay: there is nothing to test on it")


def run_without_store(reason: str, on_step: OnStep = _unheard) -> WorkflowTest:
    """Test what needs no store, where the store cannot be used for a `reason`."""
    return run_course(Subject(None, None, SystemClock(), unusable=reason), on_step)
