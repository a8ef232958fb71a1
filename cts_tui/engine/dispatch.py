"""Sends live orders beside the processors: an answer that hangs holds up no other order.

Entries of one symbol keep their order, since one of unknown outcome stops those behind it. Every
exit goes by itself.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Final

from cts_tui.engine.requests import ExitRequest, Request

_LAST_WORD_S: Final = 5.0
"""How long the engine waits at its end for answers; without one the order is looked for later."""


class Dispatch:
    """The sends that are under way. One event loop, no locks."""

    def __init__(self, on_done: Callable[[BaseException | None], None]) -> None:
        """`on_done` hears of every send that came to its end, and of what broke it."""
        self._on_done = on_done
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_entry: dict[str, asyncio.Task[None]] = {}

    def start(self, request: Request, symbol: str, send: Coroutine[None, None, None]) -> None:
        """Begin to send; an entry waits for the entries of its symbol before it."""
        is_exit = isinstance(request, ExitRequest)
        before = None if is_exit else self._last_entry.get(symbol)
        task = asyncio.create_task(_after(before, send))
        self._tasks.add(task)
        if not is_exit:
            self._last_entry[symbol] = task
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        for symbol, last in list(self._last_entry.items()):
            if last is task:
                del self._last_entry[symbol]
        self._on_done(None if task.cancelled() else task.exception())

    async def begun(self) -> None:
        """Let what was started get as far as the socket."""
        if self._tasks:
            await asyncio.sleep(0)

    async def close(self) -> None:
        """Wait a moment for the answers that are out, then leave them to the next start (S5)."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=_LAST_WORD_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


async def _after(before: asyncio.Task[None] | None, send: Coroutine[None, None, None]) -> None:
    if before is not None:
        await asyncio.wait([before])
    await send
