"""An event loop whose clock jumps to the next timer: hours pass in no time, to the microsecond."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from typing import Any


class _JumpingSelector(selectors.DefaultSelector):
    """Where a loop would sleep, its clock is moved instead."""

    advance: Callable[[float], None] = staticmethod(lambda _: None)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            return super().select(None)
        if timeout > 0:
            self.advance(timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop that waits for nothing; `timers` counts how many were set."""

    def __init__(self) -> None:
        self._virtual_s = 1_000.0
        self.timers = 0
        selector = _JumpingSelector()
        selector.advance = self.advance  # type: ignore[method-assign]
        super().__init__(selector)

    def time(self) -> float:
        return self._virtual_s

    def advance(self, seconds: float) -> None:
        """Let time pass while the loop does nothing: a stopped process."""
        self._virtual_s += seconds

    def call_at(self, when: float, *args: Any, **kwargs: Any) -> asyncio.TimerHandle:
        self.timers += 1
        return super().call_at(when, *args, **kwargs)


def run(main: Callable[[VirtualLoop], Awaitable[None]]) -> None:
    """Run `main` on a loop with virtual time."""

    async def body() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        await main(loop)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(body())
