"""DiskWatch: holds entries back before an order could go unrecorded; exits and stops go on.

Where the file was deleted or replaced, the engine still has it open: what it holds becomes a backup
at once, every minute from then on, and at the end of the program.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cts_tui.clock import Clock, utc_from_ms
from cts_tui.engine.brakes import Brakes
from cts_tui.engine.processor import CycleReport, Processor
from cts_tui.errors import CtsError, StoreError
from cts_tui.model.health import Fault, Gravity
from cts_tui.store import facts
from cts_tui.store.database import Database
from cts_tui.store.rescue import rescue

LOG = logging.getLogger(__name__)
_RESCUE_EVERY_S: Final = 60.0


class DiskWatch(Processor):
    """One per engine program; looks at the room beside the database, and that its file is there."""

    name = "disk"
    interval_s = 2.0

    def __init__(
        self,
        database: Database,
        backups: Path | None,
        clock: Clock,
        brakes: Brakes,
        tell: Callable[[str, str], None],
    ) -> None:
        """`backups` takes what is rescued; `tell` takes subject and words of an event."""
        super().__init__()
        self._database = database
        self._backups = backups
        self._clock = clock
        self._brakes = brakes
        self._tell = tell
        self._reason = ""
        self._rescued = ""
        self._rescue_due = 0.0

    async def cycle(self) -> CycleReport:
        """Put the brake on, or take it off; each change leaves an event (S13)."""
        reason = await asyncio.to_thread(self._find)
        if bool(reason) != bool(self._reason):
            self._tell(self.name, reason or "there is room again: entries go on")
        self._reason = reason
        self._brakes.put(self.name, reason)
        if self._database.is_elsewhere and time.monotonic() >= self._rescue_due:
            await asyncio.to_thread(self.rescue)
        return CycleReport(int(bool(reason)))

    def rescue(self) -> None:
        """Back up what is open of a file that is not at its place any more; else do nothing."""
        if self._backups is None or not self._database.is_elsewhere:
            return
        self._rescue_due = time.monotonic() + _RESCUE_EVERY_S
        now = utc_from_ms(self._clock.now_ms())
        try:
            self._rescued = str(rescue(self._database, self._backups, now).file)
        except (CtsError, OSError) as error:
            self.figures.record_error(error, self._clock.now_ms())
            LOG.warning("what is open of the database cannot be rescued: %s", error)
        else:
            LOG.error("%s; what it held is in %s", self._lost(), self._rescued)

    def faults(self) -> list[Fault]:
        """Return that the file is not at its place any more, and where its rows are."""
        if not self._database.is_elsewhere:
            return []
        kept = f"what it held is in {self._rescued}" if self._rescued else "it is being rescued"
        return [Fault("file-lost", self.name, Gravity.CRITICAL, f"{self._lost()}; {kept}")]

    def _lost(self) -> str:
        return (
            f"{self._database.file} is not the file any more that this engine writes into: put "
            "that one back, or stop the engine and restore the newest backup"
        )

    def _find(self) -> str:
        """Return why nothing may be opened, empty where all is well."""
        if self._database.is_elsewhere:
            return self._lost()
        try:
            free = facts.file_facts(self._database)["disk_free_bytes"]
        except StoreError as error:
            return str(error)
        if free is None or free >= facts.DISK_FULL_BYTES:
            return ""
        return f"the disk is nearly full: {free / 1e6:,.0f} MB left; free some space"
