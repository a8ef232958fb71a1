"""The database itself: connections, pragmas, transactions, and errors in plain words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, create_engine, event, make_url
from sqlalchemy.exc import StatementError

from cts_tui.errors import DamagedError, StoreError

Transaction = Connection
"""What `read()` and `write()` yield, and what every query of the store takes first."""

BUSY_TIMEOUT_MS: Final = 5_000
_WRITE: Final = "cts_write"


class Database:
    """A store at one URL, built once and passed in. Thread-safe.

    `read()` sees one consistent state; `write()` holds the write lock from its first moment, so
    what it reads cannot change before it writes.
    """

    def __init__(self, url: str, *, wait_ms: int = BUSY_TIMEOUT_MS) -> None:
        """`wait_ms` is how long it waits for another program that holds a lock."""
        self.url = url
        self._held: tuple[int, int] | None = None
        self._engine = create_engine(url)
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "do_connect", self._refuse_another_file)
            event.listen(self._engine, "connect", partial(_configure_sqlite, wait_ms))
            event.listen(self._engine, "begin", _begin_sqlite)

    @classmethod
    def at(cls, file: Path, *, wait_ms: int = BUSY_TIMEOUT_MS) -> "Database":
        """Return the SQLite database in `file`."""
        return cls(f"sqlite:///{file}", wait_ms=wait_ms)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Open a transaction that only reads. Raises StoreError."""
        with explained(self.url), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Open a transaction that writes: committed at the end, rolled back on an exception.

        Raises StoreError when the database is locked, full, read-only or damaged.
        """
        with explained(self.url), self._engine.connect() as connection:
            connection.execution_options(**{_WRITE: True})
            with connection.begin():
                yield connection

    @contextmanager
    def rebuild(self) -> Iterator[Transaction]:
        """Open a writing transaction in which tables may be dropped and made anew.

        SQLite deletes what refers to the rows of a table that is dropped; not here. Raises
        StoreError, and rolls back, where that leaves references to what is no longer there.
        """
        with explained(self.url), self._engine.connect() as connection:
            connection.execution_options(**{_WRITE: True})
            raw: Any = connection.connection.driver_connection
            if self.is_sqlite:
                raw.execute("PRAGMA foreign_keys=OFF")  # of no effect within a transaction
            try:
                with connection.begin():
                    dangling = self._dangling(raw)
                    yield connection
                    if self._dangling(raw) > dangling:
                        raise StoreError(
                            "rows would have lost what they belong to; nothing was changed"
                        )
            finally:
                if self.is_sqlite:
                    raw.execute("PRAGMA foreign_keys=ON")

    def _dangling(self, raw: Any) -> int:
        """Return how many references lead to nothing; elsewhere the database itself refuses."""
        return len(raw.execute("PRAGMA foreign_key_check").fetchall()) if self.is_sqlite else 0

    def connect(self) -> Connection:
        """Return a connection of its own to whoever keeps it (the journal, a watcher)."""
        with explained(self.url):
            return self._engine.connect().execution_options(**{_WRITE: True})

    def keep_wal(self) -> None:
        """Have the SQLite file keep a write-ahead log: readers and the writer do not wait.

        It stays with the file, so only whoever has made sure that the file is ours may ask.
        """
        if not self.is_sqlite:
            return
        with explained(self.url), self._engine.connect() as connection:
            raw = connection.connection.driver_connection
            if raw is not None and raw.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                raw.execute("PRAGMA journal_mode=WAL")

    def hold(self) -> None:
        """Have new connections lead to the file of now alone, until `let_go`.

        SQLite would begin an empty file where it was deleted: a second truth beside the open one.
        """
        self._held = file_identity(self.file)

    def let_go(self) -> None:
        """Let new connections lead to whatever the path leads to."""
        self._held = None

    @property
    def is_elsewhere(self) -> bool:
        """Whether the path does not lead to the file that is held any more."""
        return self._held is not None and file_identity(self.file) != self._held

    def _refuse_another_file(self, *_: object) -> None:
        if self.is_elsewhere:
            raise StoreError(f"the database {self.file} was deleted or replaced under this program")

    @property
    def is_sqlite(self) -> bool:
        """Whether the store is the local SQLite file."""
        return self._engine.dialect.name == "sqlite"

    @property
    def file(self) -> Path | None:
        """The SQLite file, None where the store is another database."""
        name = make_url(self.url).database
        return Path(name) if self.is_sqlite and name else None

    def close(self) -> None:
        """Close every pooled connection."""
        self._engine.dispose()


def file_identity(file: Path | None) -> tuple[int, int] | None:
    """Return which file a path leads to now: device and inode; None where to none."""
    try:
        found = file.stat() if file else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found else None


def is_writing(transaction: Transaction) -> bool:
    """Return whether a transaction may write."""
    return bool(transaction.get_execution_options().get(_WRITE, False))


def _configure_sqlite(wait_ms: int, connection: Any, _record: Any) -> None:
    """Set up a new SQLite connection; transactions are begun by us, not by the driver."""
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout={wait_ms}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA synchronous=NORMAL")
    finally:
        cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Begin a transaction; writers take the lock at once instead of failing half-way."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing(connection) else "BEGIN")


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Turn a driver's error into a StoreError that says what happened and what to do."""
    try:
        yield
    except (StatementError, sqlite3.Error) as error:
        reason = str(error.orig if isinstance(error, StatementError) else error)
        kind = DamagedError if "malformed" in reason else StoreError
        raise kind(_explain(reason, url)) from error
    except UnicodeDecodeError as error:
        if not is_of_damage(error):
            raise
        raise DamagedError(_explain("malformed", url)) from error


def is_of_damage(error: UnicodeDecodeError) -> bool:
    """Return whether SQLite's driver has failed to read what SQLite said of a damaged file.

    Its message quotes the file, and the driver takes it for UTF-8.
    """
    return b"malformed" in error.object


REPAIR_ADVICE: Final = "cts-tui repair --dry-run says what can be mended"
RESTORE_ADVICE: Final = "put a backup back: cts-tui backups list, cts-tui restore FILE"
SALVAGE_ADVICE: Final = f"cts-tui repair --dry-run says what can be recovered; or {RESTORE_ADVICE}"
_ADVICE: Final = (
    ("locked", "is locked by another program", "wait for it or end it, then try again"),
    (
        "not a database",
        "is not a SQLite database",
        f"where it was the desk's, {SALVAGE_ADVICE}; else choose another folder with --data-dir",
    ),
    ("malformed", "is damaged", SALVAGE_ADVICE),
    ("no such table", "lacks a table", REPAIR_ADVICE),
    ("no such column", "lacks a column", REPAIR_ADVICE),
    ("Could not decode", "holds text that cannot be read", REPAIR_ADVICE),
    ("disk is full", "cannot grow: the disk is full", "free some space; nothing was lost"),
    ("readonly", "is read-only", "make the file and its folder writable for this user"),
    (
        "disk I/O error",
        "cannot be read or written: the disk reports an error",
        "see whether it is full, failing or gone; what was not written is tried again",
    ),
    (
        "unable to open",
        "cannot be opened",
        "check that its folder exists and is writable for this user",
    ),
)


def _explain(reason: str, url: str) -> str:
    """Return one line for a driver's `reason`."""
    name = make_url(url).render_as_string(hide_password=True).removeprefix("sqlite:///")
    for fragment, what, advice in _ADVICE:
        if fragment in reason:
            return f"the database {name} {what}; {advice}"
    return f"the database {name} failed: {reason}"
