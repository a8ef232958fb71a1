"""The health report: what is well, what is not, and the reasons in order of gravity.

Unhealthy: the store is unusable, or an enabled connection has no engine. Degraded: an engine, a
feed, a processor or the writer is impaired. Healthy: everything else.
"""

import time
from typing import Final

import psutil

from cts_tui.clock import iso_from_ms
from cts_tui.desk import health_rules
from cts_tui.desk.figures import connection_views, open_figures, realized_figures
from cts_tui.desk.programs import ProgramDesk
from cts_tui.desk.room import Room
from cts_tui.errors import StoreError
from cts_tui.model.market import PRICE_STALE_MS
from cts_tui.model.money import money_text
from cts_tui.model.trading import EngineStatus, HealthStatus
from cts_tui.model.views import (
    ConnectionView,
    EngineProgramView,
    FeedView,
    HealthReport,
    ProcessorView,
    Report,
)
from cts_tui.store import engines, facts, history
from cts_tui.store.database import Transaction

_SECTIONS: Final = (
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


class HealthDesk:
    """Reads health from rows: the same whether the engine runs in this process or another."""

    def __init__(self, room: Room, programs: ProgramDesk) -> None:
        self._room = room
        self._programs = programs

    def report(self) -> HealthReport:
        """Return the whole report; a store that cannot be read is a report as well."""
        started = time.perf_counter()
        try:
            database = facts.database_facts(self._room.database)
            programs = self._programs.list()
            with self._room.database.read() as transaction:
                report = self._assess(transaction, database, programs)
        except (StoreError, OSError) as error:
            return unreadable(str(error))
        report.sections["database"]["read_ms"] = round((time.perf_counter() - started) * 1000, 1)
        return report

    def processors(self) -> list[ProcessorView]:
        """Return the cycle figures of every processor, the programs' own ones last."""
        programs = self._programs.list()
        with self._room.database.read() as transaction:
            return _processors(transaction, _program_figures(transaction, programs))

    def feeds(self) -> list[FeedView]:
        """Return every symbol of the enabled connections, with the age of its price."""
        now_ms = self._room.clock.now_ms()
        with self._room.database.read() as transaction:
            return _feeds(transaction, now_ms)

    def gates(self, strategy: str) -> list[Report]:
        """Return what the profit-factor gate says of a strategy, per connection and symbol."""
        with self._room.database.read() as transaction:
            return [
                {"connection": row["name"], **gate}
                for row in engines.states(transaction)
                for gate in (row["figures"] or {}).get("gates", ())
                if gate["strategy"] == strategy
            ]

    def _assess(
        self, transaction: Transaction, database: Report, programs: list[EngineProgramView]
    ) -> HealthReport:
        now_ms = self._room.clock.now_ms()
        views = connection_views(transaction, now_ms)
        own = _program_figures(transaction, programs)
        processors = _processors(transaction, own)
        feeds = _feeds(transaction, now_ms)
        broken = facts.broken_rows(transaction)
        journal: Report = own[-1]["journal"] if own else {}
        grave = [
            *health_rules.database_faults(database),
            *health_rules.engine_faults(views, programs, now_ms),
            *broken,
        ]
        minor = [
            *health_rules.unwatched_positions(views),
            *health_rules.impairments(views, programs, now_ms),
            *health_rules.feed_faults(feeds, views, programs, now_ms),
            *health_rules.processor_faults(processors, now_ms),
            *health_rules.journal_faults(journal),
        ]
        status = HealthStatus.HEALTHY
        if grave or minor:
            status = HealthStatus.UNHEALTHY if grave else HealthStatus.DEGRADED
        sections: Report = {
            "database": database | {"journal": journal},
            "connections": _connection_section(views),
            "engines": _engine_section(views, programs),
            "processors": [_processor_row(view) for view in processors],
            "feeds": [_feed_row(view) for view in feeds],
            "indications": _indication_section(transaction, processors),
            "strategies": _strategy_section(transaction),
            "signals": {
                "total": history.count_signals(transaction),
                "by_status": facts.counts_by(transaction, "signals", "status"),
            },
            "positions": _position_section(transaction, now_ms),
            "integrity": {"critical": broken, "warnings": _strategy_faults(transaction)},
            "api": [{"connection": view.name, "last_test": view.last_test} for view in views],
            "process": _process_section(own),
        }
        return HealthReport(status, (*grave, *minor), sections)


def unreadable(reason: str) -> HealthReport:
    """Return the report of a store that cannot be read: nothing else is known."""
    sections = dict.fromkeys(_SECTIONS) | {"database": {"reachable": False, "error": reason}}
    return HealthReport(HealthStatus.UNHEALTHY, (reason,), sections)


def _program_figures(transaction: Transaction, programs: list[EngineProgramView]) -> list[Report]:
    """Return the figures of the living engine programs that have measured themselves."""
    alive = {program.owner for program in programs if program.is_alive}
    return [
        {"pid": row["pid"], **row["figures"]}
        for row in engines.programs(transaction)
        if row["figures"] and row["owner"] in alive
    ]


def _processors(transaction: Transaction, programs: list[Report]) -> list[ProcessorView]:
    views = [
        _processor_view(row["name"], figures)
        for row in engines.states(transaction)
        if row["enabled"]
        for figures in (row["figures"] or {}).get("processors", ())
    ]
    return views + [_processor_view("engine", program["processor"]) for program in programs]


def _processor_view(connection: str, figures: Report) -> ProcessorView:
    return ProcessorView(
        connection=connection,
        name=figures["name"],
        cycles=figures["cycles"],
        errors=figures["errors"],
        last_ms=figures["last_ms"],
        median_ms=figures["median_ms"],
        p95_ms=figures["p95_ms"],
        last_error=figures["last_error"],
        last_error_at_ms=figures["last_error_ms"],
    )


def _feeds(transaction: Transaction, now_ms: int) -> list[FeedView]:
    """Return the prices of the symbols that are traded now, not of those that once were."""
    traded = {
        (view.name, symbol)
        for view in connection_views(transaction, now_ms)
        for symbol in view.symbols
    }
    return [
        FeedView(
            connection=row["connection"],
            symbol=row["symbol"],
            source=row["source"],
            price=row["price"],
            age_ms=max(0, now_ms - row["time_ms"]),
            is_stale=row["is_stale"] or now_ms - row["time_ms"] > PRICE_STALE_MS,
        )
        for row in history.latest_prices(transaction)
        if (row["connection"], row["symbol"]) in traded
    ]


def _connection_section(views: list[ConnectionView]) -> Report:
    return {
        "total": len(views),
        "enabled": sum(view.enabled for view in views),
        "active": sum(view.status is EngineStatus.RUNNING for view in views if view.enabled),
        "live": sum(view.live for view in views),
    }


def _engine_section(views: list[ConnectionView], programs: list[EngineProgramView]) -> Report:
    return {
        "programs": [
            {
                "pid": program.pid,
                "host": program.host,
                "alive": program.is_alive,
                "started_at": iso_from_ms(program.started_at_ms),
                "heartbeat_at": iso_from_ms(program.heartbeat_ms),
            }
            for program in programs
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
            for view in views
            if view.enabled
        ],
    }


def _processor_row(view: ProcessorView) -> Report:
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


def _feed_row(view: FeedView) -> Report:
    return {
        "connection": view.connection,
        "symbol": view.symbol,
        "source": view.source,
        "price": None if view.price is None else money_text(view.price),
        "age_ms": view.age_ms,
        "stale": view.is_stale,
    }


def _indication_section(transaction: Transaction, processors: list[ProcessorView]) -> Report:
    own = [view for view in processors if view.name == "indication"]
    progress = [
        (row["figures"] or {}).get("backfill", {})
        for row in engines.states(transaction)
        if row["enabled"]
    ]
    return {
        "cycles": sum(view.cycles for view in own),
        "errors": sum(view.errors for view in own),
        "series": sum(each.get("series", 0) for each in progress),
        "series_complete": sum(each.get("series_done", 0) for each in progress),
        "backfilled": sum(each.get("rows", 0) for each in progress),
    }


def _position_section(transaction: Transaction, now_ms: int) -> Report:
    held = open_figures(transaction, now_ms)
    closed = realized_figures(transaction)
    return {
        "open": held.count,
        "stale": held.stale,
        "closed": closed.trades,
        "open_pnl": money_text(held.pnl),
        "realized_pnl": money_text(closed.pnl),
    }


def _strategy_section(transaction: Transaction) -> Report:
    enabled = facts.counts_by(transaction, "strategies", "enabled")
    return {"total": sum(enabled.values()), "active": enabled.get("True", 0)}


def _strategy_faults(transaction: Transaction) -> list[str]:
    """Return why strategies cannot run where they should."""
    return [
        f"{row['name']}: {fault}"
        for row in engines.states(transaction)
        if row["enabled"]
        for fault in (row["figures"] or {}).get("faults", ())
    ]


def _process_section(programs: list[Report]) -> Report:
    """Return the figures of the newest engine program, else those of this process."""
    if programs:
        own = ("journal", "processor")
        return {key: value for key, value in programs[-1].items() if key not in own}
    process = psutil.Process()
    return {"pid": process.pid, "rss_mb": round(process.memory_info().rss / 1_048_576, 1)}
