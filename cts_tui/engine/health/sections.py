"""The sections of the health report, JSON-ready: the figures behind the verdict."""

from typing import Final

import psutil

from cts_tui.clock import iso_from_ms
from cts_tui.engine.health.readings import Readings
from cts_tui.model.money import money_text
from cts_tui.model.trading import EngineStatus
from cts_tui.model.views import ConnectionView, FeedView, ProcessorView, Report
from cts_tui.store import facts, history, sums
from cts_tui.store.database import Transaction
from cts_tui.store.engine_figures import mapping, number

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


def sections(transaction: Transaction, readings: Readings) -> Report:
    """Return every section of the report, in order."""
    return {
        "database": readings.database | {"journal": dict(readings.journal)},
        "connections": _connections(readings.connections),
        "engines": _engines(readings),
        "processors": [_processor(view) for view in readings.processors],
        "feeds": [_feed(view) for view in readings.feeds],
        "indications": _indications(readings),
        "strategies": _strategies(transaction),
        "signals": {
            "total": history.count_signals(transaction),
            "by_status": facts.counts_by(transaction, "signals", "status"),
        },
        "positions": _positions(transaction, readings.now_ms),
        "integrity": {"critical": readings.broken, "warnings": _strategy_faults(readings)},
        "api": [{"connection": v.name, "last_test": v.last_test} for v in readings.connections],
        "process": _process(readings),
    }


def _connections(views: list[ConnectionView]) -> Report:
    return {
        "total": len(views),
        "enabled": sum(view.enabled for view in views),
        "active": sum(view.status is EngineStatus.RUNNING for view in views if view.enabled),
        "live": sum(view.live for view in views),
    }


def _engines(readings: Readings) -> Report:
    return {
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
        "engines": [
            {
                "connection": view.name,
                "status": view.status,
                "heartbeat_at": iso_from_ms(view.heartbeat_ms) if view.heartbeat_ms else None,
                "restarts": view.restarts,
                "feed_source": view.feed_source,
                "last_error": view.last_error,
            }
            for view in readings.enabled
        ],
    }


def _processor(view: ProcessorView) -> Report:
    last = view.last_error_at_ms
    return {
        "connection": view.connection,
        "name": view.name,
        "cycles": view.cycles,
        "errors": view.errors,
        "last_ms": view.last_ms,
        "median_ms": view.median_ms,
        "p95_ms": view.p95_ms,
        "last_error": view.last_error,
        "last_error_at": None if last is None else iso_from_ms(last),
    }


def _feed(view: FeedView) -> Report:
    return {
        "connection": view.connection,
        "symbol": view.symbol,
        "source": view.source,
        "price": None if view.price is None else money_text(view.price),
        "age_ms": view.age_ms,
        "stale": view.is_stale,
    }


def _indications(readings: Readings) -> Report:
    own = [view for view in readings.processors if view.name == "indication"]
    progress = [mapping(figures.get("backfill")) for figures in readings.engines.values()]

    def total(name: str) -> int:
        return round(sum(number(each.get(name)) or 0 for each in progress))

    return {
        "cycles": sum(view.cycles for view in own),
        "errors": sum(view.errors for view in own),
        "series": total("series"),
        "series_complete": total("series_done"),
        "backfilled": total("rows"),
    }


def _positions(transaction: Transaction, now_ms: int) -> Report:
    held = sums.open_figures(transaction, now_ms)
    closed = sums.realized_figures(transaction)
    return {
        "open": held.count,
        "stale": held.stale,
        "closed": closed.trades,
        "open_pnl": money_text(held.pnl),
        "realized_pnl": money_text(closed.pnl),
    }


def _strategies(transaction: Transaction) -> Report:
    enabled = facts.counts_by(transaction, "strategies", "enabled")
    return {"total": sum(enabled.values()), "active": enabled.get("True", 0)}


def _strategy_faults(readings: Readings) -> list[str]:
    """Return why strategies cannot run where they should."""
    return [
        f"{name}: {fault}"
        for name, figures in readings.engines.items()
        for fault in figures.get("faults") or ()
    ]


def _process(readings: Readings) -> Report:
    """Return the figures of the newest engine program, else those of this process."""
    if readings.told:
        newest = readings.told[-1]
        return {"pid": newest["pid"], **mapping(newest.get("process"))}
    process = psutil.Process()
    return {"pid": process.pid, "rss_mb": round(process.memory_info().rss / 1_048_576, 1)}
