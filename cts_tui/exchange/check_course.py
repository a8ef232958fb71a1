"""The course of a connection test: steps one after the other, each timed, bounded and reported."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from cts_tui.errors import (
    AuthenticationError,
    ConfigError,
    CtsError,
    MaintenanceError,
    RateLimitedError,
)
from cts_tui.model.connection_test import StepResult, StepStatus
from cts_tui.redaction import redacted

OnStep = Callable[[StepResult], None]
"""Hears each step as it ends."""

_LOGGER: Final = logging.getLogger(__name__)
_LEAST_S: Final = 0.1
"""What is left of the whole test's time below which a step is not begun."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a step found."""

    status: StepStatus
    message: str
    todo: str = ""


def passed(message: str) -> Finding:
    """Return that all is well."""
    return Finding(StepStatus.PASS, message)


def warned(message: str, todo: str = "") -> Finding:
    """Return that it works, with something to know."""
    return Finding(StepStatus.WARN, message, todo)


def failed(message: str, todo: str) -> Finding:
    """Return that it does not work, and what to do."""
    return Finding(StepStatus.FAIL, message, todo)


def skipped(message: str) -> Finding:
    """Return that it was not tried, and why."""
    return Finding(StepStatus.SKIP, message)


class Course:
    """Runs steps, keeps their results, and hands each on as it ends."""

    def __init__(
        self,
        on_step: OnStep = lambda step: None,
        *,
        whole_s: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`whole_s` bounds all steps together; `now` is in seconds."""
        self._on_step = on_step
        self._now = now
        self._ends_at = now() + whole_s
        self.results: list[StepResult] = []

    async def step(
        self, name: str, work: Callable[[], Awaitable[Finding]], *, timeout_s: float
    ) -> bool:
        """Run one step; return whether it did not fail."""
        began = self._now()
        left_s = self._ends_at - began
        if left_s < _LEAST_S:
            late = "not tried: the test's time was over"
            return self.note(name, failed(late, "test again; something answers very slowly"))
        try:
            async with asyncio.timeout(min(timeout_s, left_s)):
                finding = await work()
        except TimeoutError:
            finding = failed(
                f"no answer within {min(timeout_s, left_s):.0f} s",
                "test again; if it stays so, look at the network and the exchange's status page",
            )
        except CtsError as error:
            finding = fault(error)
        except Exception as error:  # the edge of a step: the test goes on
            _LOGGER.exception("step %s of a connection test", name)
            odd = f"an answer of an unexpected shape ({type(error).__name__})"
            finding = failed(odd, "report it with the lines of the log file")
        return self.note(name, finding, (self._now() - began) * 1000)

    def note(self, name: str, finding: Finding, duration_ms: float = 0.0) -> bool:
        """Record a step; return whether it did not fail."""
        result = StepResult(
            name=name,
            status=finding.status,
            message=redacted(finding.message),
            todo=redacted(finding.todo),
            duration_ms=round(duration_ms, 1),
        )
        self.results.append(result)
        self._on_step(result)
        return finding.status is not StepStatus.FAIL

    def skip(self, names: tuple[str, ...], reason: str) -> None:
        """Record steps that are not tried."""
        for name in names:
            self.note(name, skipped(reason))


def fault(error: CtsError) -> Finding:
    """Return what an error says, and what to do about it.

    The line of an error ends with what the desk does or the trader can do, after a semicolon.
    """
    what, _, advice = str(error).rpartition("; ")
    if isinstance(error, RateLimitedError):
        wait = f"wait {error.wait_s:.0f} s, then test again"
        return failed(what or advice, f"{wait}; others on this address share the exchange's limit")
    if isinstance(error, MaintenanceError):
        return failed(what or advice, "nothing is wrong here: test again when it is back")
    if not what:
        return failed(advice, _TODO.get(type(error), _TEST_AGAIN))
    is_for_trader = not advice.startswith(("trying", "waiting", "looking"))
    return failed(what, advice if is_for_trader else _TEST_AGAIN)


_TEST_AGAIN: Final = "test again; if it stays so, look at the exchange's status page"
_TODO: Final[dict[type[CtsError], str]] = {
    AuthenticationError: "enter the key again, or make a new one at the exchange",
    ConfigError: "correct the connection",
}
