"""The sections of the health report, JSON-ready: the figures behind the verdict."""

from typing import Final

import psutil

from cts_tui.clock import iso_from_ms
from cts_tui.engine.health.api_section import api_section
from cts_tui.engine.health.integrity import Integrity
from cts_tui.engine.health.readings import Readings
from cts_tui.model.connection_view import FeedFigures
from cts_tui.model.health import Gravity
from cts_tui.model.money import money_text
from cts_tui.model.trading import EngineStatus
from cts_tui.model.views import ConnectionView, FeedView, ProcessorView, Report
from cts_tui.store import facts, history, sums
from cts_tui.store.database import Transaction
from cts_tui.store.engine_figures import feed_of, gate_states_of, mapping, number
from cts_tui.store.row_counts import row_counts
from cts_tui.store.running_sums import RunningSums

SECTIONS: Final = (
    "database",
    "connections",
    "engines",
    "processors",
    "feeds",
    "indications",
    "strategies",
    "signals",
    "positions",
    "integrity",
    "api",
    "process",
)
"""What a report always has; null where the store cannot be read."""


def sections(transaction: Transaction, readings: Readings, running: RunningSums) -> Report:
    """Return every section of the report, in order."""
    database = _database(transaction, readings)
    return {
        "database": database,
        "connections": _connections(readings.connections),
        "engines": _engines(readings),
        "processors": [_processor(view) for view in readings.processors],
        "feeds": _feeds(readings),
        "indications": _indications(transaction, readings, database["tables"]["indications"]),
        "strategies": _strategies(transaction, readings),
        "signals": _signals(transaction, running),
        "positions": _positions(transaction, readings, running),
        "integrity": _integrity(readings),
        "api": api_section(readings),
        "process": _process(readings),
    }


def _database(transaction: Transaction, readings: Readings) -> Report:
    integrity = readings.integrity
    counts = row_counts(transaction, integrity.rows, integrity.checked_ms)
    return {
        "reachable": True,
        **readings.database,
        "tables": dict(counts.rows),
        "counted_at": {name: iso_from_ms(at_ms) for name, at_ms in counts.counted_ms.items()},
        "estimated": list(counts.estimated),
        "integrity": {"checked_at": _iso(integrity.checked_ms), "result": integrity.result},
        "journal": dict(readings.journal),
        "last_backup": _last_backup(readings),
    }


def _last_backup(readings: Readings) -> Report | None:
    """Return what is known of the last backup, with its age; None before the first attempt."""
    last = mapping(readings.database.get("last_backup"))
    made_ms = number(last.get("made_ms"))
    told = {key: value for key, value in last.items() if key != "made_ms"}
    if made_ms is not None:
        told["age_s"] = max(0, round((readings.now_ms - made_ms) / 1000))
    return told or None


def _connections(views: list[ConnectionView]) -> Report:
    return {
        "total": len(views),
        "enabled": sum(view.enabled for view in views),
        "active": sum(view.status is EngineStatus.RUNNING for view in views if view.enabled),
        "live": sum(view.live for view in views),
    }


def _engines(readings: Readings) -> Report:
    enabled = readings.enabled if readings.is_any_alive else []
    states = [view.status for view in enabled]
    heard = [view.heartbeat_ms for view in readings.enabled if view.heartbeat_ms is not None]
    return {
        "running": sum(view.name not in readings.starting for view in readings.at_work),
        "healthy": states.count(EngineStatus.RUNNING),
        "degraded": states.count(EngineStatus.DEGRADED),
        "starting": len(readings.starting) if readings.is_any_alive else 0,
        "failed": states.count(EngineStatus.FAILED),
        "last_heartbeat_at": _iso(max(heard, default=None)),
        "restarts": sum(view.restarts for view in readings.enabled),
        "programs": [
            {
                "pid": program.pid,
                "host": program.host,
                "alive": program.is_alive,
                "started_at": iso_from_ms(program.started_at_ms),
                "heartbeat_at": iso_from_ms(program.heartbeat_ms),
            }
            for program in readings.programs
        ],
        "engines": [_engine(readings, view) for view in readings.enabled],
    }


def _engine(readings: Readings, view: ConnectionView) -> Report:
    reading = readings.engines.get(view.name)
    return {
        "connection": view.name,
        "status": view.status,
        "started_at": None if reading is None else _iso(reading.started_ms),
        "heartbeat_at": _iso(view.heartbeat_ms),
        "restarts": view.restarts,
        "feed_source": view.feed_source,
        "feed": _feed_figures(feed_of(None if reading is None else reading.figures)),
        "last_error": view.last_error,
    }


