"""Putting a backup in the place of the database, from a process that has no desk open on it."""

from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from cts_tui.clock import Clock, SystemClock
from cts_tui.desk.backups import find_backup
from cts_tui.desk.desk import open_database
from cts_tui.desk.programs import ProgramDesk
from cts_tui.desk.room import Room
from cts_tui.errors import ConfigError, CtsError, LockedError, StoreError
from cts_tui.model.backup import BackupReason, Restored
from cts_tui.model.trading import Actor
from cts_tui.model.vault import KeySource
from cts_tui.paths import DataFolder
from cts_tui.settings import load_settings
from cts_tui.store import setting_rows
from cts_tui.store.backup import sqlite_file
from cts_tui.store.backup_folder import keep_newest, look_at
from cts_tui.store.database import Database
from cts_tui.store.key_rows import key_row
from cts_tui.store.occupancy import Occupancy
from cts_tui.store.restore import Proven, proven, swap
from cts_tui.store.restored_rows import settle
from cts_tui.store.vault import Vault


@dataclass(frozen=True, slots=True)
class _Present:
    """What is known of the database that is to be replaced; nothing where it does not open."""

    is_killed: bool = False
    store_id: str | None = None
    key_id: str | None = None


def restore_backup(
    folder: DataFolder, chosen: str, actor: Actor, clock: Clock | None = None
) -> Restored:
    """Put a backup in the place of the database, which need not open, or be there at all.

    `chosen` is a name from the list, or a path. The replaced database is kept. Raises ConfigError
    or StoreError where the backup is not whole, or the database is in use: nothing is changed then.
    """
    database = open_database(folder)
    with closing(database):
        file = sqlite_file(database).resolve()
        source = find_backup(folder, chosen)
        if file.exists() and source.samefile(file):
            raise ConfigError(f"{source} is the present database itself: name a backup of it")
        room = Room(database, actor, clock or SystemClock())
        refuse_running(room, file)
        with proven(source, file.parent) as found, closing(Occupancy.alone(file.parent)):
            notes = _prepare(found, room, source, _known_of(database, file), folder)
            database.close()  # nobody, not even this process, may hold it now
            replaced = swap(found.file, file, folder.backups, room.now())
    if replaced is not None:
        notes += _tidy(folder)
    backup = replace(look_at(source), schema=found.schema, tables=found.tables, is_verified=True)
    return Restored(backup, replaced, tuple(notes))


def refuse_running(room: Room, file: Path) -> None:
    """Refuse while an engine runs; of a database that does not open nobody can say."""
    if not file.exists():
        return
    with suppress(StoreError):
        alive = [program for program in ProgramDesk(room).list() if program.is_alive]
        if alive:
            pids = ", ".join(str(program.pid) for program in alive)
            raise ConfigError(
                f"an engine runs on this data folder (process {pids}): stop it first with "
                "`cts-tui stop`; nothing was changed"
            )


def _known_of(database: Database, file: Path) -> _Present:
    if not file.exists():
        return _Present()
    try:
        with database.read() as transaction:
            key = key_row(transaction)
            return _Present(
                bool(setting_rows.get(transaction, setting_rows.KILL_SWITCH)),
                setting_rows.get(transaction, setting_rows.STORE_ID),
                None if key is None else key.key_id,
            )
    except (StoreError, LockedError):  # it is what is to be mended
        return _Present()


def _prepare(
    found: Proven, room: Room, source: Path, present: _Present, folder: DataFolder
) -> list[str]:
    """Settle what must not come back; return a line for each thing the trader should know."""
    store = Database.at(found.file)
    with closing(store):
        notes = settle(
            store,
            now=room.now(),
            who=room.actor,
            source=source.name,
            is_killed=present.is_killed,
        )
        with store.read() as transaction:
            store_id = setting_rows.get(transaction, setting_rows.STORE_ID)
        if present.store_id is not None and present.store_id != store_id:
            notes.append("it is the store of another data folder")
        return notes + _about_secrets(store, found, present, folder.root)


def _about_secrets(store: Database, found: Proven, present: _Present, data_root: Path) -> list[str]:
    """Say whether what is encrypted in a backup opens with the key that there is now."""
    count = found.tables.get("credentials", 0) + found.tables.get("alert_targets", 0)
    if not count:
        return []
    try:
        with store.read() as transaction:
            key = key_row(transaction)
        if key is not None and key.source is KeySource.PASSPHRASE:
            is_same = key.key_id == present.key_id
            return [] if is_same else ["its credentials open with the passphrase of that time"]
        Vault(store, data_root=data_root).opened()
    except LockedError:
        return [
            "its credentials do not open with the key that there is now: put the one of that time "
            "back, or start over with: cts-tui secrets use SOURCE --forget"
        ]
    return []


def _tidy(folder: DataFolder) -> list[str]:
    """Keep the last replaced databases; return a line where that could not be done."""
    try:
        keep_newest(folder.backups, BackupReason.REPLACED, load_settings().backup_keep_others)
    except CtsError as error:
        return [str(error)]
    return []
