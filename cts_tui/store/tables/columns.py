"""Columns that many tables share."""

from typing import Any

from sqlalchemy import Column, ForeignKey, Integer, PrimaryKeyConstraint
from sqlmodel import Field


def owner(*, is_key: bool = False) -> Any:
    """Return the column that names the connection a row belongs to and dies with."""
    return Field(
        sa_column=Column(
            Integer,
            ForeignKey("connections.id", ondelete="CASCADE"),
            primary_key=is_key,
            nullable=False,
        )
    )


def by_time() -> tuple[Any, ...]:
    """Return the key of a table of series, clustered by time.

    One cycle's rows of all symbols then lie side by side: it writes a few pages, not one a symbol.
    """
    key = PrimaryKeyConstraint("connection_id", "timeframe", "time_ms", "symbol")
    return key, {"sqlite_with_rowid": False}
