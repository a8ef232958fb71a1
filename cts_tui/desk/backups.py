"""Backups as a face asks for them: made now, listed, verified."""

import threading
from dataclasses import replace
from pathlib import Path

from cts_tui.desk.room import Room
from cts_tui.errors import ConfigError
from cts_tui.model.backup import Backup, BackupReason
from cts_tui.paths import DataFolder
from cts_tui.store import backup_rows
from cts_tui.store.backup import OnPhase, make_backup, make_backup_at, unwatched
from cts_tui.store.backup_folder import list_backups, look_at
from cts_tui.store.restore import proven


class BackupDesk:
    """Backups of the open store; they take a while for a large one, and engines go on."""

    def __init__(self, room: Room, folder: Path | None) -> None:
        """`folder` is where backups are kept, None for a desk without a data folder."""
        self._room = room
        self._folder = folder
        self._making = threading.Lock()

    @property
    def folder(self) -> Path | None:
        """Where backups are kept."""
        return self._folder

    def make(self, on_phase: OnPhase = unwatched) -> Backup:
        """Make a verified backup now, one at a time; `on_phase` hears of each part of the work.

        Raises ConfigError or StoreError; nothing is left then.
        """
        if self._folder is None:
            raise ConfigError("this desk has no data folder to keep a backup in")
        if not self._making.acquire(blocking=False):
            raise ConfigError("a backup is being made already: wait for its end")
        try:
            backup = make_backup(
                self._room.database, self._folder, reason=BackupReason.MANUAL,
                now=self._room.now(), on_phase=on_phase,
            )  # fmt: skip
        finally:
            self._making.release()
        backup_rows.record(self._room.database, backup, who=self._room.actor)
        return backup

    def make_at(self, file: Path) -> Backup:
        """Make a verified backup in a new file, anywhere. Raises ConfigError or StoreError."""
        backup = make_backup_at(
            self._room.database,
            file.expanduser().absolute(),
            reason=BackupReason.MANUAL,
            now=self._room.now(),
        )
        backup_rows.record(self._room.database, backup, who=self._room.actor)
        return backup


def backups_in(folder: DataFolder) -> list[Backup]:
    """Return the backups of a data folder, newest first; its database is not opened."""
    return list_backups(folder.backups)


def verify_backup(folder: DataFolder, chosen: str) -> Backup:
    """Unpack a backup, check every page of it, count its rows; nothing is kept of that.

    `chosen` is a name from the list, or a path. Raises ConfigError, StoreError with what is wrong.
    """
    file = find_backup(folder, chosen)
    beside = folder.backups if folder.backups.is_dir() else file.parent
    with proven(file, beside) as found:
        return replace(look_at(file), schema=found.schema, tables=found.tables, is_verified=True)


def find_backup(folder: DataFolder, chosen: str) -> Path:
    """Return the file of a name from the list, or of a path. Raises ConfigError."""
    named = folder.backups / chosen
    if Path(chosen).name == chosen and named.is_file():
        return named
    path = Path(chosen).expanduser()
    if path.is_file():
        return path.absolute()
    raise ConfigError(
        f"there is no backup {chosen}: found neither in {folder.backups} nor as a file; see: "
        "cts-tui backups list"
    )
