"""The watches of a session: each goes on while its caller does other things, so nothing is lost."""

import asyncio
import time
from collections.abc import Callable
from random import Random
from typing import Any, Final

from cts_tui.errors import CtsError, RetryableError
from cts_tui.exchange.caller import is_cancelled
from cts_tui.exchange.calls import CURRENT, Call
from cts_tui.exchange.faults import QuietStreamError
from cts_tui.exchange.limiter import Priority

FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 15.0


class Watching:
    """Tasks of `watch_*` by method and arguments; after a failure the next start waits a while."""

    def __init__(
        self,
        exchange: str,
        method: Callable[[str], Callable[..., Any]],
        fault: Callable[[BaseException, Call], CtsError],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        seed: int | None = None,
    ) -> None:
        self._exchange = exchange
        self._method = method
        self._fault = fault
        self._monotonic = monotonic
        self._random = Random(seed)
        self._tasks: dict[str, asyncio.Task[Any]] = {}
        self._failures = 0
        self._next_start = 0.0
        self._last_error = ""

    async def next(self, method: str, args: tuple[Any, ...], timeout_s: float | None) -> Any:
        """Return what a watch brings next, or raise why it did not."""
        key = f"{method}{args!r}"
        task = self._tasks.get(key) or self._start(key, method, args)
        done, _ = await asyncio.wait({task}, timeout=timeout_s)
        if not done:
            message = f"{self._exchange}: {method} brought nothing for {timeout_s:g} s"
            raise QuietStreamError(message, 0.0)
        if self._tasks.get(key) is task:
            del self._tasks[key]
        if task.cancelled():
            raise RetryableError(f"{self._exchange}: the stream was closed", 0.0)
        answer = task.result()
        if isinstance(answer, CtsError):
            raise answer
        return answer

    async def settle(self) -> None:
        """End every watch."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def figures(self) -> dict[str, Any]:
        """Return what the screen shows, JSON-able."""
        return {
            "watching": len(self._tasks),
            "failures": self._failures,
            "last_error": self._last_error,
        }

    def _start(self, key: str, method: str, args: tuple[Any, ...]) -> "asyncio.Task[Any]":
        wait_s = self._next_start - self._monotonic()
        if wait_s > 0:
            raise RetryableError(
                f"{self._exchange}: the stream broke ({self._last_error}); "
                f"connecting again in {wait_s:.1f} s",
                wait_s,
            )
        task = asyncio.create_task(self._watch(self._method(method), args), name=key)
        self._tasks[key] = task
        return task

    async def _watch(self, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """Return what one watch brought, a failure as a value: nobody may be waiting for it."""
        call = Call(Priority.MARKET)
        CURRENT.set(call)
        try:
            answer = await function(*args)
        except asyncio.CancelledError:
            if is_cancelled():
                raise
            failure: BaseException = RetryableError("the stream was closed", 0.0)
        except Exception as error:  # noqa: BLE001 - ccxt raises anything; all of it is explained
            failure = error
        else:
            self._failures = 0
            return answer
        found = self._fault(failure, call)
        self._back_off(found)
        return found

    def _back_off(self, found: CtsError) -> None:
        """Hold the next start back; the failures of one cut together count once."""
        self._last_error = str(found)
        now = self._monotonic()
        if isinstance(found, RetryableError) and now >= self._next_start:
            wait_s = min(FIRST_WAIT_S * 2**self._failures, LONGEST_WAIT_S)
            self._failures = min(self._failures + 1, 16)
            self._next_start = now + max(wait_s * self._random.uniform(0.5, 1.0), 0.0)
            found.wait_s = max(found.wait_s, self._next_start - now)
