"""A salvaged store takes the place of the damaged file, which is kept as it is, and back again.

Killed at any moment, the one or the other is there, and the next program that opens the folder puts
right what was between two steps: a log that was taken from beside its file goes back to it.
"""

import errno
import fcntl
import filecmp
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from cts_tui.errors import StoreError
from cts_tui.store.backup_folder import damaged_name
from cts_tui.store.restore import free_name, keep, put_in_place, second_name, swap, with_sides
from cts_tui.store.scratch import new_file, scratch_folder, sync_file, sync_folder

_MARK: Final = ".replacing"
_LOCKED_BYTES: Final = 512
_FIRST_LOCKED: Final = 0x40000000
"""Where SQLite locks a file: section 1.1 of https://www.sqlite.org/lockingv3.html."""


@contextmanager
def held_alone(file: Path) -> Iterator[int]:
    """Open a file and keep every program off that would open it with SQLite; yield the descriptor.

    Raises StoreError where one has it open.
    """
    try:
        descriptor = os.open(file, os.O_RDWR)
    except OSError as error:
        raise StoreError(
            f"the database {file} cannot be opened: {error.strerror or error}; make it readable "
            "and writable for this user"
        ) from error
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, _LOCKED_BYTES, _FIRST_LOCKED)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            os.close(descriptor)
            raise StoreError(
                f"the database {file} is open in another program: end it first; nothing was changed"
            ) from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def name_for(backups: Path, now: datetime) -> Path:
    """Return where a damaged file is to be kept. Raises StoreError."""
    return free_name(backups, now, damaged_name)


def replace_damaged(new: Path, database: Path, kept: Path) -> None:
    """Put a sound store in the place of a damaged file, which is kept with all that lies beside it.

    The caller has the folder and the file alone. Raises StoreError.
    """
    with _explained(database, kept):
        sync_file(new)
        with _marked(database, kept):
            keep([path for path in with_sides(database) if path.exists()], database, kept)
            for path in with_sides(kept):
                if path.exists():
                    path.chmod(0o600)
            put_in_place(new, database)


def put_damaged_back(kept: Path, database: Path, now: datetime) -> Path | None:
    """Put a damaged file that was kept back in its place, byte for byte, with what lay beside it.

    Returns where the database is kept that it replaces. Raises StoreError.
    """
    with _explained(database, kept), scratch_folder(database.parent) as scratch:
        for path in with_sides(kept):
            if path.exists():
                second_name(path, scratch / path.name)
        with _marked(database, kept):
            replaced = swap(scratch / kept.name, database, kept.parent, now)
            _move_sides(scratch / kept.name, database)
            _forget(kept)
    return replaced


def is_marked(database: Path) -> bool:
    """Return whether a program was killed while it exchanged a database."""
    return database.with_name(_MARK).exists()


def settle_exchange(database: Path, backups: Path) -> str:
    """Finish or take back what a killed program has begun; return a line where there was any.

    Raises StoreError.
    """
    mark = database.with_name(_MARK)
    try:
        kept = backups / mark.read_text().strip()
    except FileNotFoundError:
        return ""
    with _explained(database, kept):
        if kept.exists() and not _is_same(kept, database):
            mark.unlink(missing_ok=True)  # the new one is in its place
            return f"a repair that was killed was over but for its end: {kept} is kept"
        _move_sides(kept, database)
        _forget(kept)
        mark.unlink(missing_ok=True)
        sync_folder(database.parent)
    return "a repair that was killed has changed nothing: the damaged file is as it was"


def _is_same(kept: Path, database: Path) -> bool:
    """Return whether the database is the damaged file still, by its other name or by its bytes."""
    return database.exists() and (
        kept.samefile(database) or filecmp.cmp(kept, database, shallow=False)
    )


def _move_sides(source: Path, database: Path) -> None:
    """Put what lay beside a kept file beside the database, where it is not there yet."""
    for side, place in zip(with_sides(source), with_sides(database), strict=True):
        if side != source and side.exists() and not place.exists():
            second_name(side, place)
    sync_folder(database.parent)


def _forget(kept: Path) -> None:
    """Remove what was kept: it is in its place again. The file itself goes last."""
    for path in reversed(with_sides(kept)):
        path.unlink(missing_ok=True)


@contextmanager
def _marked(database: Path, kept: Path) -> Iterator[None]:
    """Leave a mark for whoever comes after a kill; it is gone when all is done."""
    mark = database.with_name(_MARK)
    mark.unlink(missing_ok=True)
    descriptor = new_file(mark)
    with os.fdopen(descriptor, "w") as file:
        file.write(kept.name)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(database.parent)
    is_done = False
    try:
        yield
        is_done = True
    finally:
        if is_done:
            mark.unlink()
            sync_folder(database.parent)
        else:
            settle_exchange(database, kept.parent)


@contextmanager
def _explained(database: Path, kept: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"the database {database} cannot be replaced: {error.filename or database}: "
            f"{error.strerror or error}; what was there is at its place or {kept}"
        ) from error
