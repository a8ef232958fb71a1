"""JournalWatch: sees that the single writer writes; while it does not, nothing is entered.

A writer that fails says so itself. One whose thread has ended is started again; one that hangs in
the operating system (a disk that is gone) cannot be ended, and is told until it comes back.
"""

import logging
from collections.abc import Callable
from typing import Final

from cts_tui.engine.brakes import Brakes
from cts_tui.engine.processor import CycleReport, Processor
from cts_tui.model.health import Fault, Gravity
from cts_tui.store.journal import Journal

LOG = logging.getLogger(__name__)
HUNG_S: Final = 20.0
"""A transaction under way this long waits for no lock: those are given up after 5 s."""


class JournalWatch(Processor):
    """One per engine program."""

    name = "writer"
    interval_s = 0.5

    def __init__(self, journal: Journal, brakes: Brakes, tell: Callable[[str, str], None]) -> None:
        """`tell` takes subject and words of an event."""
        super().__init__()
        self._journal = journal
        self._brakes = brakes
        self._tell = tell
        self._reason = ""

    async def cycle(self) -> CycleReport:
        """Put the brake on, or take it off; each change leaves an event (S13)."""
        if self._journal.revive():
            self._tell(self.name, "the writer's thread had ended: it was started again")
        reason = self._find()
        if bool(reason) != bool(self._reason):
            said = reason or "what waited is written: entries go on"
            LOG.warning("writer: %s", said)
            self._tell(self.name, said)
        self._reason = reason
        self._brakes.put(self.name, reason)
        return CycleReport(int(bool(reason)))

    def _find(self) -> str:
        """Return why nothing may be opened, empty where all is well."""
        if self._journal.busy_s > HUNG_S:
            return f"the database has been writing one transaction for over {HUNG_S:.0f} s"
        figures = self._journal.figures
        return f"nothing can be recorded: {figures.last_error}" if figures.is_failing else ""

    def faults(self) -> list[Fault]:
        """Return that the writer hangs; that it fails is told by its figures."""
        if self._journal.busy_s <= HUNG_S:
            return []
        message = f"{self._find()}; see whether the disk answers"
        return [Fault("writer-hung", self.name, Gravity.CRITICAL, message)]
