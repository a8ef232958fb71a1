"""The rows of the journal's CSV files: plain digits, times in ISO-8601 UTC."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from cts_tui.clock import iso_from_ms
from cts_tui.model.journal import FillView, JournalKind
from cts_tui.model.money import money_text
from cts_tui.model.views import OrderView, PositionView

Row = dict[str, str]


def _money(amount: Decimal | None) -> str:
    return "" if amount is None else money_text(amount)


def _time(time_ms: int | None) -> str:
    return "" if time_ms is None else iso_from_ms(time_ms)


def trade_row(view: PositionView) -> Row:
    """Return a closed position."""
    return {
        "closed_at": _time(view.closed_at_ms),
        "opened_at": _time(view.opened_at_ms),
        "connection": view.connection,
        "live": "yes" if view.is_live else "no",
        "symbol": view.symbol,
        "strategy": view.strategy,
        "timeframe": view.timeframe,
        "side": view.side,
        "quantity": _money(view.quantity),
        "entry_price": _money(view.entry_price),
        "exit_price": _money(view.exit_price),
        "fees": _money(view.fees),
        "pnl": _money(view.pnl),
        "pnl_pct": f"{view.pnl_pct:.6f}",
        "exit_reason": view.exit_reason or "",
        "status": view.status,
        "source": view.source,
        "id": str(view.id),
    }


def order_row(view: OrderView) -> Row:
    """Return an order."""
    return {
        "created_at": _time(view.created_at_ms),
        "connection": view.connection,
        "live": "yes" if view.is_live else "no",
        "symbol": view.symbol,
        "strategy": view.strategy,
        "purpose": view.purpose,
        "side": view.side,
        "type": view.type,
        "quantity": _money(view.quantity),
        "cost": _money(view.cost),
        "price": _money(view.price),
        "status": view.status,
        "filled": _money(view.filled),
        "average_price": _money(view.average_price),
        "fees": _money(view.fees),
        "reason": view.reason,
        "client_order_id": view.client_order_id,
        "venue_order_id": view.venue_order_id or "",
    }


def fill_row(view: FillView) -> Row:
    """Return a fill."""
    return {
        "time": _time(view.time_ms),
        "connection": view.connection,
        "live": "yes" if view.is_live else "no",
        "symbol": view.symbol,
        "strategy": view.strategy,
        "what": view.what,
        "side": view.side,
        "quantity": _money(view.quantity),
        "price": _money(view.price),
        "fee": _money(view.fee),
        "fee_currency": view.fee_currency,
        "client_order_id": view.client_order_id,
        "venue_trade_id": view.venue_trade_id,
    }


ROWS: Final[dict[JournalKind, Callable[[Any], Row]]] = {
    JournalKind.TRADES: trade_row,
    JournalKind.ORDERS: order_row,
    JournalKind.FILLS: fill_row,
}
COLUMNS: Final[dict[JournalKind, tuple[str, ...]]] = {
    JournalKind.TRADES: (
        "closed_at", "opened_at", "connection", "live", "symbol", "strategy", "timeframe", "side",
        "quantity", "entry_price", "exit_price", "fees", "pnl", "pnl_pct", "exit_reason", "status",
        "source", "id",
    ),
    JournalKind.ORDERS: (
        "created_at", "connection", "live", "symbol", "strategy", "purpose", "side", "type",
        "quantity", "cost", "price", "status", "filled", "average_price", "fees", "reason",
        "client_order_id", "venue_order_id",
    ),
    JournalKind.FILLS: (
        "time", "connection", "live", "symbol", "strategy", "what", "side", "quantity", "price",
        "fee", "fee_currency", "client_order_id", "venue_trade_id",
    ),
}  # fmt: skip
