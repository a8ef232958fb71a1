"""The exchanges: each enabled connection was tested and passed, or is asked now, without a key."""

import asyncio
from typing import Final

from cts_tui.desk.live_gates import TEST_LASTS_MS
from cts_tui.desk.workflow.liveness import Liveness, look_if_readable
from cts_tui.desk.workflow.subject import Finding, SoundConnection, Subject, summed_up
from cts_tui.model.connection import SIMULATED_EXCHANGE
from cts_tui.model.connection_test import ConnectionTest, StepStatus
from cts_tui.model.trading import Mode
from cts_tui.store.engine_figures import session_of

_DAY_MS: Final = 86_400_000


def judge(subject: Subject) -> Finding:
    """Judge the ways to the exchanges; nothing is signed or ordered."""
    failures: list[str] = []
    warnings: list[str] = []
    asked = _asked(subject)
    seen = look_if_readable(subject)
    for one in asked:
        name = one.setup.name
        fault, warning = _judged(subject, one, seen)
        if fault:
            subject.broken.add(name)
            failures.append(f"{name}: {fault}")
        elif warning:
            warnings.append(f"{name}: {warning}")
    names = [one.setup.name for one in asked]
    if not names:
        if subject.only is not None:
            return Finding(StepStatus.SKIP, f"not tried: {subject.only} is not in order")
        return Finding(StepStatus.PASS, "no exchange is needed: the demo market is in this program")
    passed = f"{', '.join(names)}: reached and in order"
    return summed_up(failures, warnings, passed, figures={"connections": names})


def _asked(subject: Subject) -> list[SoundConnection]:
    """Return the connections whose exchange matters: the one that is asked about, or all in use."""
    if subject.only is not None:
        return [one for one in subject.connections if one.setup.name not in subject.broken]
    return [one for one in subject.enabled if one.setup.exchange != SIMULATED_EXCHANGE]


def _judged(subject: Subject, one: SoundConnection, seen: Liveness | None) -> tuple[str, str]:
    """Return what fails and what is to be known of one connection; two empty texts: all is well."""
    if subject.only is not None:
        return _worst(asyncio.run(_ask(subject, one)))
    if fault := _down(one.setup.name, seen):
        return fault, ""
    return _by_last_test(one, subject.clock.now_ms())


def _down(name: str, seen: Liveness | None) -> str:
    """Return since when a running engine has not reached the exchange; empty where it does."""
    if seen is None or name not in seen.running:
        return ""
    breaker = session_of(seen.figures[name]).breaker
    if breaker.is_closed:
        return ""
    why = f": {breaker.last_error.replace('; ', ', ')}" if breaker.last_error else ""
    return f"the exchange does not answer the engine{why}; connections show {name}"


async def _ask(subject: Subject, one: SoundConnection) -> ConnectionTest:
    from cts_tui.exchange.check import check_connection

    return await check_connection(one.setup, None, subject.clock, is_public=True)


def _worst(test: ConnectionTest) -> tuple[str, str]:
    """Return the first failure of a test, and its first warning."""
    told = {
        status: next(
            (_said(s.name, s.message, s.todo) for s in test.steps if s.status is status), ""
        )
        for status in (StepStatus.FAIL, StepStatus.WARN)
    }
    return told[StepStatus.FAIL], told[StepStatus.WARN]


def _said(name: str, message: str, todo: str) -> str:
    return f"{name}: {message.replace('; ', ', ')}" + (f"; {todo}" if todo else "")


def _by_last_test(one: SoundConnection, now_ms: int) -> tuple[str, str]:
    """Judge by the test that is stored; a paper connection needs none."""
    setup, test = one.setup, one.last_test
    again = f"connections test {setup.name}"
    if test is None:
        return "", "" if setup.mode is Mode.PAPER else f"it was never tested; {again}"
    if test.status is StepStatus.FAIL:
        failure, _ = _worst(test)
        return f"the last test failed, {failure or again}", ""
    if setup.mode is Mode.PAPER:
        return "", ""
    if test.time_ms < (setup.credentials_ms or 0):
        return "", f"the credentials were changed after the last test; {again}"
    if now_ms - test.time_ms > TEST_LASTS_MS:
        return "", f"the last test is older than {TEST_LASTS_MS // _DAY_MS} days; {again}"
    return "", _worst(test)[1]
