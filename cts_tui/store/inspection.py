"""Looking at a store as it is: schema, integrity, references, whether it takes writes.

Nothing is created, mended or migrated, and what is written to try it is rolled back.
"""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, insert, text
from sqlalchemy.exc import OperationalError

from cts_tui.errors import StoreError
from cts_tui.store.database import BUSY_TIMEOUT_MS, Database, explained
from cts_tui.store.schema import schema_faults
from cts_tui.store.tables import SETTINGS
from cts_tui.store.version import HEAD

_WAIT_MS: Final = 2_000
"""How long it waits for others: an engine's own transactions take milliseconds."""
_WHOLE_CHECK_BYTES: Final = 64_000_000
"""Up to this size indexes are compared with their tables too."""
_STEPS_BETWEEN_LOOKS: Final = 200_000
_LOW_DISK_BYTES: Final = 100_000_000
_LISTED: Final = 3
_VERSION: Final = "SELECT version_num FROM alembic_version"
_TRIAL_KEY: Final = "workflow_trial"


@dataclass(slots=True)
class Inspection:
    """What was found; each fault and warning is one line: what it is; what to do."""

    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)


def needs_opening(database: Database) -> bool:
    """Return whether a store has to be made or brought up to date before it can be looked at."""
    file = database.file
    if file is None or not file.exists() or not file.stat().st_size:
        return True
    try:
        place = f"file:{quote(str(file))}?mode=ro"
        with closing(sqlite3.connect(place, uri=True, timeout=_WAIT_MS / 1000)) as connection:
            row = connection.execute(_VERSION).fetchone()
    except (sqlite3.Error, UnicodeDecodeError):
        return False  # whoever looks at it will say what is wrong
    return row is not None and isinstance(row[0], str) and row[0] < HEAD


def inspect_store(database: Database, *, within_s: float) -> Inspection:
    """Inspect a store; the checks of its pages end after `within_s`, with a warning.

    Raises StoreError where it cannot be opened or read at all.
    """
    found = Inspection()
    _look_at_file(database, found)
    with database.read() as connection, _impatient(database, connection):
        _look_at_schema(connection, found)
        if database.is_sqlite:
            with _bounded(connection, within_s):
                _look_at_pages(connection, found)
    if not found.faults:
        _try_to_write(database, found)
    return found


def _look_at_file(database: Database, found: Inspection) -> None:
    file = database.file
    if file is None:
        return
    try:
        size, room = file.stat().st_size, shutil.disk_usage(file.parent).free
    except OSError as error:
        why = error.strerror or error
        raise StoreError(
            f"the database {file} cannot be opened: {why}; put it back, or restore a backup"
        ) from error
    wal = file.with_name(file.name + "-wal")
    found.figures |= {"size_bytes": size, "wal_bytes": _size(wal), "free_bytes": room}
    if room < _LOW_DISK_BYTES:
        found.warnings.append(
            f"only {room / 1e6:.0f} MB are free beside the database; make room on that disk"
        )


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _look_at_schema(connection: Connection, found: Inspection) -> None:
    version = connection.execute(text(_VERSION)).scalar()
    found.figures |= {"schema": version, "schema_expected": HEAD}
    if version != HEAD:
        found.faults.append(
            f"the schema is {version}, expected {HEAD}; an older one is brought up to date at the "
            "next start, for a newer one update cts-tui"
        )
    lacking = schema_faults(connection)
    if lacking:
        found.faults.append(
            f"the database lacks {_listed(lacking)}; see what can be mended: cts-tui repair "
            "--dry-run"
        )


@contextmanager
def _bounded(connection: Connection, within_s: float) -> Iterator[None]:
    """Have SQLite interrupt what takes longer than `within_s`."""
    ends = time.monotonic() + within_s
    raw: Any = connection.connection.driver_connection
    raw.set_progress_handler(lambda: time.monotonic() > ends, _STEPS_BETWEEN_LOOKS)
    try:
        yield
    finally:
        raw.set_progress_handler(None, 0)


def _look_at_pages(connection: Connection, found: Inspection) -> None:
    """Have SQLite check its pages; what is wrong with rows is the verifier's to say."""
    is_small = found.figures.get("size_bytes", 0) <= _WHOLE_CHECK_BYTES
    check = "integrity_check" if is_small else "quick_check"
    found.figures["check"] = check
    try:
        said = [row[0] for row in connection.exec_driver_sql(f"PRAGMA {check}(10)")]
    except OperationalError as error:
        if "interrupted" not in str(error.orig):
            raise
        found.warnings.append(
            "the database is too large to be checked whole within this test; the engine checks "
            "it in slices: cts-tui health"
        )
        return
    if said != ["ok"]:
        found.faults.append(
            f"SQLite finds the file damaged: {_listed(said)}; see what can be recovered: "
            "cts-tui repair --dry-run"
        )


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(" ".join(name.split()) for name in names[:_LISTED]) + more


def _try_to_write(database: Database, found: Inspection) -> None:
    """Write a row and take it back. Raises StoreError where the store takes none."""
    began = time.perf_counter()
    with (
        explained(database.url),
        database.connect() as connection,
        _impatient(database, connection),
        connection.begin() as transaction,
    ):
        row = {"key": _TRIAL_KEY, "value": "trial", "updated_at": datetime.now(UTC)}
        connection.execute(insert(SETTINGS).values(**row))
        transaction.rollback()
    found.figures["write_ms"] = round((time.perf_counter() - began) * 1000, 1)


@contextmanager
def _impatient(database: Database, connection: Connection) -> Iterator[None]:
    """Wait less long for others than usual: somebody looks on."""
    if not database.is_sqlite:
        yield
        return
    raw: Any = connection.connection.driver_connection
    raw.execute(f"PRAGMA busy_timeout={_WAIT_MS}")
    try:
        yield
    finally:
        raw.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
