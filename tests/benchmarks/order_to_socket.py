"""From the call of an order to its bytes on the socket: idle, and behind 100 queued fetches.

Ours (session and limiter) beside ccxt with its own limiter, both against a loopback exchange in
another process. The time is taken where the event loop's transport is handed the request.
"""

import asyncio
import gc
import random
import statistics
import time
from asyncio import selector_events
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, Final

from cts_tui.clock import SystemClock
from cts_tui.exchange.limiter import Priority
from cts_tui.exchange.loader import load_exchange
from cts_tui.exchange.session import ExchangeSession
from cts_tui.model.credentials import Credentials
from cts_tui.model.trading import MarketType, Mode
from tests.benchmarks.loopback_process import Venue, loopback_venue
from tests.benchmarks.measure import Line

_SYMBOL: Final = "BTC/USDT"
_QUEUED: Final = 100
_RUNS: Final = (200, 200, 200)
"""Orders per run; the median run counts."""
_RUNS_OF_CCXT: Final = (15,)
"""Each order waits for seconds."""
_PAUSE_S: Final = 0.02
_BUDGET_MS: Final = 2.0
_ORDER: Final = (_SYMBOL, "market", "sell", 0.0002)

Call = Callable[[], Awaitable[Any]]
Runs = list[list[float]]


def lines() -> Iterator[Line]:
    """Yield the median and the 99th percentile, each beside ccxt's own."""
    with loopback_venue() as venue:
        ours = asyncio.run(_measure(venue, _ours, _RUNS))
        theirs = asyncio.run(_measure(venue, _ccxt_alone, _RUNS_OF_CCXT))
    for what, own, beside in zip(("idle", f"behind {_QUEUED} fetches"), ours, theirs, strict=True):
        for name, part in (("p50", 0.5), ("p99", 0.99)):
            yield Line(
                f"order to socket, {what}, {name}",
                _quantile(own, part),
                "ms",
                _BUDGET_MS,
                _quantile(beside, part),
                "ms ccxt's own limiter",
            )


async def _measure(venue: Venue, way: Any, counts: tuple[int, ...]) -> tuple[Runs, Runs]:
    """Return the milliseconds of each order by run, idle and behind a full queue."""
    async with way(venue) as (order, fetch):
        for _ in range(5):
            await order()
        gc.set_threshold(50_000, 20, 20)
        gc.freeze()  # as the engine program does
        idle = [await _times(order, count) for count in counts]
        async with full_queue(fetch):
            return idle, [await _times(order, count) for count in counts]


async def _times(order: Call, count: int) -> list[float]:
    with Wire() as wire:
        times = []
        for _ in range(count):
            await asyncio.sleep(random.uniform(0.5, 1.5) * _PAUSE_S)
            wire.written_at = 0.0
            asked_at = time.perf_counter()
            await order()
            times.append((wire.written_at - asked_at) * 1e3)
        return times


@asynccontextmanager
async def full_queue(fetch: Call) -> AsyncIterator[None]:
    """Keep 100 fetches waiting."""

    async def again_and_again() -> None:
        while True:
            await fetch()

    tasks = [asyncio.create_task(again_and_again()) for _ in range(_QUEUED)]
    await asyncio.sleep(1.0)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def _ours(venue: Venue) -> AsyncIterator[tuple[Call, Call]]:
    session = await ExchangeSession.open(
        exchange="binance",
        mode=Mode.LIVE,
        market=MarketType.SPOT,
        overlay=venue.overlay,
        credentials=Credentials(venue.api_key, venue.secret),
        clock=SystemClock(),
    )

    async def order() -> Any:
        return await session.call(
            "create_order",
            *_ORDER,
            priority=Priority.ORDER,
            is_order=True,
        )

    async def fetch() -> Any:
        return await session.call("fetch_ticker", _SYMBOL)

    try:
        yield order, fetch
    finally:
        await session.close()


@asynccontextmanager
async def _ccxt_alone(venue: Venue) -> AsyncIterator[tuple[Call, Call]]:
    keys = {"apiKey": venue.api_key, "secret": venue.secret, "enableRateLimit": True}
    client = load_exchange("binance")({**venue.overlay, **keys})
    try:
        await client.load_markets()
        yield (
            lambda: client.create_order(*_ORDER),
            lambda: client.fetch_ticker(_SYMBOL),
        )
    finally:
        await client.close()


class Wire:
    """Notes when a POST is handed to a socket's transport."""

    def __init__(self) -> None:
        self.written_at = 0.0
        self._names = ("write", "writelines")
        self._plain = {name: getattr(_TRANSPORT, name) for name in self._names}

    def __enter__(self) -> "Wire":
        for name, plain in self._plain.items():
            setattr(_TRANSPORT, name, self._noting(plain))
        return self

    def __exit__(self, *_: object) -> None:
        for name, plain in self._plain.items():
            setattr(_TRANSPORT, name, plain)

    def _noting(self, plain: Any) -> Any:
        def write(transport: Any, given: Any) -> Any:
            first = given if isinstance(given, bytes | bytearray | memoryview) else given[0]
            if not self.written_at and bytes(first[:5]) == b"POST ":
                self.written_at = time.perf_counter()
            return plain(transport, given)

        return write


_TRANSPORT: Final = selector_events._SelectorSocketTransport


def _quantile(runs: Runs, part: float) -> float:
    """Return the median over the runs of what `part` of a run's orders did not exceed."""
    return statistics.median(sorted(run)[int(part * (len(run) - 1))] for run in runs)
