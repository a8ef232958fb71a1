"""Which engines live, and what they said last: read from rows, and asked of this machine."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import psutil

from cts_tui.desk.workflow.subject import Subject
from cts_tui.engine.processes import is_process_alive
from cts_tui.errors import StoreError
from cts_tui.model.trading import SILENT_MS, EngineStatus
from cts_tui.store import engines, leases
from cts_tui.store.column_types import to_ms, to_ms_or_none


class Life(StrEnum):
    """How an engine program is."""

    RUNNING = "running"
    HUNG = "hung"
    """Its process exists, and says nothing."""
    STOPPED = "stopped"
    """Its process was stopped by a signal."""
    GONE = "gone"
    """Its process ended without a word."""


@dataclass(frozen=True, slots=True)
class Program:
    """An engine program that is registered."""

    owner: str
    pid: int
    life: Life
    started_ms: int
    heartbeat_ms: int


@dataclass(frozen=True, slots=True)
class Engine:
    """What the engine of one connection said last, and who has its lease."""

    status: EngineStatus
    started_ms: int | None
    heartbeat_ms: int | None
    last_error: str
    cycles: int
    feed_source: str
    lease_owner: str | None
    lease_until_ms: int | None


@dataclass(frozen=True, slots=True)
class Liveness:
    """One look."""

    now_ms: int
    programs: tuple[Program, ...]
    engines: Mapping[str, Engine]
    """By the name of the connection."""
    figures: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def owners(self) -> set[str]:
        """The programs that live, hung ones included: they hold what they hold."""
        return {program.owner for program in self.programs if program.life is not Life.GONE}

    @property
    def running(self) -> set[str]:
        """The connections whose engines are at work and were heard of a moment ago."""
        if not any(program.life is Life.RUNNING for program in self.programs):
            return set()
        return {
            name
            for name, engine in self.engines.items()
            if engine.status in (EngineStatus.RUNNING, EngineStatus.DEGRADED)
            and engine.heartbeat_ms is not None
            and self.now_ms - engine.heartbeat_ms <= SILENT_MS
        }


def look(subject: Subject) -> Liveness:
    """Look once. Raises StoreError, also for a row that cannot be read."""
    now_ms, host = subject.clock.now_ms(), socket.gethostname()
    try:
        with subject.store.read() as transaction:
            registered = [dict(row) for row in engines.programs(transaction)]
            states = [dict(row) for row in engines.states(transaction)]
            held = leases.held(transaction)
        return Liveness(
            now_ms=now_ms,
            programs=tuple(_program(row, host, now_ms) for row in registered),
            engines={row["name"]: _engine(row, held.get(row["connection_id"])) for row in states},
            figures={row["name"]: row["figures"] or {} for row in states},
        )
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise StoreError(
            f"what engines say of themselves cannot be read: {error}; see what can be mended: "
            "cts-tui repair --dry-run"
        ) from error


def look_if_readable(subject: Subject) -> Liveness | None:
    """Look once; None where that is not to be read, which the stage of coordination will say."""
    try:
        return look(subject)
    except StoreError:
        return None


def _program(row: Mapping[str, Any], host: str, now_ms: int) -> Program:
    heartbeat_ms = to_ms(row["heartbeat_at"])
    return Program(
        owner=row["owner"],
        pid=row["pid"],
        life=_life(row, host, is_silent=now_ms - heartbeat_ms > SILENT_MS),
        started_ms=to_ms(row["started_at"]),
        heartbeat_ms=heartbeat_ms,
    )


def _life(row: Mapping[str, Any], host: str, *, is_silent: bool) -> Life:
    """Return how a program is; of another machine's only its silence is known."""
    if row["host"] != host:
        return Life.GONE if is_silent else Life.RUNNING
    if not is_process_alive(row["pid"], row["pid_started_at"]):
        return Life.GONE
    if _is_stopped(row["pid"]):
        return Life.STOPPED
    return Life.HUNG if is_silent else Life.RUNNING


def _is_stopped(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP)
    except psutil.Error:
        return False


def _engine(row: Mapping[str, Any], lease: tuple[str, datetime] | None) -> Engine:
    processors = (row["figures"] or {}).get("processors") or ()
    return Engine(
        status=EngineStatus(row["status"]),
        started_ms=to_ms_or_none(row["started_at"]),
        heartbeat_ms=to_ms_or_none(row["heartbeat_at"]),
        last_error=row["last_error"] or "",
        cycles=sum(processor.get("cycles", 0) for processor in processors),
        feed_source=row["feed_source"] or "",
        lease_owner=lease[0] if lease else None,
        lease_until_ms=to_ms(lease[1]) if lease else None,
    )
