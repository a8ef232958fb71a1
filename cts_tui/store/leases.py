"""Leases: at most one engine per connection, fenced by a number that only grows (S9)."""

from datetime import datetime

from sqlalchemy import case, func, or_, select, update

from cts_tui.store.database import Transaction
from cts_tui.store.tables import CONNECTIONS, LEASES


def acquire(
    transaction: Transaction, connection_id: int, owner: str, now: datetime, expires: datetime
) -> int | None:
    """Take or renew the lease of a connection; return its fencing number.

    Returns None while another owner holds it. Every change of owner raises the number by one.
    """
    row = LEASES.c
    is_free = or_(row.owner.is_(None), row.expires_at < now)
    renewed = transaction.execute(
        update(LEASES)
        .where(row.connection_id == connection_id, row.owner == owner)
        .values(expires_at=expires)
    )
    if not renewed.rowcount:
        taken = transaction.execute(
            update(LEASES)
            .where(row.connection_id == connection_id, is_free)
            .values(owner=owner, fence=row.fence + 1, expires_at=expires)
        )
        if not taken.rowcount:
            return None
    query = select(row.fence).where(row.connection_id == connection_id)
    fence: int = transaction.execute(query).scalar_one()
    return fence


def release(transaction: Transaction, owner: str, connection_id: int | None = None) -> None:
    """Give up the lease of one connection, or all leases of an owner."""
    statement = update(LEASES).where(LEASES.c.owner == owner).values(owner=None, expires_at=None)
    if connection_id is not None:
        statement = statement.where(LEASES.c.connection_id == connection_id)
    transaction.execute(statement)


def owner_of(transaction: Transaction, connection_id: int, now: datetime) -> str | None:
    """Return who holds the lease of a connection now."""
    query = select(LEASES.c.owner).where(
        LEASES.c.connection_id == connection_id, LEASES.c.expires_at >= now
    )
    return transaction.execute(query).scalar()


def held(transaction: Transaction) -> dict[int, tuple[str, datetime]]:
    """Return owner and end of every lease that was not given up, by connection id."""
    query = select(LEASES).where(LEASES.c.owner.is_not(None), LEASES.c.expires_at.is_not(None))
    return {row.connection_id: (row.owner, row.expires_at) for row in transaction.execute(query)}


def shares(transaction: Transaction, owner: str, now: datetime) -> dict[str, float]:
    """Return an owner's part (0…1) of the leases held now, by exchange; others hold the rest.

    An exchange of whose connections the owner holds none is left out. Example: this process runs
    two of three binance connections, another process the third: `{"binance": 0.667}`.
    """
    row = LEASES.c
    mine = func.sum(case((row.owner == owner, 1), else_=0))
    query = (
        select(CONNECTIONS.c.exchange, mine, func.count())
        .join(LEASES, row.connection_id == CONNECTIONS.c.id)
        .where(row.owner.is_not(None), row.expires_at >= now)
        .group_by(CONNECTIONS.c.exchange)
    )
    return {exchange: own / held for exchange, own, held in transaction.execute(query) if own}
