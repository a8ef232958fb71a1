"""Salvage of a damaged database file, from a process that has no desk open on it."""

from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from cts_tui.desk.backups import backups_in
from cts_tui.desk.restoring import refuse_running
from cts_tui.desk.room import Room
from cts_tui.errors import CtsError, StoreError
from cts_tui.model.backup import Backup, BackupReason, Restored
from cts_tui.model.repair import RepairReport
from cts_tui.model.salvage import NewestBackup, Salvage
from cts_tui.model.trading import EventKind
from cts_tui.model.verification import Consent
from cts_tui.paths import DataFolder
from cts_tui.settings import load_settings
from cts_tui.store.backup_folder import AS_THEY_WERE, keep_newest
from cts_tui.store.database import Database, explained
from cts_tui.store.occupancy import Occupancy
from cts_tui.store.salvage.exchange import (
    held_alone,
    name_for,
    put_damaged_back,
    replace_damaged,
    settle_exchange,
)
from cts_tui.store.salvage.looking import faults_of, has_log
from cts_tui.store.salvage.pages import PageFile
from cts_tui.store.salvage.rebuilding import Rebuilt, rebuild_store
from cts_tui.store.scratch import scratch_folder


@dataclass(frozen=True, slots=True)
class Patient:
    """A database file that may be damaged, and who asks for it."""

    folder: DataFolder
    file: Path
    room: Room
    consents: Collection[Consent]


def salvage(patient: Patient, *, is_trial: bool, with_indexes: bool = False) -> RepairReport | None:
    """Make a new store of what can be read of a damaged file; None where the file is sound.

    A trial changes nothing. `with_indexes`: indexes that do not fit are damage too. Raises
    StoreError where somebody has the file open, where nothing can be read of it, or the disk is too
    full: nothing is changed then.
    """
    file = patient.file
    if not file.exists() or (not file.stat().st_size and not has_log(file)):
        return None
    with ExitStack() as stack:
        stack.enter_context(_explained(file))
        stack.enter_context(closing(_alone(patient)))
        settle_exchange(file, patient.folder.backups)
        faults = faults_of(file, with_indexes=with_indexes)
        if not faults:
            return None
        descriptor = stack.enter_context(held_alone(file))
        scratch = stack.enter_context(scratch_folder(file.parent))
        now_ms = patient.room.clock.now_ms()
        rebuilt = rebuild_store(
            PageFile(descriptor, file),
            scratch,
            faults=faults,
            backup=_newest_backup(patient.folder),
            consents=patient.consents,
            now_ms=now_ms,
        )
        kept = None if is_trial else _exchange(patient, rebuilt)
    notes = rebuilt.notes if kept is None else (*rebuilt.notes, *_tidy(patient.folder))
    return RepairReport(
        at_ms=now_ms,
        deeds=rebuilt.deeds,
        backup=None,
        remaining=rebuilt.remaining,
        notes=notes,
        salvage=replace(rebuilt.salvage, kept=kept),
    )


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    """Say in one line why a damaged file cannot be worked on."""
    try:
        with explained(f"sqlite:///{file}"):
            yield
    except OSError as error:
        raise StoreError(
            f"the database {file} cannot be salvaged: {error.filename or file}: "
            f"{error.strerror or error}; nothing was changed"
        ) from error


def _alone(patient: Patient) -> Occupancy:
    """Have the folder alone. Raises ConfigError or StoreError where somebody uses it."""
    try:
        return Occupancy.alone(patient.file.parent)
    except StoreError:
        refuse_running(patient.room, patient.file)
        raise


def put_back(file: Path, room: Room, kept: Backup) -> Restored:
    """Put a damaged file back that was salvaged, byte for byte. Raises StoreError.

    The caller has the folder alone.
    """
    replaced = put_damaged_back(kept.file, file, room.now())
    return Restored(replace(kept, file=file), replaced, ("it is damaged, as it was before",))


def _exchange(patient: Patient, rebuilt: Rebuilt) -> Path:
    """Have the new store tell of its making, and take the place of the damaged file."""
    kept = name_for(patient.folder.backups, patient.room.now())
    room = Room(Database.at(rebuilt.file), patient.room.actor, patient.room.clock)
    with closing(room.database), room.database.write() as transaction:
        room.tell(transaction, EventKind.STORE, "database", _told(rebuilt.salvage, kept))
        for note in rebuilt.salvage.notes:
            room.tell(transaction, EventKind.STORE, "database", f"salvaged: {note}")
        for deed in rebuilt.deeds:
            if deed.is_done:
                room.tell(transaction, EventKind.STORE, "database", f"repaired: {deed.line}")
    replace_damaged(rebuilt.file, patient.file, kept)
    return kept


def _told(found: Salvage, kept: Path) -> str:
    lost = ", ".join(f"{one.table} {one.lost_words}" for one in found.incomplete) or "nothing"
    return (
        f"salvaged {found.recovered:,} rows of a damaged file, which is kept as {kept.name}; "
        f"lost: {lost}"
    )


def _newest_backup(folder: DataFolder) -> NewestBackup | None:
    """Return the newest backup that looks whole; of none where the folder cannot be read."""
    for one in backups_in(folder):
        if one.is_verified and one.reason not in AS_THEY_WERE and one.tables:
            return NewestBackup(one.file, one.made_at, one.tables)
    return None


def _tidy(folder: DataFolder) -> list[str]:
    """Keep the last damaged files; return a line where that could not be done."""
    try:
        keep_newest(folder.backups, BackupReason.DAMAGED, load_settings().backup_keep_others)
    except CtsError as error:
        return [str(error)]
    return []
