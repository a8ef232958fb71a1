"""Engine programs (processes that trade on this store) and the figures of their engines."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, delete, insert, select, update

from cts_tui.store.database import Transaction
from cts_tui.store.tables import CONNECTIONS, ENGINE_PROGRAMS, ENGINE_STATES


def register(
    transaction: Transaction,
    *,
    owner: str,
    pid: int,
    pid_started_at: datetime,
    host: str,
    now: datetime,
) -> None:
    """Record a process that begins to run engines."""
    transaction.execute(
        insert(ENGINE_PROGRAMS).values(
            owner=owner,
            pid=pid,
            pid_started_at=pid_started_at,
            host=host,
            started_at=now,
            heartbeat_at=now,
        )
    )


def beat(
    transaction: Transaction, owner: str, now: datetime, figures: dict[str, Any] | None = None
) -> None:
    """Record that a process is alive, with its figures when they were measured."""
    values: dict[str, Any] = {"heartbeat_at": now}
    if figures is not None:
        values["figures"] = figures
    transaction.execute(
        update(ENGINE_PROGRAMS).where(ENGINE_PROGRAMS.c.owner == owner).values(**values)
    )


def deregister(transaction: Transaction, owner: str) -> None:
    """Forget a process that has ended."""
    transaction.execute(delete(ENGINE_PROGRAMS).where(ENGINE_PROGRAMS.c.owner == owner))


def programs(transaction: Transaction) -> list[RowMapping]:
    """Return the processes that registered and have not ended in order."""
    query = select(ENGINE_PROGRAMS).order_by(ENGINE_PROGRAMS.c.started_at)
    return list(transaction.execute(query).mappings())


def request_stop(transaction: Transaction, now: datetime) -> int:
    """Ask every process to stop in order; return how many were asked."""
    return transaction.execute(update(ENGINE_PROGRAMS).values(stop_requested_at=now)).rowcount


def is_stop_requested(transaction: Transaction, owner: str) -> bool:
    """Return whether a process was asked to stop, or its row was removed."""
    query = select(ENGINE_PROGRAMS.c.stop_requested_at).where(ENGINE_PROGRAMS.c.owner == owner)
    row = transaction.execute(query).first()
    return row is None or row[0] is not None


def states(transaction: Transaction) -> list[RowMapping]:
    """Return the engine state of every connection, with its name and whether it is enabled."""
    query = (
        select(ENGINE_STATES, CONNECTIONS.c.name, CONNECTIONS.c.enabled)
        .join(CONNECTIONS, CONNECTIONS.c.id == ENGINE_STATES.c.connection_id)
        .order_by(CONNECTIONS.c.name)
    )
    return list(transaction.execute(query).mappings())


def figures_of(transaction: Transaction, connection_ids: Collection[int]) -> dict[int, Any]:
    """Return what the engines of some connections last wrote of themselves, by connection id."""
    query = select(ENGINE_STATES.c.connection_id, ENGINE_STATES.c.figures).where(
        ENGINE_STATES.c.connection_id.in_(connection_ids)
    )
    return {row.connection_id: row.figures for row in transaction.execute(query)}