def _feed_figures(feed: FeedFigures) -> Report:
    return {
        "states": dict(feed.states),
        "reconnects": feed.reconnects,
        "stalls": feed.stalls,
        "gaps_filled": feed.gaps_filled,
        "missing": feed.missing,
        "refused": feed.refused,
        "last_error": feed.last_error or None,
    }


def _processor(view: ProcessorView) -> Report:
    rate_pct = view.error_rate_pct
    return {
        "connection": view.connection,
        "name": view.name,
        "cycles": view.cycles,
        "last_cycle_at": _iso(view.ended_at_ms),
        "last_ms": view.last_ms,
        "median_ms": view.median_ms,
        "p95_ms": view.p95_ms,
        "errors": view.errors,
        "error_rate_pct": None if rate_pct is None else round(rate_pct, 2),
        "last_error": view.last_error,
        "last_error_at": _iso(view.last_error_at_ms),
    }


def _feeds(readings: Readings) -> list[Report]:
    """Return a row for each symbol; what its connection's feed has been through is in each."""
    feeds = {name: feed_of(engine.figures) for name, engine in readings.engines.items()}
    return [_feed(view, feeds.get(view.connection, FeedFigures())) for view in readings.feeds]


def _feed(view: FeedView, feed: FeedFigures) -> Report:
    return {
        "connection": view.connection,
        "symbol": view.symbol,
        "source": view.source,
        "state": view.state,
        "price": None if view.price is None else money_text(view.price),
        "age_ms": view.age_ms,
        "candle_age_ms": view.candle_age_ms,
        "stale": view.is_stale,
        "reconnects": feed.reconnects,
        "stalls": feed.stalls,
        "refused": feed.refused,
        "note": view.note or None,
    }


def _indications(transaction: Transaction, readings: Readings, total: int) -> Report:
    own = [view for view in readings.processors if view.name == "indication"]
    progress = [mapping(one.figures.get("backfill")) for one in readings.engines.values()]

    def added(name: str) -> int:
        return round(sum(number(each.get(name)) or 0 for each in progress))

    return {
        "total": total,
        "last_processed_at": _last_cycle(own),
        "last_candle_at": _iso(history.last_indication_time(transaction)),
        "cycles": sum(view.cycles for view in own),
        "errors": sum(view.errors for view in own),
        "series": added("series"),
        "series_complete": added("series_done"),
        "backfilled": added("rows"),
    }


def _strategies(transaction: Transaction, readings: Readings) -> Report:
    enabled = facts.counts_by(transaction, "strategies", "enabled")
    own = [view for view in readings.processors if view.name == "strategy"]
    gates = [gate_states_of(one.figures) for one in readings.engines.values()]
    states = ("open", "gated", "unproven")
    return {
        "total": sum(enabled.values()),
        "active": enabled.get("True", 0),
        "last_processed_at": _last_cycle(own),
        "gates": {state: sum(each[state] for each in gates) for state in states},
    }


def _signals(transaction: Transaction, running: RunningSums) -> Report:
    by_status = running.signals(transaction)
    last = history.last_signal_time(transaction)
    return {"total": sum(by_status.values()), "by_status": by_status, "last_at": _iso(last)}


def _positions(transaction: Transaction, readings: Readings, running: RunningSums) -> Report:
    held = sums.open_figures(transaction, readings.now_ms)
    closed = running.realized(transaction)
    return {
        "open": held.count,
        "closed": closed.trades,
        "stale": held.stale,
        "unprotected": len(readings.unprotected),
        "unknown_orders": sum(readings.unknown_orders.values()),
        "open_pnl": money_text(held.pnl),
        "realized_pnl": money_text(closed.pnl),
    }


def _integrity(readings: Readings) -> Report:
    """Return what is wrong with the rows, and why strategies cannot run where they should."""
    faults = [
        f"{name}: {fault}"
        for name, engine in readings.engines.items()
        for fault in engine.figures.get("faults") or ()
    ]
    integrity: Integrity = readings.integrity
    return {
        "critical": [flaw.message for flaw in integrity.of(Gravity.CRITICAL)],
        "warnings": [flaw.message for flaw in integrity.of(Gravity.WARNING)] + faults,
        "checked_at": _iso(integrity.checked_ms),
    }


def _process(readings: Readings) -> Report:
    """Return the figures of the newest engine program, else those of this process."""
    if readings.told:
        return {"pid": readings.told[-1]["pid"], **readings.process}
    process = psutil.Process()
    return {"pid": process.pid, "rss_mb": round(process.memory_info().rss / 1_048_576, 1)}


def _last_cycle(views: list[ProcessorView]) -> str | None:
    return _iso(max((v.ended_at_ms for v in views if v.ended_at_ms is not None), default=None))


def _iso(time_ms: int | None) -> str | None:
    return None if time_ms is None else iso_from_ms(time_ms)
