"""Rows that tell of trouble: unprotected positions, orders of unknown fate, failures, halts."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select

from cts_tui.model.trading import OPEN_POSITION, EngineStatus, EventKind, OrderStatus
from cts_tui.store.database import Transaction
from cts_tui.store.tables import CONNECTIONS, EVENTS, ORDERS, POSITIONS, RISK_STATES


class Unprotected(NamedTuple):
    """A position at an exchange that has no confirmed stop (S6)."""

    connection: str
    symbol: str
    since_ms: int


class Halt(NamedTuple):
    """Entries that a loss limit has stopped (S11)."""

    connection: str
    is_live: bool
    reason: str


def unprotected(transaction: Transaction) -> list[Unprotected]:
    """Return the open positions without a confirmed stop, the longest first."""
    row = POSITIONS.c
    query = (
        select(CONNECTIONS.c.name, row.symbol, row.unprotected_since_ms)
        .join(CONNECTIONS, CONNECTIONS.c.id == row.connection_id)
        .where(row.status.in_(OPEN_POSITION), row.is_live, row.unprotected_since_ms.is_not(None))
        .order_by(row.unprotected_since_ms)
    )
    return [Unprotected(*found) for found in transaction.execute(query)]


def unknown_orders(transaction: Transaction, connection_ids: Collection[int]) -> dict[str, int]:
    """Return how many live orders have an unknown outcome, by connection (S5)."""
    row = ORDERS.c
    query = (
        select(CONNECTIONS.c.name, func.count())
        .join(CONNECTIONS, CONNECTIONS.c.id == row.connection_id)
        .where(row.connection_id.in_(connection_ids), row.status == OrderStatus.UNKNOWN)
        .where(row.is_live)
        .group_by(CONNECTIONS.c.name)
    )
    return dict(transaction.execute(query).all())


def engine_failures(transaction: Transaction, since: datetime) -> dict[str, int]:
    """Return how often engines have failed since a time, by connection."""
    row = EVENTS.c
    query = (
        select(row.subject, func.count())
        .where(row.time >= since, row.kind == EventKind.ENGINE, row.after == EngineStatus.FAILED)
        .group_by(row.subject)
    )
    return dict(transaction.execute(query).all())


def halts(transaction: Transaction) -> list[Halt]:
    """Return where loss limits have stopped the entries that would be made now."""
    row = RISK_STATES.c
    query = (
        select(CONNECTIONS.c.name, row.is_live, row.halt_reason)
        .join(CONNECTIONS, CONNECTIONS.c.id == row.connection_id)
        .where(row.halted_at.is_not(None), row.is_live == CONNECTIONS.c.live, CONNECTIONS.c.enabled)
        .order_by(CONNECTIONS.c.name)
    )
    return [Halt(*found) for found in transaction.execute(query)]
