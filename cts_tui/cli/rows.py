"""Views as the JSON objects that scripts rely on (design.md §6): these keys, in this order."""

from typing import Any

from cts_tui.cli.options import iso_or_none
from cts_tui.model.alerts import Alert, TargetView
from cts_tui.model.connection_test import ConnectionTest
from cts_tui.model.strategy_views import StrategyFault
from cts_tui.model.vault import StoredCredentials
from cts_tui.model.views import (
    ConnectionView,
    EventView,
    OrderView,
    PositionView,
    SignalView,
    StrategyView,
)

Row = dict[str, Any]


def connection_row(view: ConnectionView) -> Row:
    """Return a connection."""
    return {
        "name": view.name,
        "exchange": view.exchange,
        "mode": view.mode,
        "market": view.market,
        "symbols": list(view.symbols),
        "enabled": view.enabled,
        "live": view.live,
        "status": view.status,
        "last_test": _test_row(view.last_test),
        "last_error": view.last_error,
    }


def connection_detail(view: ConnectionView) -> Row:
    """Return a connection with everything its engine says."""
    return connection_row(view) | {
        "timeframe": view.timeframe,
        "heartbeat_at": iso_or_none(view.heartbeat_ms),
        "restarts": view.restarts,
        "feed_source": view.feed_source,
        "open_positions": view.open_positions,
        "predefined": view.is_predefined,
        "symbols_filter": view.symbols_filter,
        "credentials": _credentials_row(view.credentials),
        "last_test": _test_detail(view.last_test),
    }


def _credentials_row(stored: StoredCredentials | None) -> Row | None:
    """Return which credentials are stored, and since when; what they are is never told."""
    if stored is None:
        return None
    return {"fields": list(stored.fields), "updated_at": iso_or_none(stored.updated_ms)}


def _test_row(test: ConnectionTest | None) -> Row | None:
    """Return when a connection was tested, and the verdict."""
    return None if test is None else {"time": iso_or_none(test.time_ms), "status": test.status}


def _test_detail(test: ConnectionTest | None) -> Row | None:
    """Return the whole report of a test."""
    if test is None:
        return None
    stored = test.to_json()
    del stored["time_ms"], stored["status"]
    return (_test_row(test) or {}) | stored


def connection_test_row(name: str, test: ConnectionTest) -> Row:
    """Return the report of a test that has just run."""
    return {"name": name} | (_test_detail(test) or {})


def signal_row(view: SignalView) -> Row:
    """Return a signal."""
    return {
        "time": iso_or_none(view.time_ms),
        "symbol": view.symbol,
        "strategy": view.strategy,
        "side": view.side,
        "price": view.price,
        "reason": view.reason,
        "status": view.status,
        "kind": view.kind,
        "timeframe": view.timeframe,
        "connection": view.connection,
        "source": view.source,
    }


def position_row(view: PositionView) -> Row:
    """Return a position."""
    return {
        "id": view.id,
        "connection": view.connection,
        "symbol": view.symbol,
        "side": view.side,
        "quantity": view.quantity,
        "entry_price": view.entry_price,
        "mark_price": view.mark_price,
        "pnl": view.pnl,
        "pnl_pct": round(view.pnl_pct, 6),
        "stop_price": view.stop_price,
        "target_price": view.target_price,
        "status": view.status,
        "opened_at": iso_or_none(view.opened_at_ms),
        "closed_at": iso_or_none(view.closed_at_ms),
        "exit_reason": view.exit_reason,
        "source": view.source,
        "strategy": view.strategy,
        "timeframe": view.timeframe,
        "exit_price": view.exit_price,
        "fees": view.fees,
        "stale": view.is_stale,
        "live": view.is_live,
        "is_live": view.is_live,
        "protection": view.protection,
        "unprotected_since": iso_or_none(view.unprotected_since_ms),
        "exited": view.exited,
    }


def order_row(view: OrderView) -> Row:
    """Return an order."""
    return {
        "client_order_id": view.client_order_id,
        "venue_order_id": view.venue_order_id,
        "connection": view.connection,
        "symbol": view.symbol,
        "side": view.side,
        "type": view.type,
        "quantity": view.quantity,
        "price": view.price,
        "status": view.status,
        "filled": view.filled,
        "average_price": view.average_price,
        "fees": view.fees,
        "created_at": iso_or_none(view.created_at_ms),
        "cost": view.cost,
        "reason": view.reason,
    }


def event_row(view: EventView) -> Row:
    """Return an event."""
    return {
        "time": iso_or_none(view.time_ms),
        "who": view.who,
        "kind": view.kind,
        "subject": view.subject,
        "before": view.before,
        "after": view.after,
        "message": view.message,
    }


def strategy_row(view: StrategyView) -> Row:
    """Return a strategy, field by field as in its TOML file, and whether it is enabled."""
    return {
        "name": view.name,
        "enabled": view.enabled,
        "builtin": view.is_builtin,
        "description": view.description,
        "timeframe": view.timeframe,
        "entry_long": view.entry_long,
        "exit_long": view.exit_long,
        "entry_short": view.entry_short,
        "exit_short": view.exit_short,
        "stop_loss_pct": float(view.stop_loss_pct),
        "take_profit_pct": float(view.take_profit_pct),
        "trailing_stop_pct": float(view.trailing_stop_pct),
        "min_profit_factor": view.min_profit_factor,
        "gate_trades": view.gate_trades,
        "gate_min_trades": view.gate_min_trades,
        "size": {"kind": view.size_kind, "amount": view.size_amount},
        "symbols": list(view.symbols),
    }


def fault_row(fault: StrategyFault) -> Row:
    """Return a fault of a strategy file; line and column are those of the file, from 1."""
    return {
        "field": fault.field,
        "line": fault.line,
        "column": fault.column,
        "message": fault.message,
    }


def alert_row(alert: Alert) -> Row:
    """Return an alert."""
    return {
        "rule": alert.rule,
        "subject": alert.subject,
        "severity": alert.severity,
        "message": alert.message,
        "raised_at": iso_or_none(alert.raised_ms),
        "seen_at": iso_or_none(alert.seen_ms),
        "cleared_at": iso_or_none(alert.cleared_ms),
        "id": alert.id,
        "notified_at": iso_or_none(alert.notified_ms),
        "acked_at": iso_or_none(alert.acked_ms),
    }


def target_row(view: TargetView) -> Row:
    """Return where alerts are told; what its address is, is never told."""
    return {
        "name": view.name,
        "address": view.address,
        "created_at": iso_or_none(view.created_ms),
        "sent_at": iso_or_none(view.sent_ms),
        "failed_at": iso_or_none(view.failed_ms),
        "failures": view.failures,
        "last_error": view.last_error,
    }
