"""Coordination: programs live, each enabled connection has one engine, and its cycles go on."""

import time
from typing import Any, Final

from cts_tui.clock import iso_from_ms
from cts_tui.desk.workflow.liveness import Engine, Life, Liveness, Program, look
from cts_tui.desk.workflow.subject import Finding, Subject, summed_up
from cts_tui.engine.registration import LEASE_S
from cts_tui.model.connection_test import StepStatus
from cts_tui.model.trading import SILENT_MS, EngineStatus

_LOOK_EVERY_S: Final = 0.2
_LONGEST_S: Final = SILENT_MS / 1000
"""So long a second look waits for a sign of life; every program gives one each second."""
_LEASE_MS: Final = int(LEASE_S * 1000)


def judge(subject: Subject) -> Finding:
    """Look twice, the second time when everything has moved on, or should have."""
    first = look(subject)
    failures = _ghosts(subject, first)
    running = [program for program in first.programs if program.life is Life.RUNNING]
    failures += [_dead_words(program) for program in first.programs if program.life in _NOT_WELL]
    if not running:
        return _without_engine(first, failures)
    second = _moved_on(subject, first) if not failures else first
    if second is not first:
        failures += _standing_still(subject, first, second)
    warnings = []
    for one in subject.enabled:
        fault, warning = _engine_words(one.setup.name, second)
        failures += [fault] if fault else []
        warnings += [warning] if warning else []
    passed = f"{len(running)} program at work, the cycles of {len(second.running)} engines go on"
    return summed_up(failures, warnings, passed, figures=_figures(first, second))


_NOT_WELL: Final = (Life.HUNG, Life.STOPPED)


def _without_engine(seen: Liveness, failures: list[str]) -> Finding:
    """Return what is to be said where no program runs as it should."""
    if failures:
        return summed_up(failures, [], "", figures=_figures(seen, seen))
    killed = [program for program in seen.programs if program.life is Life.GONE]
    if killed:
        pids = ", ".join(str(program.pid) for program in killed)
        what = f"an engine ended without a word (process {pids}), none runs"
        return Finding(StepStatus.WARN, what, "start one, it takes over: cts-tui run")
    return Finding(StepStatus.SKIP, "not tried: no engine runs", "start one: cts-tui run")


def _dead_words(program: Program) -> str:
    if program.life is Life.STOPPED:
        return (
            f"the engine program {program.pid} was stopped by a signal; let it go on: "
            f"kill -CONT {program.pid}"
        )
    since = iso_from_ms(program.heartbeat_ms)
    return (
        f"the engine program {program.pid} has hung since {since}; look at logs/cts.log, then end "
        f"it: kill {program.pid}"
    )


def _ghosts(subject: Subject, seen: Liveness) -> list[str]:
    """Return the leases that nobody who lives holds, and that do not end by themselves in time."""
    return [
        f"the lease of {one.setup.name} is held until {iso_from_ms(engine.lease_until_ms)} by "
        f"{engine.lease_owner}, which does not run; no engine can take it: cts-tui repair"
        for one in subject.enabled
        if (engine := seen.engines.get(one.setup.name)) is not None
        and engine.lease_owner not in seen.owners
        and engine.lease_until_ms is not None
        and engine.lease_until_ms - seen.now_ms > _LEASE_MS
    ]


def _moved_on(subject: Subject, first: Liveness) -> Liveness:
    """Look again until everything has moved on, or should have long ago."""
    ends = time.monotonic() + _LONGEST_S
    while True:
        _pause()
        second = look(subject)
        if not _standing_still(subject, first, second) or time.monotonic() > ends:
            return second


def _pause() -> None:
    time.sleep(_LOOK_EVERY_S)


def _standing_still(subject: Subject, first: Liveness, second: Liveness) -> list[str]:
    """Return what was at work at the first look and has not moved on since."""
    still = [
        f"the engine program {now.pid} gives no sign of life; look at logs/cts.log, then end it: "
        f"kill {now.pid}"
        for before in first.programs
        if before.life is Life.RUNNING
        and (now := _again(before, second)) is not None
        and (now.life is not Life.RUNNING or now.heartbeat_ms <= before.heartbeat_ms)
    ]
    if still:
        return still
    enabled = {one.setup.name for one in subject.enabled}
    return [
        f"the cycles of {name} stand still; see its processors: cts-tui health"
        for name in sorted(enabled & first.running)
        if (engine := second.engines.get(name)) is not None
        and engine.status in (EngineStatus.RUNNING, EngineStatus.DEGRADED)
        and engine.cycles == first.engines[name].cycles
    ]


def _again(program: Program, seen: Liveness) -> Program | None:
    """Return a program as it was seen later; None where it has ended in order meanwhile."""
    return next((one for one in seen.programs if one.owner == program.owner), None)


def _engine_words(name: str, seen: Liveness) -> tuple[str, str]:
    """Return what fails and what is to be known of the engine of an enabled connection."""
    engine = seen.engines.get(name)
    if engine is None:
        return f"{name} has no engine state; start anything: it is made", ""
    if engine.status is EngineStatus.FAILED:
        return f"the engine of {name} failed: {engine.last_error}; cts-tui health", ""
    if name not in seen.running:
        if engine.status is EngineStatus.STARTING or _is_young(seen):
            return "", f"the engine of {name} is starting; test again"
        return f"no engine runs {name}{_holder(engine, seen)}; cts-tui health", ""
    if engine.status is EngineStatus.DEGRADED:
        why = engine.last_error or "its database writes fail"
        return "", f"the engine of {name} is degraded: {why}; connections show {name}"
    return "", ""


def _holder(engine: Engine, seen: Liveness) -> str:
    """Return who has the lease, where it is none of those who run."""
    if engine.lease_owner is None or engine.lease_owner in seen.owners:
        return ""
    return f", its lease is {engine.lease_owner}'s"


def _is_young(seen: Liveness) -> bool:
    """Return whether every program is too young for its engines to have said a word."""
    running = [one.started_ms for one in seen.programs if one.life is Life.RUNNING]
    return seen.now_ms - min(running, default=0) <= SILENT_MS


def _figures(first: Liveness, second: Liveness) -> dict[str, Any]:
    return {
        "programs": [
            {
                "pid": program.pid,
                "life": program.life,
                "heartbeat_at": iso_from_ms(program.heartbeat_ms),
            }
            for program in second.programs
        ],
        "cycles": {
            name: engine.cycles - first.engines[name].cycles
            for name, engine in second.engines.items()
            if name in first.engines and name in second.running
        },
    }
