"""What SQLite says of a file, without a byte of it or beside it being changed."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from cts_tui.store.database import explained
from cts_tui.store.restore import second_name, with_sides
from cts_tui.store.scratch import scratch_folder
from cts_tui.store.snapshot import READ_ONLY, opened
from cts_tui.store.verify.damage import file_faults, is_index_fault, is_passing

_OWN_TO_PROGRAMS: Final = "-shm"


def faults_of(file: Path, *, with_indexes: bool = False) -> list[str]:
    """Return what SQLite finds damaged in a file, with the log beside it; nothing of a sound one.

    Indexes that do not fit their tables are no damage of the file, unless `with_indexes`. Raises
    StoreError where it cannot be looked at now.
    """
    with explained(f"sqlite:///{file}"), _looked_at(file) as copy:
        try:
            with opened(copy, READ_ONLY) as connection:
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
                found = file_faults(connection, None)
        except sqlite3.DatabaseError as error:
            if is_passing(error):
                raise
            return [str(error)]
        except UnicodeDecodeError as error:
            return [error.object.decode("utf-8", "replace")]
    return [one for one in found if with_indexes or not is_index_fault(one)]


@contextmanager
def _looked_at(file: Path) -> Iterator[Path]:
    """Lend second names of a file and its log: what SQLite puts beside them is not beside it.

    A connection that only reads brings no log into its file, and removes none.
    """
    with scratch_folder(file.parent) as scratch:
        for path in with_sides(file):
            if path.exists() and not path.name.endswith(_OWN_TO_PROGRAMS):
                second_name(path, scratch / path.name)
        yield scratch / file.name


def has_lost_log(file: Path) -> bool:
    """Return whether the log of a file was taken away: what SQLite makes beside it lies alone.

    Where both are gone nothing tells: an orderly end leaves neither.
    """
    log, index = (file.with_name(file.name + end) for end in ("-wal", _OWN_TO_PROGRAMS))
    return index.exists() and not log.exists()


def has_log(file: Path) -> bool:
    """Return whether a log with anything in it lies beside a file."""
    with suppress(OSError):
        return file.with_name(f"{file.name}-wal").stat().st_size > 0
    return False
