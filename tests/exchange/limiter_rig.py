"""Calls through a limiter on virtual time, with a record of when each one went out."""

import asyncio
from collections.abc import Sequence

from cts_tui.errors import RateLimitedError
from cts_tui.exchange.limiter import Limiter, Priority

from .virtual_time import VirtualLoop

ORDER, CANCEL, ACCOUNT, MARKET = Priority


class Rig:
    """A limiter of 20 cost units a second and all that went through it."""

    def __init__(self, loop: VirtualLoop, *, interval_ms: float = 50.0, share: float = 1.0) -> None:
        self.loop = loop
        self.limiter = Limiter(interval_ms=interval_ms, share=share, now=loop.time)
        self.began = loop.time()
        self.sent: list[tuple[str, float, float]] = []
        """Name, seconds since the beginning, weight."""
        self.refused: list[tuple[str, float]] = []
        """Name, and the seconds after which to try again."""

    @property
    def now(self) -> float:
        return self.loop.time() - self.began

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.sent]

    def sent_at(self, name: str) -> float:
        (at,) = [at for own, at, _ in self.sent if own == name]
        return at

    async def send(
        self, name: str, priority: Priority, weight: float = 1.0, max_wait_s: float | None = None
    ) -> None:
        try:
            await self.limiter.acquire(weight, priority, max_wait_s=max_wait_s)
        except RateLimitedError as error:
            self.refused.append((name, error.wait_s))
        else:
            self.sent.append((name, self.now, weight))

    def start(
        self, name: str, priority: Priority, weight: float = 1.0, max_wait_s: float | None = None
    ) -> "asyncio.Task[None]":
        return asyncio.ensure_future(self.send(name, priority, weight, max_wait_s))

    async def queue(
        self, count: int, priority: Priority = MARKET, weight: float = 1.0
    ) -> "Sequence[asyncio.Task[None]]":
        """Start `count` calls and let each find its place."""
        tasks = [self.start(f"{priority.name.lower()} {n}", priority, weight) for n in range(count)]
        await asyncio.sleep(0)
        return tasks

    def waiting(self, priority: Priority = MARKET) -> int:
        count: int = self.limiter.figures()["waiting"][priority.name.lower()]
        return count

    def most_spent(self, window_s: float) -> float:
        """Return the most cost units that went out within any `window_s` seconds."""
        return max(
            sum(weight for _, at, weight in self.sent if start <= at <= start + window_s)
            for _, start, _ in self.sent
        )
