"""Externals: what the engine knows again after a restart, what is wished of it, views for faces."""

from typing import Any

from sqlalchemy import RowMapping, Select, select, update

from cts_tui.model.external import (
    External,
    ExternalKey,
    ExternalKind,
    ExternalStatus,
    ExternalView,
    ExternalWish,
)
from cts_tui.store.column_types import to_ms, word
from cts_tui.store.database import Transaction
from cts_tui.store.tables import CONNECTIONS, EXTERNALS


def _named() -> Select[Any]:
    """Return the query of externals with the names of their connections."""
    return select(EXTERNALS, CONNECTIONS.c.name.label("connection")).join(
        CONNECTIONS, CONNECTIONS.c.id == EXTERNALS.c.connection_id
    )


def views(
    transaction: Transaction,
    *,
    is_decided: bool = False,
    limit: int | None = None,
    connection: str | None = None,
) -> list[ExternalView]:
    """Return externals, the newest first; those ignored, adopted or gone only if `is_decided`."""
    query = _named().order_by(EXTERNALS.c.first_seen_at.desc(), EXTERNALS.c.id.desc()).limit(limit)
    if not is_decided:
        query = query.where(EXTERNALS.c.status == ExternalStatus.EXTERNAL)
    if connection is not None:
        query = query.where(CONNECTIONS.c.name == connection)
    return [_view(row) for row in transaction.execute(query).mappings()]


def find(transaction: Transaction, external_id: int) -> ExternalView | None:
    """Return one external by its id."""
    row = transaction.execute(_named().where(EXTERNALS.c.id == external_id)).mappings().first()
    return None if row is None else _view(row)


def _view(row: RowMapping) -> ExternalView:
    return ExternalView(
        id=row["id"],
        connection=row["connection"],
        kind=word(ExternalKind, row["kind"]),
        venue_key=row["venue_key"],
        symbol=row["symbol"],
        side=row["side"],
        quantity=row["quantity"],
        price=row["price"],
        status=word(ExternalStatus, row["status"]),
        wish=word(ExternalWish, row["wish"]) if row["wish"] else None,
        first_seen_ms=to_ms(row["first_seen_at"]),
        last_seen_ms=to_ms(row["last_seen_at"]),
    )


def wish_for(transaction: Transaction, external_id: int, wish: ExternalWish) -> None:
    """Ask the engine to adopt or to ignore an external."""
    transaction.execute(
        update(EXTERNALS).where(EXTERNALS.c.id == external_id).values(wish=wish.value)
    )


def wishes(transaction: Transaction) -> dict[int, dict[ExternalKey, ExternalWish]]:
    """Return what is asked for and not answered yet, by connection id."""
    query = select(
        EXTERNALS.c.connection_id, EXTERNALS.c.kind, EXTERNALS.c.venue_key, EXTERNALS.c.wish
    ).where(EXTERNALS.c.wish.is_not(None))
    found: dict[int, dict[ExternalKey, ExternalWish]] = {}
    for connection_id, kind, venue_key, wish in transaction.execute(query):
        found.setdefault(connection_id, {})[kind, venue_key] = ExternalWish(wish)
    return found


def known(transaction: Transaction, connection_id: int) -> list[External]:
    """Return what an engine has to know again: everything but what is gone."""
    query = select(EXTERNALS).where(
        EXTERNALS.c.connection_id == connection_id, EXTERNALS.c.status != ExternalStatus.GONE
    )
    return [
        External(
            kind=word(ExternalKind, row["kind"]),
            venue_key=row["venue_key"],
            symbol=row["symbol"],
            side=row["side"],
            quantity=row["quantity"],
            price=row["price"],
            status=word(ExternalStatus, row["status"]),
            first_seen_ms=to_ms(row["first_seen_at"]),
            last_seen_ms=to_ms(row["last_seen_at"]),
        )
        for row in transaction.execute(query).mappings()
    ]
