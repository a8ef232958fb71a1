"""Mending a store, from a process that has no desk open on it: it may be one that does not open."""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from cts_tui.clock import Clock, SystemClock
from cts_tui.desk.backups import backups_in
from cts_tui.desk.desk import open_database
from cts_tui.desk.gone import lost_log, refuse_afresh
from cts_tui.desk.restoring import refuse_running, restore_backup
from cts_tui.desk.room import Room
from cts_tui.desk.salvaging import Patient, put_back, salvage
from cts_tui.errors import ConfigError, DamagedError
from cts_tui.model.backup import BackupReason, Restored
from cts_tui.model.repair import RepairReport
from cts_tui.model.trading import Actor, EventKind
from cts_tui.model.verification import Consent
from cts_tui.paths import DataFolder
from cts_tui.store import running_sums
from cts_tui.store.backup import make_backup, sqlite_file
from cts_tui.store.occupancy import Occupancy
from cts_tui.store.repair.apply import apply_repairs, unguarded_write


class _NothingKeptError(Exception):
    """Ends a trial: its transaction is rolled back."""


def plan_repair(
    folder: DataFolder, actor: Actor, *, with_trading: bool, clock: Clock | None = None
) -> RepairReport:
    """Return what a repair would do, by doing it in a transaction that is rolled back.

    Of a damaged file, what can be read of it is put into a new one, which is thrown away. Raises
    ConfigError or StoreError where the store is in use, or not there.
    """
    return _plan_or_salvage(folder, actor, clock, with_trading=with_trading, is_trial=True)


def _plan_or_salvage(
    folder: DataFolder, actor: Actor, clock: Clock | None, *, with_trading: bool, is_trial: bool
) -> RepairReport:
    """Salvage a damaged file, else plan what to mend; both, where the file is worse than it looks.

    A row whose entry in an index is damaged cannot be changed.
    """
    with closing(open_database(folder)) as database:
        file = sqlite_file(database).resolve()
        room = Room(database, actor, clock or SystemClock())
        patient = Patient(folder, file, room, _consents(with_trading))
        salvaged = salvage(patient, is_trial=is_trial)
        if salvaged is not None:
            return salvaged
        try:
            return _plan(folder, actor, clock, with_trading=with_trading)
        except DamagedError:
            salvaged = salvage(patient, is_trial=is_trial, with_indexes=True)
            if salvaged is None:
                raise
            return salvaged


def _plan(
    folder: DataFolder, actor: Actor, clock: Clock | None, *, with_trading: bool
) -> RepairReport:
    with _alone(folder, actor, clock) as (room, said):
        found: list[RepairReport] = []
        with suppress(_NothingKeptError), unguarded_write(room.database) as transaction:
            now_ms = room.clock.now_ms()
            done, notes, left = apply_repairs(transaction, now_ms, _consents(with_trading))
            notes = [*said, *notes]
            found.append(RepairReport(now_ms, tuple(done), None, tuple(left), tuple(notes)))
            raise _NothingKeptError
        return found[0]


def repair(
    folder: DataFolder, actor: Actor, *, with_trading: bool, clock: Clock | None = None
) -> RepairReport:
    """Mend what may be mended, in one transaction, after a verified backup.

    Orders, fills and positions are mended only `with_trading`. What has to go is kept whole in the
    table quarantine. Of a damaged file, what can be read of it is put into a new one, which takes
    its place; it is kept. Raises ConfigError or StoreError where that cannot be done: nothing is
    changed then.
    """
    planned = _plan_or_salvage(folder, actor, clock, with_trading=with_trading, is_trial=False)
    if planned.salvage is not None or not any(deed.is_done for deed in planned.deeds):
        return planned
    with _alone(folder, actor, clock) as (room, _):
        backup = make_backup(
            room.database, folder.backups, reason=BackupReason.BEFORE_REPAIR, now=room.now()
        )
        with unguarded_write(room.database) as transaction:
            now_ms = room.clock.now_ms()
            done, notes, left = apply_repairs(transaction, now_ms, _consents(with_trading))
            running_sums.forget(transaction)
            for deed in done:
                if deed.is_done:
                    room.tell(transaction, EventKind.STORE, "database", f"repaired: {deed.line}")
    notes = list(dict.fromkeys((*planned.notes, *notes)))
    return RepairReport(now_ms, tuple(done), backup.file, tuple(left), tuple(notes))


def undo_repair(folder: DataFolder, actor: Actor, clock: Clock | None = None) -> Restored:
    """Put back what was there before the last repair; the database that it replaces is kept.

    That is its backup, or the damaged file, byte for byte. Raises ConfigError where there is none,
    and as a restore does.
    """
    reasons = (BackupReason.BEFORE_REPAIR, BackupReason.DAMAGED)
    before = [one for one in backups_in(folder) if one.reason in reasons]
    if not before:
        raise ConfigError(
            f"there is no repair to undo: no backup of before one lies in {folder.backups}"
        )
    if before[0].reason == BackupReason.DAMAGED:
        with _alone(folder, actor, clock) as (room, _):
            file = sqlite_file(room.database).resolve()
            room.database.close()  # nobody, not even this process, may hold it now
            return put_back(file, room, before[0])
    return restore_backup(folder, before[0].file.name, actor, clock)


def _consents(with_trading: bool) -> set[Consent]:  # noqa: FBT001 - one word, one argument
    given = {Consent.NONE, Consent.REPAIR}
    return given | {Consent.TRADING} if with_trading else given


@contextmanager
def _alone(
    folder: DataFolder, actor: Actor, clock: Clock | None
) -> Iterator[tuple[Room, list[str]]]:
    """Lend the store while nobody else has it open, and what was seen before it was opened."""
    database = open_database(folder)
    with closing(database):
        file: Path = sqlite_file(database).resolve()
        refuse_afresh(file, folder)
        if not file.exists():
            raise ConfigError(f"there is no database {file} to repair; `cts-tui` makes a new one")
        said = [line for line in (lost_log(file),) if line]
        room = Room(database, actor, clock or SystemClock())
        refuse_running(room, file)
        with closing(Occupancy.alone(file.parent)):
            yield room, said
