"""Who waits for a limiter, in which order, and how a waiting call is woken from any thread."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum


class Priority(IntEnum):
    """What a request is for; the lowest value goes first."""

    ORDER = 0
    CANCEL = 1
    ACCOUNT = 2
    MARKET = 3


@dataclass(slots=True, eq=False)
class Waiter:
    """One call in the queue of its class."""

    weight: float
    priority: Priority
    deadline: float
    since: float
    loop: asyncio.AbstractEventLoop
    woken: "asyncio.Future[None]"
    refund: Callable[[], None] | None = None
    """Set once the call is granted."""
    refused_s: float = 0.0
    """Set when a ban makes the wait too long."""

    def wake(self) -> None:
        """Let the waiting call go on, from whichever thread, after those woken before it."""
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            if self.loop is running_loop():
                self.loop.call_soon(self._finish)
            else:
                self.loop.call_soon_threadsafe(self._finish)

    def _finish(self) -> None:
        if not self.woken.done():
            self.woken.set_result(None)


@dataclass(slots=True)
class Timer:
    """When the first waiter can be served, on that waiter's own loop."""

    loop: asyncio.AbstractEventLoop
    due: float
    handle: asyncio.TimerHandle


@dataclass(slots=True)
class Queue:
    """The calls of one class in their order."""

    waiters: deque[Waiter] = field(default_factory=deque)
    overtaken: int = 0
    pending: int = 0
    """Calls that wait, or whose turn has come but that have not gone on yet: none is passed by."""

    def head(self) -> Waiter | None:
        """Return the first call whose event loop still lives."""
        while self.waiters and self.waiters[0].loop.is_closed():
            self.waiters.popleft()
        return self.waiters[0] if self.waiters else None


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop of this thread, if one runs."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
