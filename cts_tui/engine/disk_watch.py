"""DiskWatch: holds entries back before an order could go unrecorded; exits and stops go on."""

import asyncio
from collections.abc import Callable

from cts_tui.engine.brakes import Brakes
from cts_tui.engine.processor import CycleReport, Processor
from cts_tui.errors import StoreError
from cts_tui.store import facts
from cts_tui.store.database import Database


class DiskWatch(Processor):
    """One per engine program; looks at the room beside the database, and that its file is there."""

    name = "disk"
    interval_s = 2.0

    def __init__(
        self, database: Database, brakes: Brakes, tell: Callable[[str, str], None]
    ) -> None:
        """`tell` takes subject and words of an event."""
        super().__init__()
        self._database = database
        self._brakes = brakes
        self._tell = tell
        self._reason = ""
        self._file = facts.file_identity(database)

    async def cycle(self) -> CycleReport:
        """Put the brake on, or take it off; each change leaves an event (S13)."""
        reason = await asyncio.to_thread(self._find)
        if bool(reason) != bool(self._reason):
            self._tell(self.name, reason or "there is room again: entries go on")
        self._reason = reason
        self._brakes.put(self.name, reason)
        return CycleReport(int(bool(reason)))

    def _find(self) -> str:
        """Return why nothing may be opened, empty where all is well."""
        try:
            free = facts.file_facts(self._database)["disk_free_bytes"]
        except StoreError as error:
            return str(error)
        if facts.file_identity(self._database) != self._file:
            return (
                f"{self._database.file} is not the file any more that this engine writes into: "
                "put that one back, or start the engine again"
            )
        if free is None or free >= facts.DISK_FULL_BYTES:
            return ""
        return f"the disk is nearly full: {free / 1e6:,.0f} MB left; free some space"
