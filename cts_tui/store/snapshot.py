"""A consistent copy of a SQLite file while others write to it, and the check that it is sound.

The source is read in one transaction: every step of the copy sees the same state, which no writer
waits for nor restarts (the write-ahead log keeps what they write meanwhile).
"""

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from cts_tui.errors import StoreError
from cts_tui.store.database import SALVAGE_ADVICE
from cts_tui.store.scratch import Watch, new_file

_PAGES_PER_STEP: Final = 256
_STEPS_PER_CHECK: Final = 8
_OPERATIONS_PER_CHECK: Final = 100_000
"""About 30 ms of a check."""
_BUSY_TIMEOUT_S: Final = 5.0
_FAULTS_TOLD: Final = 3
_FAULTY_VALUE: Final = re.compile(r"(NULL|TEXT|NUMERIC|non-\w+) value in |CHECK constraint failed")
"""What `integrity_check` says of a value that the schema forbids: the file itself is sound."""

READ_WRITE: Final = "rw"
READ_ONLY: Final = "ro"
UNTOUCHED: Final = "ro&immutable=1"
"""For a file that nobody writes to and that has no log: nothing is made beside it, not even for a
moment."""

Counts = dict[str, int]
"""Rows by table."""


@contextmanager
def opened(
    file: Path, mode: str = READ_ONLY, timeout_s: float = _BUSY_TIMEOUT_S
) -> Iterator[sqlite3.Connection]:
    """Open a SQLite file that must be there; transactions are the caller's to begin."""
    with closing(
        sqlite3.connect(
            f"file:{quote(str(file))}?mode={mode}",
            uri=True,
            isolation_level=None,
            timeout=timeout_s,
        )
    ) as connection:
        yield connection


def copy_database(source: Path, target: Path, watch: Watch, mode: str = READ_WRITE) -> Counts:
    """Copy one state of `source` into the new file `target`; return the rows of that state.

    Raises sqlite3.Error, OSError, and what `watch` raises.
    """
    steps = 0

    def on_step(_status: int, _remaining: int, _total: int) -> None:
        nonlocal steps
        steps += 1
        if not steps % _STEPS_PER_CHECK:
            watch.check()

    with opened(source, mode) as reading:
        reading.execute("PRAGMA query_only=ON")
        reading.execute("BEGIN")
        with _watched(reading, watch):
            counts = count_rows(reading)  # the first read chooses the state
        os.close(new_file(target))
        with closing(sqlite3.connect(target)) as writing:
            writing.execute("PRAGMA journal_mode=OFF")  # nobody needs it back half-way
            writing.execute("PRAGMA synchronous=OFF")  # what is kept of it is synced at its end
            reading.backup(writing, pages=_PAGES_PER_STEP, progress=on_step)
        reading.execute("ROLLBACK")
    return counts


@contextmanager
def _watched(connection: sqlite3.Connection, watch: Watch) -> Iterator[None]:
    """Have `watch` asked while a long statement runs. Raises what it raises."""
    raised: list[StoreError] = []

    def is_to_end() -> int:
        try:
            watch.check()
        except StoreError as error:  # SQLite would swallow it
            raised.append(error)
        return len(raised)

    connection.set_progress_handler(is_to_end, _OPERATIONS_PER_CHECK)
    try:
        yield
    except sqlite3.OperationalError:
        if raised:
            raise raised[0] from None
        raise
    finally:
        connection.set_progress_handler(None, 0)


def verify_copy(file: Path, expected: Counts, watch: Watch) -> None:
    """Check every page of a copy, and that it has the rows of its source.

    Raises StoreError where it has not, sqlite3.Error where it cannot be read, and what `watch`
    raises.
    """
    with opened(file) as connection, _watched(connection, watch):
        faults = structural_faults(connection)
        counts = count_rows(connection)
    if faults:
        told = "; ".join(faults[:_FAULTS_TOLD])
        raise StoreError(f"the database is damaged ({told}); {SALVAGE_ADVICE}")
    if counts != expected:
        raise StoreError("the copy does not have the rows of the database: try again")


def structural_faults(connection: sqlite3.Connection) -> list[str]:
    """Return what `integrity_check` says is wrong with the file; impossible values are not."""
    told = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
    lines = [line for text in told for line in text.splitlines()]
    return [line for line in lines if line != "ok" and not _FAULTY_VALUE.match(line)]


def count_rows(connection: sqlite3.Connection) -> Counts:
    """Return the rows of every table. Raises sqlite3.Error."""
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
        "ORDER BY name"
    ).fetchall()
    return {name: _count(connection, name) for (name,) in names}


def _count(connection: sqlite3.Connection, table: str) -> int:
    quoted = table.replace('"', '""')
    query = f'SELECT count(*) FROM "{quoted}"'  # noqa: S608 - a name cannot be a parameter
    return int(connection.execute(query).fetchone()[0])


def schema_of(connection: sqlite3.Connection) -> str | None:
    """Return the schema a store has, None where it is none of ours."""
    try:
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:  # no such table
        return None
    return None if found is None else str(found[0])
