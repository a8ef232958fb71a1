"""Ticker messages from a websocket through ccxt.pro and the feed, beside ccxt.pro alone.

Messages are counted per second of processor time.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from cts_tui.clock import SystemClock
from cts_tui.exchange.loader import load_exchange
from cts_tui.exchange.session import ExchangeSession
from cts_tui.market.ccxt_feed import CcxtFeed
from cts_tui.model.market import Source
from cts_tui.model.trading import MarketType, Mode
from tests.benchmarks.loopback_process import SYMBOLS, Venue, loopback_venue
from tests.benchmarks.measure import Line

_COUNTED_S: Final = 4.0
_FLOODED_SYMBOLS: Final = SYMBOLS[:50]
_CALM: Final = 1_000.0
"""Messages/s of 500 symbols that tell of themselves twice a second."""


def lines() -> Iterator[Line]:
    """Yield messages a second under a flood, then processor and delay under a usual load."""
    with loopback_venue(math.inf) as venue:
        flooded = asyncio.run(_measure(venue, _through_the_feed, _FLOODED_SYMBOLS))
        alone = asyncio.run(_measure(venue, _ccxt_alone, _FLOODED_SYMBOLS))
    yield Line(
        f"ticker messages to the feed, {len(_FLOODED_SYMBOLS)} symbols",
        flooded.messages / flooded.spent_s,
        "/s",
        5_000.0,
        alone.messages / alone.spent_s,
        "/s ccxt.pro alone",
        is_rate=True,
    )
    with loopback_venue(_CALM) as venue:
        calm = asyncio.run(_measure(venue, _through_the_feed, SYMBOLS))
        alone = asyncio.run(_measure(venue, _ccxt_alone, SYMBOLS))
    what = f"{len(SYMBOLS)} symbols, {_CALM:,.0f} tickers/s"
    yield Line(f"{what}: processor", calm.load_pct, "%", 25.0, alone.load_pct, "% ccxt.pro alone")
    for name, part in (("p50", 0.5), ("p99", 0.99)):
        delay_ms = sorted(calm.delays_s)[int(part * (len(calm.delays_s) - 1))] * 1e3
        yield Line(f"{what}: message to tick, {name}", delay_ms, "ms", 1.0, None, "")


class _Count:
    """Messages that came, ticks that went on, and how long after the message of theirs."""

    def __init__(self) -> None:
        self.delays_s: list[float] = []
        self._came: dict[str, float] = {}
        self.begin()

    def begin(self) -> None:
        """Count from now on."""
        self.messages, self.spent_s, self.load_pct = 0, 0.0, 0.0
        self.delays_s.clear()
        self._spent_before, self._began = time.process_time(), time.perf_counter()

    def end(self) -> "_Count":
        """Note what was spent."""
        self.spent_s = time.process_time() - self._spent_before
        self.load_pct = self.spent_s / (time.perf_counter() - self._began) * 100
        return self

    def listen(self, client: Any) -> None:
        """Count the messages of a ccxt client; to be called before its first stream."""
        handle: Callable[[Any, Any], Any] = client.handle_message

        def counted(stream: Any, message: Any) -> Any:
            self.messages += 1
            self._came.setdefault(message.get("s", ""), time.perf_counter())
            return handle(stream, message)

        client.handle_message = counted

    def hand_on(self, events: Sequence[Any]) -> None:
        """Take in what the feed handed on."""
        now = time.perf_counter()
        for event in events:
            came = self._came.pop(event.symbol.replace("/", ""), None)
            if came is not None:
                self.delays_s.append(now - came)


async def _measure(venue: Venue, way: Any, symbols: Sequence[str]) -> _Count:
    """Return what happened in some seconds, once messages come."""
    count = _Count()
    async with way(venue, count, list(symbols)):
        async with asyncio.timeout(30):
            while count.messages < 2 * len(symbols):  # noqa: ASYNC110 - a loop of ccxt's own
                await asyncio.sleep(0.05)
        count.begin()
        await asyncio.sleep(_COUNTED_S)
        return count.end()


@asynccontextmanager
async def _through_the_feed(venue: Venue, count: _Count, symbols: list[str]) -> AsyncIterator[None]:
    clock = SystemClock()
    session = await ExchangeSession.open(
        exchange="binance",
        mode=Mode.PAPER,
        market=MarketType.SPOT,
        overlay=venue.overlay,
        credentials=None,
        clock=clock,
    )
    count.listen(session.client)
    feed = CcxtFeed(session, symbols, "1m", clock)

    async def read() -> None:
        async for events in feed.events():
            count.hand_on(events)

    try:
        async with _running(read()), asyncio.timeout(30) as bound:
            while feed.source is not Source.STREAM:  # noqa: ASYNC110 - the feed tells nobody
                await asyncio.sleep(0.05)
            bound.reschedule(None)
            yield
    finally:
        await session.close()


@asynccontextmanager
async def _ccxt_alone(venue: Venue, count: _Count, symbols: list[str]) -> AsyncIterator[None]:
    client = load_exchange("binance")(dict(venue.overlay))
    await client.load_markets()
    count.listen(client)

    async def read() -> None:
        while True:
            await client.watch_tickers(symbols)

    try:
        async with _running(read()):
            yield
    finally:
        await client.close()


@asynccontextmanager
async def _running(work: Any) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
