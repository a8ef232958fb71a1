"""Gates, limits and what is being closed, as the JSON objects that scripts rely on."""

from decimal import Decimal

from cts_tui.cli.options import iso_or_none
from cts_tui.cli.rows import Row
from cts_tui.model.gate import Flattening, Gate
from cts_tui.model.limits import LIMITS, RiskState, RiskView
from cts_tui.model.money import money_text


def gate_row(gate: Gate) -> Row:
    """Return a gate of live trading."""
    return {
        "gate": gate.name,
        "open": gate.is_open,
        "warning": gate.is_warning,
        "message": gate.message,
        "todo": gate.todo,
    }


def risk_row(view: RiskView) -> Row:
    """Return the limits of a connection, or those of all; null is off."""
    return {
        "connection": view.connection,
        "limits": {key: getattr(view.limits, key) for key in LIMITS},
        "own": list(view.own),
        "states": [_state_row(state) for state in view.states],
    }


def _state_row(state: RiskState) -> Row:
    return {
        "live": state.is_live,
        "halted": state.is_halted,
        "halted_at": iso_or_none(state.halted_ms),
        "reason": state.halt_reason,
        "until": "tomorrow" if state.is_halt_daily else "reset" if state.halted_ms else None,
        "day": state.day,
        "day_equity": state.day_equity,
        "peak_equity": state.peak_equity,
        "cool_downs": {symbol: iso_or_none(until) for symbol, until in state.cool_downs.items()},
    }


def limit_rows(view: RiskView) -> list[Row]:
    """Return one row per limit for people."""
    rows = []
    for key, kind in LIMITS.items():
        value = getattr(view.limits, key)
        text = "off" if value is None else _text(value)
        is_own = key in view.own
        origin = "set" if is_own else "all connections" if view.connection else "default"
        rows.append({"limit": key, "value": text, "unit": kind.unit, "from": origin})
    return rows


def _text(value: object) -> str:
    return money_text(value) if isinstance(value, Decimal) else str(value)


def flattening_row(found: Flattening) -> Row:
    """Return what is being closed of a connection."""
    return {
        "connection": found.connection,
        "positions": found.positions,
        "orders": found.orders,
        "enabled": found.is_enabled,
    }
