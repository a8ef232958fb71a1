"""BackupKeeper: backs the store up when the last scheduled backup is older than the interval.

Several programs on one store take turns by a lock on the backups folder; whoever has it looks
again.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cts_tui.clock import Clock, utc_from_ms
from cts_tui.engine.processor import CycleReport, Processor
from cts_tui.errors import CtsError, StoreError
from cts_tui.model.backup import Backup, BackupReason
from cts_tui.model.trading import Actor
from cts_tui.settings import Settings
from cts_tui.store import backup_rows
from cts_tui.store.backup import make_backup
from cts_tui.store.backup_folder import Keep, newest_at, rotate
from cts_tui.store.database import Database
from cts_tui.store.scratch import Stopped, held

LOG: Final = logging.getLogger(__name__)
_AGAIN_AFTER_S: Final = 900.0
"""After a failure: a full disk is not filled and emptied every few seconds."""


class BackupKeeper(Processor):
    """One per engine program. The work is done in a thread; the engine goes on."""

    name = "backup"
    interval_s = 5.0
    patience_s = 3_600.0

    def __init__(self, database: Database, folder: Path, settings: Settings, clock: Clock) -> None:
        """`folder` is where backups are kept."""
        super().__init__()
        self._database = database
        self._folder = folder
        self._every = timedelta(hours=settings.backup_every_h)
        self._keep = Keep(
            settings.backup_keep_daily, settings.backup_keep_weekly, settings.backup_keep_others
        )
        self._clock = clock
        self._not_before = 0.0

    async def cycle(self) -> CycleReport:
        """Make a backup if one is due; a failure is recorded, and tried again some time later."""
        stopping = threading.Event()
        try:
            made = await asyncio.to_thread(self._back_up_if_due, stopping.is_set)
        except asyncio.CancelledError:
            stopping.set()
            raise
        return CycleReport(int(made))

    def _back_up_if_due(self, should_stop: Callable[[], bool]) -> bool:
        """Return whether a backup was made."""
        if time.monotonic() < self._not_before:
            return False
        now = self._now()
        try:
            backup = self._made_if_due(now, should_stop)
        except Stopped:
            return False
        except (CtsError, OSError) as error:
            self._not_before = time.monotonic() + _AGAIN_AFTER_S
            self._record_error(str(error))
            backup_rows.record_failure(self._database, str(error), who=Actor.ENGINE, now=now)
            return False
        if backup is not None:
            backup_rows.record(self._database, backup, who=Actor.ENGINE, removed=self._rotate())
        return backup is not None

    def _made_if_due(self, now: datetime, should_stop: Callable[[], bool]) -> Backup | None:
        """Return the backup that was due; None where none is, or another program makes it."""
        if not self._is_due(now):
            return None
        with held(self._folder) as is_ours:
            if not (is_ours and self._is_due(now)):
                return None
            return make_backup(
                self._database,
                self._folder,
                reason=BackupReason.SCHEDULED,
                now=now,
                should_stop=should_stop,
            )

    def _is_due(self, now: datetime) -> bool:
        if not self._every:
            return False
        newest = newest_at(self._folder, BackupReason.SCHEDULED, until=now)
        return newest is None or now - newest >= self._every

    def _rotate(self) -> int:
        """Remove what is no longer kept; return how many."""
        try:
            return len(rotate(self._folder, self._keep))
        except StoreError as error:
            self._record_error(str(error))
            return 0

    def _record_error(self, reason: str) -> None:
        LOG.warning("%s", reason)
        self.figures.record_error(reason, self._clock.now_ms())

    def _now(self) -> datetime:
        return utc_from_ms(self._clock.now_ms())
