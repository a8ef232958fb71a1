"""Rows as they are stored, unread by any column type: for who looks at rows that may be broken."""

from typing import Any

from sqlalchemy import text

from cts_tui.store.database import Transaction
from cts_tui.store.tables import METADATA

RawRow = dict[str, Any]
"""Column → what the driver gives: text, number, bytes or None."""


def raw_rows(transaction: Transaction, table: str) -> list[RawRow]:
    """Return every row of a small table in the order of its key."""
    known = METADATA.tables[table]
    key = ", ".join(f'"{column.name}"' for column in known.primary_key)
    found = transaction.execute(text(f'SELECT * FROM "{known.name}" ORDER BY {key}'))  # noqa: S608
    return [dict(row) for row in found.mappings()]
