"""Balances: what an account held when it was last told, and how a paper account began."""

from collections.abc import Collection
from decimal import Decimal

from sqlalchemy import func, select

from cts_tui.store.database import Transaction
from cts_tui.store.tables import BALANCES, FILLS, POSITIONS

FUNDING: str = "funding-"
"""How the trade id of a funding payment begins; the market time of the payment follows."""


def totals(transaction: Transaction, connection_id: int, *, is_live: bool) -> dict[str, Decimal]:
    """Return what an account holds by currency; empty where nothing was told yet."""
    query = select(BALANCES.c.currency, BALANCES.c.total).where(
        BALANCES.c.connection_id == connection_id, BALANCES.c.is_live.is_(is_live)
    )
    return {row.currency: row.total for row in transaction.execute(query)}


def paper_profits(transaction: Transaction, connection_id: int) -> list[tuple[str, Decimal]]:
    """Return symbol and PnL of every closed paper position."""
    query = select(POSITIONS.c.symbol, POSITIONS.c.pnl).where(
        POSITIONS.c.connection_id == connection_id,
        POSITIONS.c.closed_at.is_not(None),
        POSITIONS.c.is_live.is_(False),
    )
    return [(row.symbol, row.pnl or Decimal(0)) for row in transaction.execute(query)]


def funded_ms(
    transaction: Transaction, connection_id: int, symbols: Collection[str]
) -> dict[str, int]:
    """Return the market time of the last funding of each position on `symbols`, by its key."""
    query = (
        select(FILLS.c.client_order_id, func.max(FILLS.c.time_ms))
        .where(
            FILLS.c.connection_id == connection_id,
            FILLS.c.symbol.in_(symbols),
            FILLS.c.venue_trade_id >= FUNDING,
            FILLS.c.venue_trade_id < f"{FUNDING}:",
        )
        .group_by(FILLS.c.client_order_id)
    )
    return {row[0]: row[1] for row in transaction.execute(query)}
