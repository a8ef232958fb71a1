"""Facts about the database itself, for the health report."""

import shutil
from typing import Any, Final

from sqlalchemy import func, select, text

from cts_tui.errors import StoreError
from cts_tui.store.database import Database, Transaction
from cts_tui.store.tables import METADATA
from cts_tui.store.version import HEAD

DISK_FULL_BYTES: Final = 100_000_000
"""With less room beside the database nothing is opened: an order could go unrecorded."""


def schema_facts(transaction: Transaction) -> dict[str, Any]:
    """Return the schema that the store has, and the one it should have."""
    found = transaction.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return {"schema": found, "schema_expected": HEAD}


def file_facts(database: Database) -> dict[str, Any]:
    """Return sizes in bytes and the room left; None where the store is no file.

    Raises StoreError where the file is gone: what still reads it reads what was deleted.
    """
    file = database.file
    if file is None:
        unknown = ("file", "size_bytes", "wal_bytes", "disk_free_bytes", "disk_free_pct")
        return dict.fromkeys(unknown)
    wal = file.with_name(file.name + "-wal")
    try:
        size = file.stat().st_size
        wal_size = wal.stat().st_size if wal.exists() else 0
        disk = shutil.disk_usage(file.parent)
    except OSError as error:
        raise StoreError(
            f"the database {file} cannot be looked at: {error.strerror}; "
            "put it back, or restore a backup"
        ) from error
    return {
        "file": str(file),
        "size_bytes": size,
        "wal_bytes": wal_size,
        "disk_free_bytes": disk.free,
        "disk_free_pct": round(100 * disk.free / disk.total, 1) if disk.total else None,
    }


def counts_by(transaction: Transaction, table: str, column: str) -> dict[str, int]:
    """Return the rows of a small table by the values of one of its columns."""
    key = METADATA.tables[table].c[column]
    rows = transaction.execute(select(key, func.count()).group_by(key)).all()
    return {str(value): number for value, number in rows}
