"""Runs the engine program for a face: in a worker thread of the app, or in the foreground."""

import logging
import threading
import time

from cts_tui.desk.desk import Desk
from cts_tui.engine.program import EngineProgram
from cts_tui.engine.supervision import SETTLED_S, in_words, wait_s
from cts_tui.errors import StoreError
from cts_tui.settings import Settings, load_settings

LOG = logging.getLogger(__name__)


class EngineHost:
    """The engine of this process. `run` blocks; `stop` may be called from any thread."""

    def __init__(self, desk: Desk, settings: Settings | None = None) -> None:
        """Raises ConfigError when a setting is wrong."""
        self._desk = desk
        self._settings = settings or load_settings()
        self._stopping = threading.Event()
        self._program = self._new_program()

    def is_needed(self) -> bool:
        """Return whether no other process runs the engine on this store."""
        return not self._desk.programs.is_any_alive()

    def run(self) -> None:
        """Run the engine until `stop`. May be called again after it has ended.

        A program that fails is started again, later each time. Raises what keeps it from beginning
        at all.
        """
        failures = 0
        try:
            while not self._stopping.is_set():
                began = time.monotonic()
                error = self._run_once()
                if error is None:
                    return
                failures = 1 if time.monotonic() - began > SETTLED_S else failures + 1
                self._tell(f"{in_words(error)}; it starts again in {wait_s(failures):g} s")
                self._stopping.wait(wait_s(failures))
        finally:
            self._stopping.clear()

    def _run_once(self) -> BaseException | None:
        """Run a program to its end; return what it failed of once it had begun."""
        program = self._program
        try:
            program.run_blocking()
        except BaseException as error:
            if not program.has_begun or isinstance(error, KeyboardInterrupt):
                raise
            LOG.exception("the engine program failed")
            return error
        finally:
            self._program = self._new_program()
        return None

    def _tell(self, reason: str) -> None:
        """Leave an event of a failure, if the store can still be written."""
        try:
            self._desk.programs.tell_failure(reason)
        except StoreError as error:
            LOG.warning("the failure of the engine program cannot be recorded: %s", error)

    def stop(self) -> None:
        """Ask the engine to stop in order."""
        self._stopping.set()
        self._program.stop()

    def _new_program(self) -> EngineProgram:
        return EngineProgram(
            self._desk.database,
            self._settings,
            vault=self._desk.vault,
            backups=self._desk.backups.folder,
        )
