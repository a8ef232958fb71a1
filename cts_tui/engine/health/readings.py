"""What health is judged by: everything that is read of the store, in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any, Final

from cts_tui.clock import utc_from_ms
from cts_tui.engine.health.bounds import EASED, SHIPPED
from cts_tui.engine.health.engine_readings import EngineReading, engine_readings
from cts_tui.engine.health.feeds import feed_views
from cts_tui.engine.health.integrity import Integrity, read_integrity
from cts_tui.engine.processes import program_views
from cts_tui.model.alerts import TargetView
from cts_tui.model.health import Fault
from cts_tui.model.trading import SILENT_MS, EngineStatus
from cts_tui.model.views import (
    ConnectionView,
    EngineProgramView,
    FeedView,
    ProcessorView,
    Report,
)
from cts_tui.store import alert_targets, alerts, facts, troubles
from cts_tui.store import engines as stored_engines
from cts_tui.store.backup_rows import last_backup
from cts_tui.store.connections import setups
from cts_tui.store.database import Database, Transaction
from cts_tui.store.engine_figures import Figures, faults_of, mapping, number, processors_of
from cts_tui.store.heard import connection_views
from cts_tui.store.troubles import Halt, Unprotected

_FAILURES_WITHIN: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class Readings:
    """The desk as its rows tell of it now. Replays are left out."""

    now_ms: int
    database: Report
    """Facts of the database itself, as the report gives them."""
    integrity: Integrity = field(default_factory=Integrity)
    connections: list[ConnectionView] = field(default_factory=list)
    programs: list[EngineProgramView] = field(default_factory=list)
    told: list[Figures] = field(default_factory=list)
    """Figures of the living programs that have told any, the newest program last."""
    engines: dict[str, EngineReading] = field(default_factory=dict)
    """By connection, of those that are enabled."""
    feeds: list[FeedView] = field(default_factory=list)
    unprotected: list[Unprotected] = field(default_factory=list)
    unknown_orders: dict[str, int] = field(default_factory=dict)
    """By connection."""
    failures: dict[str, int] = field(default_factory=dict)
    """How often engines have failed in the last ten minutes, by connection."""
    halts: list[Halt] = field(default_factory=list)
    standing: frozenset[tuple[str, str]] = frozenset()
    """Rule and subject of the alerts that stand."""
    targets: list[TargetView] = field(default_factory=list)
    """Where notices of alerts go."""

    @property
    def enabled(self) -> list[ConnectionView]:
        """The connections that should have an engine."""
        return [view for view in self.connections if view.enabled]

    @property
    def is_any_alive(self) -> bool:
        """Whether any engine program runs."""
        return any(program.is_alive for program in self.programs)

    @property
    def at_work(self) -> list[ConnectionView]:
        """The enabled connections whose engine has started and is heard of."""
        if not self.is_any_alive:
            return []
        working = (EngineStatus.RUNNING, EngineStatus.DEGRADED)
        return [
            view
            for view in self.enabled
            if view.status in working and view.name not in self.starting
        ]

    @cached_property
    def starting(self) -> frozenset[str]:
        """The connections whose engine starts, or whose program is too young to have said so."""
        return frozenset(view.name for view in self.enabled if self._is_starting(view))

    @cached_property
    def processors(self) -> list[ProcessorView]:
        """The processors of every engine, the programs' own ones last."""
        own = [view for figures in self.told for view in processors_of(figures, "engine")]
        engines = self.engines.items()
        return [view for name, one in engines for view in processors_of(one.figures, name)] + own

    @property
    def journal(self) -> Figures:
        """How the writer of the newest program is doing."""
        return mapping(self.told[-1].get("journal")) if self.told else {}

    def bound(self, name: str) -> float:
        """Return what the newest program was told by its settings to take for too much."""
        told = mapping(self.told[-1].get("bounds")) if self.told else {}
        found = number(told.get(name))
        return SHIPPED[name] if found is None else found

    def is_above(self, value: float, bound: float, rule: str, subject: str) -> bool:
        """Return whether a figure is too high; once its alert stands, until it has eased."""
        return value > (bound * EASED if (rule, subject) in self.standing else bound)

    def is_below(self, value: float, bound: float, rule: str, subject: str) -> bool:
        """Return whether a figure is too low; once its alert stands, until it has eased."""
        return value < (bound / EASED if (rule, subject) in self.standing else bound)

    @property
    def process(self) -> Figures:
        """What the newest program has measured of itself."""
        return mapping(self.told[-1].get("process")) if self.told else {}

    @property
    def told_faults(self) -> list[Fault]:
        """What the programs know to be wrong with themselves."""
        return [fault for figures in self.told for fault in faults_of(figures)]

    @property
    def log(self) -> Figures:
        """How the log of the newest program is doing."""
        return mapping(self.told[-1].get("log")) if self.told else {}

    def is_silent(self, view: ConnectionView) -> bool:
        """Return whether an engine has not been heard of for too long."""
        return view.heartbeat_ms is None or self.now_ms - view.heartbeat_ms > SILENT_MS

    def is_settled(self, name: str) -> bool:
        """Return whether the engine of a connection has run for a minute."""
        engine = self.engines.get(name)
        return engine is not None and engine.is_settled(self.now_ms)

    def _is_starting(self, view: ConnectionView) -> bool:
        youngest_ms = max((p.started_at_ms for p in self.programs if p.is_alive), default=0)
        has_spoken = view.heartbeat_ms is not None and view.heartbeat_ms >= youngest_ms
        is_young = self.now_ms - youngest_ms <= SILENT_MS
        return view.status is EngineStatus.STARTING or (is_young and not has_spoken)


def read(database: Database, transaction: Transaction, now_ms: int) -> Readings:
    """Read what the rows and the database's file tell. Raises StoreError."""
    views = connection_views(transaction, now_ms)
    programs = program_views(transaction, now_ms)
    engines = engine_readings(transaction)
    names = {view.name for view in views}
    ids = [setup.id for setup in setups(transaction) if setup.name in names]
    since = utc_from_ms(now_ms) - _FAILURES_WITHIN
    return Readings(
        now_ms=now_ms,
        database={
            **facts.schema_facts(transaction),
            **facts.file_facts(database),
            "last_backup": last_backup(transaction),
        },
        integrity=read_integrity(transaction, now_ms),
        connections=views,
        programs=programs,
        told=_told(transaction, programs),
        engines={name: one for name, one in engines.items() if name in names},
        feeds=feed_views(transaction, views, engines, now_ms),
        unprotected=troubles.unprotected(transaction),
        unknown_orders=troubles.unknown_orders(transaction, ids),
        failures=troubles.engine_failures(transaction, since),
        halts=troubles.halts(transaction),
        standing=alerts.standing_keys(transaction),
        targets=alert_targets.views(transaction),
    )


def _told(transaction: Transaction, programs: list[EngineProgramView]) -> list[Figures]:
    alive = {program.owner for program in programs if program.is_alive}
    told: list[Mapping[str, Any]] = [
        {"pid": row["pid"], **mapping(row["figures"])}
        for row in stored_engines.programs(transaction)
        if row["figures"] and row["owner"] in alive
    ]
    return told
