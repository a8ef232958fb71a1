"""What health is judged by: everything that is read of the store, in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cts_tui.engine.processes import program_views
from cts_tui.model.market import PRICE_STALE_MS
from cts_tui.model.trading import SILENT_MS, EngineStatus
from cts_tui.model.views import (
    ConnectionView,
    EngineProgramView,
    FeedView,
    ProcessorView,
    Report,
)
from cts_tui.store import engines, facts, history
from cts_tui.store.database import Database, Transaction
from cts_tui.store.engine_figures import Figures, mapping, processors_of
from cts_tui.store.heard import connection_views


@dataclass(frozen=True)
class Readings:
    """The desk as its rows tell of it now."""

    now_ms: int
    database: Report
    """Facts of the database itself, as the report gives them."""
    connections: list[ConnectionView]
    programs: list[EngineProgramView]
    told: list[Figures]
    """Figures of the living programs that have told any, the newest program last."""
    engines: dict[str, Figures]
    """Figures of the engines of enabled connections, by connection."""
    feeds: list[FeedView]
    broken: list[str]
    """Rows that cannot be."""

    @property
    def enabled(self) -> list[ConnectionView]:
        """The connections that should have an engine."""
        return [view for view in self.connections if view.enabled]

    @property
    def is_any_alive(self) -> bool:
        """Whether any engine program runs."""
        return any(program.is_alive for program in self.programs)

    @cached_property
    def starting(self) -> frozenset[str]:
        """The connections whose engine starts, or whose program is too young to have said so."""
        return frozenset(view.name for view in self.enabled if self._is_starting(view))

    @cached_property
    def processors(self) -> list[ProcessorView]:
        """The processors of every engine, the programs' own ones last."""
        own = [view for figures in self.told for view in processors_of(figures, "engine")]
        return [
            *(view for name in self.engines for view in processors_of(self.engines[name], name)),
            *own,
        ]

    @property
    def journal(self) -> Figures:
        """How the writer of the newest program is doing."""
        return mapping(self.told[-1].get("journal")) if self.told else {}

    def is_silent(self, view: ConnectionView) -> bool:
        """Return whether an engine has not been heard of for too long."""
        return view.heartbeat_ms is None or self.now_ms - view.heartbeat_ms > SILENT_MS

    def _is_starting(self, view: ConnectionView) -> bool:
        youngest_ms = max((p.started_at_ms for p in self.programs if p.is_alive), default=0)
        has_spoken = view.heartbeat_ms is not None and view.heartbeat_ms >= youngest_ms
        is_young = self.now_ms - youngest_ms <= SILENT_MS
        return view.status is EngineStatus.STARTING or (is_young and not has_spoken)


def read(database: Database, now_ms: int) -> Readings:
    """Read the store. Raises StoreError, and OSError where its file cannot be looked at."""
    found = facts.database_facts(database)
    with database.read() as transaction:
        return readings(transaction, now_ms, found)


def readings(transaction: Transaction, now_ms: int, database: Report) -> Readings:
    """Read what the rows tell, within a transaction of the caller's."""
    views = connection_views(transaction, now_ms)
    programs = program_views(transaction, now_ms)
    return Readings(
        now_ms=now_ms,
        database=database,
        connections=views,
        programs=programs,
        told=_told(transaction, programs),
        engines={
            row["name"]: mapping(row["figures"])
            for row in engines.states(transaction)
            if row["enabled"]
        },
        feeds=_feeds(transaction, views, now_ms),
        broken=facts.broken_rows(transaction),
    )


def _told(transaction: Transaction, programs: list[EngineProgramView]) -> list[Figures]:
    alive = {program.owner for program in programs if program.is_alive}
    told: list[Mapping[str, Any]] = [
        {"pid": row["pid"], **mapping(row["figures"])}
        for row in engines.programs(transaction)
        if row["figures"] and row["owner"] in alive
    ]
    return told


def _feeds(transaction: Transaction, views: list[ConnectionView], now_ms: int) -> list[FeedView]:
    """Return the prices of the symbols that are traded now, not of those that once were."""
    traded = {(view.name, symbol) for view in views for symbol in view.symbols}
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
