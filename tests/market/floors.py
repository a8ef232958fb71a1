"""Feeds together with the market they tell of: the test moves the market, the feed tells.

A `FeedFloor` is held by the test's hand: its clock stands still until a candle is let pass.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from cts_tui.clock import Clock, ManualClock
from cts_tui.exchange.limiter import Limiter
from cts_tui.exchange.session import ExchangeSession
from cts_tui.market.ccxt_feed import CcxtFeed
from cts_tui.market.ccxt_feed_intake import FeedBounds
from cts_tui.market.feed import Feed
from cts_tui.market.simulated import SimulatedMarket
from cts_tui.market.simulated_feed import SimulatedFeed
from cts_tui.model.market import Candle, CandleClosed, MarketEvent, Tick
from cts_tui.model.trading import MarketType, Mode
from tests.loopback import LoopbackExchange

Until = Callable[..., Awaitable[None]]
MINUTE_MS = 60_000
T0 = 1_743_699_600_000
BOUNDS = FeedBounds(poll_s=0.05, silent_s=0.4, grace_s=1.0)
NO_STREAMS: dict[str, Any] = {
    "has": dict.fromkeys(
        ("watchTicker", "watchTickers", "watchBidsAsks", "watchOHLCV", "watchOHLCVForSymbols"),
        False,
    )
}
"""An overlay that makes of any exchange one without streams."""
ONE_BY_ONE: dict[str, Any] = {
    "has": dict.fromkeys(("watchTickers", "watchOHLCVForSymbols", "fetchTickers"), False)
}
"""An overlay that makes of any exchange one that tells of one symbol at a time."""


class Told:
    """What a feed has told so far."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.batches = 0
        self.events: list[MarketEvent] = []
        self.error: BaseException | None = None
        self.is_over = False

    async def read(self) -> None:
        """Read the feed to its end."""
        try:
            async for batch in self.feed.events():
                self.batches += 1
                self.events += batch
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.error = error
        self.is_over = True

    def candles(self, symbol: str) -> list[Candle]:
        """Return the closed candles of a symbol."""
        return [
            one.candle for one in self.events if isinstance(one, CandleClosed) and one[0] == symbol
        ]

    def sources(self, symbol: str) -> list[str]:
        """Return where each closed candle of a symbol came from."""
        return [
            one.source for one in self.events if isinstance(one, CandleClosed) and one[0] == symbol
        ]

    def ticks(self, symbol: str) -> list[Tick]:
        """Return the ticks of a symbol."""
        return [one for one in self.events if isinstance(one, Tick) and one[0] == symbol]


@asynccontextmanager
async def reading(feed: Feed) -> AsyncIterator[Told]:
    """Read a feed's events within the block."""
    told = Told(feed)
    task = asyncio.create_task(told.read())
    try:
        yield told
    finally:
        await feed.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class FeedFloor(ABC):
    """A feed of `symbols` with 1m candles, and the market behind it."""

    symbols: tuple[str, ...] = ("BTC/USDT", "ETH/USDT")
    feed: Feed
    clock: Clock

    @abstractmethod
    async def pass_minute(self) -> None:
        """Trade, and let a minute pass."""

    @abstractmethod
    def truth(self, symbol: str) -> list[Candle]:
        """Return the market's own closed candles, oldest first."""


class SimulatedFloor(FeedFloor):
    """The demo market."""

    def __init__(self) -> None:
        self.clock = self._manual = ManualClock(T0)
        self._market = SimulatedMarket(self.symbols, 7, T0)
        self.feed = SimulatedFeed(self._market, self.clock, interval_s=0.005)

    async def pass_minute(self) -> None:
        self._manual.advance(MINUTE_MS)

    def truth(self, symbol: str) -> list[Candle]:
        return list(self._market.history(symbol, 10_000))


class LoopbackFloor(FeedFloor):
    """ccxt on the loopback exchange, time held by hand."""

    def __init__(self, exchange: LoopbackExchange, session: ExchangeSession, until: Until) -> None:
        self.exchange = exchange
        self.session = session
        self.clock = exchange.clock
        self.feed: CcxtFeed = CcxtFeed(session, self.symbols, "1m", self.clock, BOUNDS)
        self.until = until
        self._price = 50_000

    async def pass_minute(self) -> None:
        """Trade in the first and the last seconds of the minute, and let it pass."""
        for step_ms in (10_000, 40_000, 10_000):
            self._price += 7
            self.trade(self._price)
            self.exchange.advance(step_ms)
        await self.until(lambda: all(one.is_idle for one in self.exchange.sockets.open), "sent")

    def trade(self, price: int, *ids: str) -> None:
        """Trade at a price."""
        for market_id in ids or ("BTCUSDT", "ETHUSDT"):
            self.exchange.market.trade(market_id, price)

    def truth(self, symbol: str) -> list[Candle]:
        return klines(self.exchange, symbol, "1m")


def klines(exchange: LoopbackExchange, symbol: str, timeframe: str) -> list[Candle]:
    """Return the exchange's own closed candles."""
    candles = exchange.market.quote(symbol.replace("/", "").split(":")[0]).candles
    now_ms = exchange.clock.now_ms()
    told = list(candles.series(timeframe, 0, now_ms))[:-1]
    return [
        Candle(one.time_ms, *map(float, (one.open, one.high, one.low, one.close, one.volume)))
        for one in told
    ]


@asynccontextmanager
async def loopback_floor(
    until: Until, *overlays: dict[str, Any], market: str = "spot"
) -> AsyncIterator[LoopbackFloor]:
    """Open the loopback exchange with ccxt on it; time stands 2 s into a minute."""
    async with LoopbackExchange() as exchange:
        exchange.clock.hold(exchange.clock.now_ms() // MINUTE_MS * MINUTE_MS + 2_000)
        session = await open_session(exchange, *overlays, market=market)
        try:
            yield LoopbackFloor(exchange, session, until)
        finally:
            await session.close()


async def open_session(
    exchange: LoopbackExchange, *overlays: dict[str, Any], market: str = "spot"
) -> ExchangeSession:
    """Open a public session with a budget of its own."""
    overlay = exchange.overlay(market)
    for more in overlays:
        overlay = {**overlay, **more}
    return await ExchangeSession.open(
        exchange="binance",
        mode=Mode.PAPER,
        market=MarketType(market),
        overlay=overlay,
        credentials=None,
        clock=exchange.clock,
        limiter=Limiter(interval_ms=0.01),
    )


def is_gapless(candles: Sequence[Candle]) -> bool:
    """Return whether no candle is missing, doubled or out of order."""
    times = [candle.time_ms for candle in candles]
    return times == list(range(times[0], times[-1] + 1, MINUTE_MS)) if times else True
