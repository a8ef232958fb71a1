"""Putting a backup in the place of the database: proved beside it, then swapped by one rename.

Killed at any moment, the database is the old one or the new one, whole: the old one is first freed
of its log (which would else be played into the new one) and kept by a second name.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cts_tui.errors import StoreError
from cts_tui.store.backup_file import read_manifest, unpack
from cts_tui.store.backup_folder import SIDE_FILES, is_named_as_ours, replaced_name
from cts_tui.store.database import Database, explained, is_of_damage
from cts_tui.store.migrating import known_schemas
from cts_tui.store.schema import missing_columns
from cts_tui.store.scratch import NoRoom, Watch, scratch_folder, sync_file, sync_folder
from cts_tui.store.snapshot import (
    READ_ONLY,
    READ_WRITE,
    UNTOUCHED,
    Counts,
    copy_database,
    count_rows,
    opened,
    schema_of,
    structural_faults,
)
from cts_tui.store.tables import METADATA
from cts_tui.store.version import HEAD

_LOCK_WAIT_S: Final = 1.0
_FAULTS_TOLD: Final = 2
_GZIP: Final = b"\x1f\x8b"
_SQLITE: Final = b"SQLite format 3\0"
_LOST: Final = frozenset((sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_IOERR))
"""What SQLite says of a file whose log cannot be brought into it any more."""
_MOST_PER_SECOND: Final = 100


@dataclass(frozen=True, slots=True)
class Proven:
    """A database out of a backup, that is sound and ours."""

    file: Path
    """Where it lies unpacked, beside the place where it belongs."""
    schema: str
    tables: Counts
    """Rows by table."""


@contextmanager
def proven(source: Path, beside: Path) -> Iterator[Proven]:
    """Unpack a backup, `.db` or gzip, in a scratch folder within `beside`, and prove it whole.

    Raises StoreError with one line that says what is wrong with it; nothing is changed then.
    """
    with ExitStack() as stack:
        with _refusals(source):
            scratch = stack.enter_context(scratch_folder(beside))
            found = scratch / "proven.db"
            _unpack(source, found, Watch(beside))
            with opened(found, READ_WRITE) as connection:
                connection.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
                schema, tables = _prove(connection)
            if schema == HEAD:
                _prove_columns(found)
        yield Proven(found, schema, tables)


def swap(new: Path, database: Path, backups: Path, now: datetime) -> Path | None:
    """Put the database in `new` in the place of `database`, which is kept in `backups`.

    Returns where the replaced one is, None where there was none. The caller has the folder alone.
    Raises StoreError where another program holds it open; nothing is changed then.
    """
    kept = None
    try:
        sync_file(new)
        with _let_go_of(database):
            present = [path for path in with_sides(database) if path.exists()]
            kept = keep(present, database, free_name(backups, now, replaced_name))
            put_in_place(new, database)
    except OSError as error:
        told = f"what was there is {kept}" if kept else "nothing was changed"
        raise StoreError(
            f"the database {database} cannot be replaced: {error.filename or database}: "
            f"{error.strerror or error}; {told}"
        ) from error
    return kept


def _unpack(source: Path, target: Path, watch: Watch) -> None:
    with source.open("rb") as file:
        head = file.read(len(_SQLITE))
    size = source.stat().st_size
    if not head:
        raise StoreError("it is empty")
    if head.startswith(_GZIP):
        manifest = read_manifest(source)
        if manifest is None and is_named_as_ours(source):
            raise StoreError(
                "it does not say what it holds, so it is damaged; one that you have packed "
                "yourself needs another name"
            )
        watch.require(size if manifest is None else manifest.database_bytes)
        unpack(source, target, watch.check)
    elif head == _SQLITE:
        watch.require(size)
        log = source.with_name(source.name + "-wal")
        copy_database(source, target, watch, READ_ONLY if log.exists() else UNTOUCHED)
    else:
        raise StoreError("it is neither a gzip file nor a SQLite database")


def _prove(connection: sqlite3.Connection) -> tuple[str, Counts]:
    """Return schema and rows of a database that is sound and ours. Raises StoreError."""
    faults = structural_faults(connection)
    if faults:
        raise StoreError(f"the database in it is damaged ({'; '.join(faults[:_FAULTS_TOLD])})")
    tables = count_rows(connection)
    schema = schema_of(connection)
    if schema is None or METADATA.tables.keys().isdisjoint(tables):
        raise StoreError("the database in it is none of cts-tui")
    if schema not in known_schemas():
        raise StoreError(
            f"it was written by a newer cts-tui (schema {schema}, this one knows up to {HEAD}): "
            "update cts-tui"
        )
    return schema, tables


def _prove_columns(file: Path) -> None:
    database = Database.at(file)
    try:
        with database.read() as transaction:
            lost = missing_columns(transaction)
    finally:
        database.close()
    if lost:
        raise StoreError(f"the database in it lacks {', '.join(lost)}")


@contextmanager
def _let_go_of(database: Path) -> Iterator[None]:
    """Bring the log of a database into its file, and keep every other program off meanwhile.

    Of a file that is no database any more, nothing can be brought in.
    """
    if not database.exists():
        yield
        return
    if not os.access(database, os.R_OK | os.W_OK):
        database.chmod(0o600)
    with explained(f"sqlite:///{database}"), ExitStack() as stack:
        try:
            connection = stack.enter_context(opened(database, READ_WRITE, _LOCK_WAIT_S))
            connection.execute("PRAGMA journal_mode=DELETE")  # refused while anyone has it open
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF not in _LOST:
                raise
        except UnicodeDecodeError as error:
            if not is_of_damage(error):
                raise
        yield


def free_name(backups: Path, now: datetime, named: Callable[[datetime, int], str]) -> Path:
    """Return a name in `backups` that no file has yet. Raises StoreError."""
    for number in range(1, _MOST_PER_SECOND):
        name = backups / named(now, number)
        if not any(path.exists() for path in with_sides(name)):
            return name
    raise StoreError(f"{_MOST_PER_SECOND} were replaced in this second already: wait a moment")


def keep(present: list[Path], database: Path, kept: Path) -> Path | None:
    """Give the files of a database second names, beginning with `kept`; None where none is there.

    Raises OSError.
    """
    if not present:
        return None
    kept.parent.mkdir(mode=0o700, exist_ok=True)
    for path in present:
        second_name(path, kept.with_name(kept.name + path.name[len(database.name) :]))
    sync_folder(kept.parent)
    return kept


def put_in_place(new: Path, database: Path) -> None:
    """Rename a file to the database; what lies beside that goes first. Raises OSError.

    A log that is left would be played into the new file.
    """
    for side in with_sides(database):
        if side != database:
            side.unlink(missing_ok=True)
    sync_folder(database.parent)
    new.rename(database)
    sync_folder(database.parent)


def second_name(file: Path, target: Path) -> None:
    """Have a file under a second name as well; where that cannot be, a copy of it."""
    try:
        os.link(file, target)
    except OSError:  # another disk, or a file system without links
        with scratch_folder(target.parent) as scratch:
            copy = scratch / target.name
            shutil.copyfile(file, copy)
            copy.chmod(0o600)
            sync_file(copy)
            copy.rename(target)


def with_sides(database: Path) -> list[Path]:
    """Return a database's file and those that may lie beside it."""
    return [database.with_name(database.name + end) for end in ("", *SIDE_FILES)]


@contextmanager
def _refusals(source: Path) -> Iterator[None]:
    """Say in one line why a backup cannot be used."""
    try:
        yield
    except NoRoom as error:
        raise NoRoom(f"{source} cannot be unpacked: {error}") from error
    except StoreError as error:
        reason = str(error)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        reason = f"the database in it cannot be read ({error})"
    except OSError as error:
        reason = f"{error.filename or source}: {error.strerror or error}"
    else:
        return
    raise StoreError(f"{source} is no backup that can be used: {reason}; nothing was changed")
