"""Runs the engine program for a face: in a worker thread of the app, or in the foreground."""

from cts_tui.desk.desk import Desk
from cts_tui.engine.program import EngineProgram
from cts_tui.settings import Settings, load_settings


class EngineHost:
    """The engine of this process. `run` blocks; `stop` may be called from any thread."""

    def __init__(self, desk: Desk, settings: Settings | None = None) -> None:
        """Raises ConfigError when a setting is wrong."""
        self._desk = desk
        self._settings = settings or load_settings()
        self._program = self._new_program()

    def is_needed(self) -> bool:
        """Return whether no other process runs the engine on this store."""
        return not self._desk.programs.is_any_alive()

    def run(self) -> None:
        """Run the engine until `stop`. May be called again after it has ended."""
        self._program.run_blocking()
        self._program = self._new_program()

    def stop(self) -> None:
        """Ask the engine to stop in order."""
        self._program.stop()

    def _new_program(self) -> EngineProgram:
        return EngineProgram(
            self._desk.database,
            self._settings,
            vault=self._desk.vault,
            backups=self._desk.backups.folder,
        )
