"""Engine programs: which processes trade on this store, and asking them to stop."""

import time

from cts_tui.desk.room import Room
from cts_tui.engine.processes import program_views
from cts_tui.errors import ConfigError
from cts_tui.model.trading import EventKind
from cts_tui.model.views import EngineProgramView
from cts_tui.store import engines


class ProgramDesk:
    """The processes that run engines."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def list(self) -> list[EngineProgramView]:
        """Return the processes that registered and have not ended in order, oldest first."""
        with self._room.database.read() as transaction:
            return program_views(transaction, self._room.clock.now_ms())

    def is_any_alive(self) -> bool:
        """Return whether an engine runs on this store."""
        return any(program.is_alive for program in self.list())

    def tell_failure(self, reason: str) -> None:
        """Leave an event that the engine program of this process has failed. Raises StoreError."""
        with self._room.database.write() as transaction:
            message = f"the engine program failed: {reason}"
            self._room.tell(transaction, EventKind.ENGINE, "engine", message, after="failed")

    def stop(self, timeout_s: float = 15.0) -> int:
        """Ask every engine to stop in order, and wait for it; return how many did.

        Raises ConfigError when none runs, or one has not stopped within `timeout_s`.
        """
        alive = [program for program in self.list() if program.is_alive]
        if not alive:
            raise ConfigError("no engine runs on this data folder: there is nothing to stop")
        with self._room.database.write() as transaction:
            engines.request_stop(transaction, self._room.now())
            self._room.tell(transaction, EventKind.ENGINE, "engine", "stop asked for")
        deadline = time.monotonic() + timeout_s
        while self.is_any_alive():
            if time.monotonic() > deadline:
                pids = ", ".join(str(program.pid) for program in alive)
                raise ConfigError(
                    f"the engine (process {pids}) has not stopped within {timeout_s:g} s; "
                    "look at `cts-tui health`, or end the process"
                )
            time.sleep(0.05)
        return len(alive)
