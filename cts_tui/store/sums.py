"""Positions in sum: what is open, what was ever realized. Those of replays are left out."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from cts_tui.model.connection import RECORDED_EXCHANGE, ConnectionSetup
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
        setup.name
        for setup in connections.setups(transaction)
        if setup.exchange == RECORDED_EXCHANGE
    }
    held = [
        view
        for view in positions.views(transaction, now_ms, is_open=True)
        if view.connection not in recorded
    ]
    return OpenFigures(
        count=len(held),
        stale=sum(view.is_stale for view in held),
        pnl=sum((view.pnl for view in held), ZERO),
    )


def realized_figures(transaction: Transaction, since: datetime | None = None) -> RealizedFigures:
    """Return what was closed, since a time or ever, in sum, replays left out."""
    closed = (
        _realized(transaction, setup.id, since=since)
        for setup in connections.setups(transaction)
        if setup.exchange != RECORDED_EXCHANGE
    )
    return sum(closed, NOTHING_REALIZED)


class RealizedTotals:
    """What was ever closed, read twice a second: each reading adds up only what is new.

    What closed before a bound is kept in sum; the rest is read again, since several positions may
    close at one time. Where the number of closed positions does not agree (the clock was set back,
    rows were deleted), everything is added up anew.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[int, str], tuple[datetime, RealizedFigures]] = {}

    def read(self, transaction: Transaction) -> RealizedFigures:
        """Return the figures of all connections, replays left out."""
        closed = (
            self._of(transaction, setup)
            for setup in connections.setups(transaction)
            if setup.exchange != RECORDED_EXCHANGE
        )
        return sum(closed, NOTHING_REALIZED)

    def _of(self, transaction: Transaction, setup: ConnectionSetup) -> RealizedFigures:
        count, last = positions.closed_extent(transaction, setup.id)
        if last is None:
            return NOTHING_REALIZED
        key = (setup.id, setup.name)
        bound, kept = self._kept.get(key, (None, NOTHING_REALIZED))
        kept += _realized(transaction, setup.id, since=bound, until=last)
        total = kept + _realized(transaction, setup.id, since=last)
        if total.trades != count:
            kept = _realized(transaction, setup.id, until=last)
            total = kept + _realized(transaction, setup.id, since=last)
        self._kept[key] = last, kept
        return total


def _realized(
    transaction: Transaction,
    connection_id: int,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> RealizedFigures:
    pnl, trades, wins = positions.realized_pnl(
        transaction, since=since, until=until, connection_id=connection_id
    )
    return RealizedFigures(trades, wins, pnl)
