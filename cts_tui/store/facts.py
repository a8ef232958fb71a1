"""Facts about the database itself, for the health report."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select, text

from cts_tui.store.database import Database, Transaction
from cts_tui.store.tables import CONNECTIONS, METADATA, POSITIONS
from cts_tui.store.version import HEAD

_COUNTED: Final = ("connections", "strategies", "signals", "orders", "fills", "positions", "events")
"""Tables that are small enough to count at once; the larger ones are estimated by their size."""


def database_facts(database: Database) -> dict[str, Any]:
    """Return schema, sizes in bytes, and rows by table. Raises StoreError if unreachable."""
    with database.read() as transaction:
        facts: dict[str, Any] = {
            "reachable": True,
            "schema": transaction.execute(text("SELECT version_num FROM alembic_version")).scalar(),
            "schema_expected": HEAD,
            "tables": {name: count(transaction, name) for name in _COUNTED},
        }
    return facts | (_file_facts(database) if database.is_sqlite else {})


def _file_facts(database: Database) -> dict[str, Any]:
    file = Path(database.url.removeprefix("sqlite:///"))
    wal = file.with_name(file.name + "-wal")
    return {
        "file": str(file),
        "size_bytes": file.stat().st_size,
        "wal_bytes": wal.stat().st_size if wal.exists() else 0,
    }


def count(transaction: Transaction, table: str) -> int:
    """Return the rows of a table."""
    total: int = transaction.execute(
        select(func.count()).select_from(METADATA.tables[table])
    ).scalar_one()
    return total


def counts_by(transaction: Transaction, table: str, column: str) -> dict[str, int]:
    """Return the rows of a table by the values of one of its columns."""
    key = METADATA.tables[table].c[column]
    rows: Sequence[Any] = transaction.execute(select(key, func.count()).group_by(key)).all()
    return {str(value): number for value, number in rows}


def broken_rows(transaction: Transaction) -> list[str]:
    """Return a line for each kind of row that cannot be: what the workflow must never leave."""
    checks = {
        "connections are live though disabled": select(func.count()).where(
            CONNECTIONS.c.live, ~CONNECTIONS.c.enabled
        ),
        "positions are closed without an exit price": select(func.count()).where(
            POSITIONS.c.status == "closed", POSITIONS.c.exit_price.is_(None)
        ),
    }
    return [
        f"{found} {what}"
        for what, query in checks.items()
        if (found := transaction.execute(query).scalar_one())
    ]
