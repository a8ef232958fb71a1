"""The shared timer loop: runs a processor's cycles, times them, isolates their failures."""

import asyncio
import logging
import statistics
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

from cts_tui.engine.supervision import contained, in_words, is_cancelled
from cts_tui.errors import CtsError
from cts_tui.logs.context import enter_processor
from cts_tui.model.health import Fault

LOG = logging.getLogger(__name__)

_KEPT_TIMES: Final = 512
_LONGEST_BACKOFF_S: Final = 30.0
_MOST_DOUBLINGS: Final = 10


@dataclass(frozen=True, slots=True)
class CycleReport:
    """What one cycle did: how many candles, moves, signals or requests it handled."""

    handled: int = 0


NOTHING: Final = CycleReport()


class CycleFigures:
    """The record of a processor's cycles. Times are milliseconds."""

    def __init__(self) -> None:
        self.cycles = 0
        self.handled = 0
        self.errors = 0
        self.total_ms = 0.0
        self.last_error: str | None = None
        self.last_error_ms: int | None = None
        self.ended_ms: int | None = None
        """When the last cycle came to its end, by the wall clock."""
        self._errors_counted = 0
        self._has_failed: deque[bool] = deque(maxlen=_KEPT_TIMES)
        """Of the last cycles, whether an error was recorded in them or since the one before."""
        self._times: deque[float] = deque(maxlen=_KEPT_TIMES)

    def count(self, elapsed_ms: float, report: CycleReport) -> None:
        """Add one cycle that came to its end."""
        self.cycles += 1
        self.handled += report.handled
        self.total_ms += elapsed_ms
        self.ended_ms = time.time_ns() // 1_000_000
        self._times.append(elapsed_ms)
        self._has_failed.append(self.errors > self._errors_counted)
        self._errors_counted = self.errors

    def record_error(self, error: BaseException | str, now_ms: int) -> None:
        """Count an error and keep it as the newest one (S15)."""
        self.errors += 1
        self.last_error = error if isinstance(error, str) else in_words(error)
        self.last_error_ms = now_ms

    def as_row(self, name: str) -> dict[str, Any]:
        """Return the figures as they are stored."""
        times = sorted(self._times)
        return {
            "name": name,
            "cycles": self.cycles,
            "handled": self.handled,
            "ended_ms": self.ended_ms,
            "errors": self.errors,
            "failed_of_last": [sum(self._has_failed), len(self._has_failed)],
            "last_ms": round(self._times[-1], 4) if times else None,
            "median_ms": round(statistics.median(times), 4) if times else None,
            "p95_ms": round(times[ceil(0.95 * len(times)) - 1], 4) if times else None,
            "last_error": self.last_error,
            "last_error_ms": self.last_error_ms,
        }


class HangError(CtsError):
    """A cycle took longer than it may: it was broken off, the next one begins anew."""


class Processor(ABC):
    """One stage of the pipeline, run by `run` on a timer or woken by what it waits for."""

    name: str
    interval_s: float
    """The longest it sleeps; a wake-up comes earlier."""
    patience_s: float = 300.0
    """How long a cycle may take before the watchdog breaks it off."""

    def __init__(self) -> None:
        self.figures = CycleFigures()
        self._woken = asyncio.Event()
        self._failures = 0
        self._began: float | None = None
        self._task: asyncio.Task[Any] | None = None
        self._broken_off = ""
        """Why the watchdog has broken off the cycle at hand."""

    @abstractmethod
    async def cycle(self) -> CycleReport:
        """Do what is there to be done."""

    @property
    def cycle_number(self) -> int:
        """The number of the cycle at hand, from 1; log lines tell it."""
        return self.figures.cycles + 1

    def faults(self) -> Sequence[Fault]:
        """Return what is wrong now and concerns the whole program; asked of its keepers."""
        return ()

    def wake(self) -> None:
        """Have the next cycle begin now."""
        self._woken.set()

    @property
    def running_s(self) -> float:
        """How long the cycle at hand has been running; 0 between two."""
        return 0.0 if self._began is None else time.monotonic() - self._began

    @property
    def is_broken_off(self) -> bool:
        """Whether the cycle at hand was told to end, and has not yet."""
        return bool(self._broken_off)

    @property
    def coroutine(self) -> Coroutine[Any, Any, Any] | None:
        """What `run` waits in."""
        coroutine = None if self._task is None else self._task.get_coro()
        return coroutine if isinstance(coroutine, Coroutine) else None

    def break_off(self, reason: str) -> None:
        """End the cycle at hand as a failure with this reason; the processor goes on.

        Only for one that `run` runs, and only from its event loop.
        """
        if self._task is not None and self._began is not None and not self._broken_off:
            self._broken_off = reason
            self._task.cancel(reason)

    async def run_cycle(self) -> None:
        """Run one cycle, timed; a failure of whatever kind is counted and does not leave."""
        started = self._began = time.monotonic()
        report, failure = NOTHING, None
        try:
            with contained():
                report = await self.cycle()
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - counted below
            failure = error
        finally:
            self._began = None
        hang = self._taken_back()
        if isinstance(failure, asyncio.CancelledError) and (hang is None or is_cancelled()):
            raise failure
        self._note(hang or failure)
        self.figures.count((time.monotonic() - started) * 1000, report)

    def _taken_back(self) -> HangError | None:
        """Withdraw the watchdog's cancellation, whether or not the cycle let it through."""
        reason, self._broken_off = self._broken_off, ""
        if not reason or self._task is None:
            return None
        self._task.uncancel()
        return HangError(reason)

    def _note(self, failure: BaseException | None) -> None:
        if failure is None:
            self._failures = 0
            return
        LOG.error("a cycle of %s failed", self.name, exc_info=failure)
        self.figures.record_error(failure, time.time_ns() // 1_000_000)
        self._failures += 1

    async def run(self) -> None:
        """Run cycles until cancelled: at once when woken, else every `interval_s`."""
        enter_processor(self)
        self._task = asyncio.current_task()
        while True:
            await self._sleep()
            await self.run_cycle()

    async def _sleep(self) -> None:
        """Wait for a wake-up or the interval; after failures wait longer, whatever wakes."""
        if self._failures:
            doublings = min(self._failures, _MOST_DOUBLINGS)
            await asyncio.sleep(min(0.1 * 2**doublings, _LONGEST_BACKOFF_S))
        try:
            async with asyncio.timeout(self.interval_s):
                await self._woken.wait()
        except TimeoutError:
            pass
        self._woken.clear()
