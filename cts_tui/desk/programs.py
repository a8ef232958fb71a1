"""Engine programs: which processes trade on this store, and asking them to stop."""

import socket
import time

from cts_tui.desk.figures import SILENT_MS
from cts_tui.desk.room import Room
from cts_tui.engine.registration import is_process_alive
from cts_tui.errors import ConfigError
from cts_tui.model.trading import EventKind
from cts_tui.model.views import EngineProgramView
from cts_tui.store import engines
from cts_tui.store.column_types import to_ms


class ProgramDesk:
    """The processes that run engines."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def list(self) -> list[EngineProgramView]:
        """Return the processes that registered and have not ended in order, oldest first."""
        now_ms = self._room.clock.now_ms()
        host = socket.gethostname()
        with self._room.database.read() as transaction:
            rows = engines.programs(transaction)
        views = []
        for row in rows:
            heartbeat_ms = to_ms(row["heartbeat_at"])
            is_gone = row["host"] == host and not is_process_alive(
                row["pid"], row["pid_started_at"]
            )
            figures = row["figures"] or {}
            views.append(
                EngineProgramView(
                    owner=row["owner"],
                    pid=row["pid"],
                    host=row["host"],
                    started_at_ms=to_ms(row["started_at"]),
                    heartbeat_ms=heartbeat_ms,
                    is_alive=not is_gone and now_ms - heartbeat_ms < SILENT_MS,
                    rss_mb=figures.get("rss_mb", 0.0),
                    cpu_pct=figures.get("cpu_pct", 0.0),
                )
            )
        return views

    def is_any_alive(self) -> bool:
        """Return whether an engine runs on this store."""
        return any(program.is_alive for program in self.list())

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
