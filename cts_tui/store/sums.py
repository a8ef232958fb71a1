"""Positions in sum: what is open, what was ever realized. Those of replays are left out."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from cts_tui.model.connection import RECORDED_EXCHANGE
from cts_tui.model.money import ZERO
from cts_tui.store import connections, positions
from cts_tui.store.database import Transaction


@dataclass(frozen=True, slots=True)
class OpenFigures:
    """The open positions in sum."""

    count: int
    stale: int
    pnl: Decimal
    """Unrealized, net of the fees paid so far; quote currency."""


@dataclass(frozen=True, slots=True)
class RealizedFigures:
    """The closed positions in sum."""

    trades: int
    wins: int
    pnl: Decimal
    """Net of fees; quote currency."""

    def __add__(self, other: "RealizedFigures") -> "RealizedFigures":
        return RealizedFigures(
            self.trades + other.trades, self.wins + other.wins, self.pnl + other.pnl
        )


NOTHING_REALIZED: Final = RealizedFigures(0, 0, ZERO)


def open_figures(transaction: Transaction, now_ms: int) -> OpenFigures:
    """Return the open positions in sum, those of replays left out."""
    recorded = {
        setup.id for setup in connections.setups(transaction) if setup.exchange == RECORDED_EXCHANGE
    }
    marks = positions.open_marks(transaction, now_ms)
    held = [mark for mark in marks if mark.connection_id not in recorded]
    return OpenFigures(
        count=len(held),
        stale=sum(mark.is_stale for mark in held),
        pnl=sum((mark.pnl for mark in held), ZERO),
    )


def realized_figures(transaction: Transaction, since: datetime | None = None) -> RealizedFigures:
    """Return what was closed, since a time or ever, in sum, replays left out."""
    closed = (
        realized_of(transaction, setup.id, since=since)
        for setup in connections.setups(transaction)
        if setup.exchange != RECORDED_EXCHANGE
    )
    return sum(closed, NOTHING_REALIZED)


def realized_of(
    transaction: Transaction,
    connection_id: int,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> RealizedFigures:
    """Return what a connection has closed in sum; `since` counts itself, `until` does not."""
    pnl, trades, wins = positions.realized_pnl(
        transaction, since=since, until=until, connection_id=connection_id
    )
    return RealizedFigures(trades, wins, pnl)
