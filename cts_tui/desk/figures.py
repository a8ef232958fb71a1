"""Figures that every face must show alike: connections as they are now, and PnL without replays."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from cts_tui.model.connection import RECORDED_EXCHANGE
from cts_tui.model.money import ZERO
from cts_tui.model.trading import EngineStatus
from cts_tui.model.views import ConnectionView
from cts_tui.store import connections, positions
from cts_tui.store.database import Transaction

SILENT_MS: Final = 6_000
"""An engine or program that has not been heard of for this long is taken for dead."""


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


def connection_views(
    transaction: Transaction, now_ms: int, *, with_recorded: bool = False
) -> list[ConnectionView]:
    """Return the connections in order of name; those that hold replays only when asked for.

    An engine that was killed could not say that it has stopped: a silent one is shown as stopped.
    """
    return [
        _as_heard(view, now_ms)
        for view in connections.views(transaction)
        if with_recorded or view.exchange != RECORDED_EXCHANGE
    ]


def _as_heard(view: ConnectionView, now_ms: int) -> ConnectionView:
    is_silent = now_ms - (view.heartbeat_ms or 0) > SILENT_MS
    if is_silent and view.status is not EngineStatus.FAILED:
        return replace(view, status=EngineStatus.STOPPED)
    return view


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
    closed = [
        positions.realized_pnl(transaction, since=since, connection_id=setup.id)
        for setup in connections.setups(transaction)
        if setup.exchange != RECORDED_EXCHANGE
    ]
    return RealizedFigures(
        trades=sum(trades for _, trades, _ in closed),
        wins=sum(wins for _, _, wins in closed),
        pnl=sum((pnl for pnl, _, _ in closed), ZERO),
    )
