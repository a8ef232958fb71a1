"""How the desk gets on with its exchanges: last tests, clocks, budgets, acknowledged orders."""

from cts_tui.clock import iso_from_ms
from cts_tui.engine.health.readings import Readings
from cts_tui.model.connection_test import ConnectionTest
from cts_tui.model.views import ConnectionView, Report
from cts_tui.store.engine_figures import Figures, mapping, session_of


def api_section(readings: Readings) -> list[Report]:
    """Return a row for each connection; null is what is not known."""
    return [_row(readings, view) for view in readings.connections]


def _row(readings: Readings, view: ConnectionView) -> Report:
    engine = readings.engines.get(view.name)
    figures: Figures = {} if engine is None or readings.is_silent(view) else engine.figures
    session = session_of(figures)
    account = mapping(figures.get("account"))
    acknowledged = mapping(account.get("acknowledged"))
    return {
        "connection": view.name,
        "exchange": view.exchange,
        "mode": view.mode,
        "live": view.live,
        "last_test": _test(view.last_test),
        "clock_offset_ms": _offset_ms(view.last_test, session.clock_offset_ms),
        "headroom_pct": session.limiter.headroom_pct,
        "breaker": session.breaker.state if figures.get("session") else None,
        "calls": session.calls,
        "errors": session.errors,
        "reachable": account.get("is_reachable"),
        "reconciled": mapping(figures.get("reconcile")).get("is_reconciled"),
        "unknown_orders": readings.unknown_orders.get(view.name, 0),
        "orders_acknowledged": acknowledged.get("count"),
        "acknowledge_p50_ms": acknowledged.get("p50_ms"),
        "acknowledge_p99_ms": acknowledged.get("p99_ms"),
    }


def _test(test: ConnectionTest | None) -> Report | None:
    if test is None:
        return None
    fault = next(iter(test.faults), None)
    return {
        "at": iso_from_ms(test.time_ms),
        "result": test.status,
        "message": None if fault is None else fault.message,
    }


def _offset_ms(test: ConnectionTest | None, measured_ms: int | None) -> int | None:
    """Return the newest measurement: the engine's, else the last test's."""
    if measured_ms is not None:
        return measured_ms
    return None if test is None else test.clock_offset_ms
