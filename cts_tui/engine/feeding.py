"""Keeps one engine fed: pumps its feed, walks synthetically while that is lost, comes back."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from cts_tui.engine.context import EngineContext
from cts_tui.errors import ConfigError, CtsError
from cts_tui.market.feed import Feed
from cts_tui.market.synthetic import SyntheticFeed, SyntheticWalk
from cts_tui.model.market import MarketEvent, Source

LOG = logging.getLogger(__name__)
_RETRY_S: Final = (1.0, 2.0, 5.0, 15.0, 60.0)


class FeedLostError(CtsError):
    """The feed has ended or fallen silent: walk synthetically, then connect it again."""


class Feeder:
    """Runs the feed of a connection for as long as its engine runs."""

    def __init__(
        self,
        context: EngineContext,
        connect: Callable[[], Feed],
        receive: Callable[[Sequence[MarketEvent]], None],
        on_refilled: Callable[[], None],
    ) -> None:
        """`connect` makes a feed anew; `receive` takes its events.

        `on_refilled` is called when the candles in memory were replaced after a loss.
        """
        self.feed: Feed | None = None
        self.source: Source | None = None
        """Where prices come from at the moment; None before the first one."""
        self.errors = 0
        self.last_error: str | None = None
        self.last_error_ms: int | None = None
        self._context = context
        self._connect = connect
        self._receive = receive
        self._on_refilled = on_refilled
        self._failures = 0

    async def open(self) -> bool:
        """Connect the feed; return whether that worked (else `run` keeps trying)."""
        try:
            self.feed = self._connect()
        except (CtsError, OSError) as error:
            self._fail(error)
            return False
        self._context.market.has_ticks = self.feed.has_ticks
        return True

    async def run(self) -> None:
        """Pump the feed until cancelled; while it is lost, prices are synthetic and flagged."""
        while True:
            if self.feed is not None:
                await self._pump_until_lost(self.feed)
            await self._walk(_RETRY_S[min(self._failures, len(_RETRY_S)) - 1])
            if await self.open() and self.feed is not None:
                await self._refill_or_lose(self.feed)

    async def close(self) -> None:
        """Let go of the feed."""
        if self.feed is not None:
            await self.feed.close()

    async def _pump_until_lost(self, feed: Feed) -> None:
        try:
            await self._pump(feed, self._context.settings.feed_lost_s)
        except (CtsError, OSError, ValueError) as error:
            await self._lose(feed, error)

    async def _lose(self, feed: Feed, error: Exception) -> None:
        """Let go of a feed that failed."""
        self._fail(error)
        await feed.close()
        self.feed = None

    async def _pump(self, feed: Feed, lost_after_s: float) -> None:
        """Hand on events. Raises FeedLostError when they end or stay away."""
        batches = feed.events()
        while True:
            try:
                async with asyncio.timeout(lost_after_s):
                    events = await anext(batches)
            except TimeoutError:
                raise FeedLostError(f"no market data for {lost_after_s:g} s") from None
            except StopAsyncIteration:
                raise FeedLostError("the market feed has ended") from None
            self.source = feed.source
            self._failures = 0
            self._receive(events)

    async def _walk(self, seconds: float) -> None:
        """Walk on from the last real prices for `seconds`."""
        context = self._context
        last = {symbol: quote.price for symbol, quote in context.market.quotes.items()}
        walk = SyntheticWalk(last, context.settings.demo_seed)
        feed = SyntheticFeed(walk, context.clock, context.setup.timeframe)
        if last:
            self.source = Source.SYNTHETIC
        try:
            async with asyncio.timeout(seconds):
                async for events in feed.events():
                    if events:
                        self._receive(events)
        except TimeoutError:
            await feed.close()

    async def _refill_or_lose(self, feed: Feed) -> None:
        """Refill the candles from a feed that is back; one that cannot tell them is lost again."""
        try:
            await self._refill(feed)
        except (CtsError, OSError, ValueError) as error:
            await self._lose(feed, error)

    async def _refill(self, feed: Feed) -> None:
        """Replace what was invented by the feed's own history, without trading on it."""
        context = self._context
        timeframe = context.setup.timeframe
        for symbol in context.setup.symbols:
            history = await feed.history(symbol, timeframe, context.settings.candle_history)
            if not len(history):
                continue
            buffer = context.market.buffer(symbol, timeframe)
            known = buffer.columns()
            buffer.clear()
            buffer.extend(known.slice(0, int((known.time_ms < history.time_ms[0]).sum())))
            buffer.extend(history)
            for candle in history:
                context.recorder.batch.candle(
                    context.setup.id, symbol, timeframe, candle, feed.source
                )
        self._on_refilled()

    def _fail(self, error: Exception) -> None:
        """Count and keep an error; wait longer the more there are in a row."""
        self._failures += 1
        self.errors += 1
        self.last_error = str(error) or type(error).__name__
        self.last_error_ms = self._context.now_ms()
        if not isinstance(error, ConfigError):
            LOG.warning("feed of %s: %s", self._context.setup.name, self.last_error)


def unavailable(exchange: str) -> ConfigError:
    """Return the error of an exchange whose market data cannot be had yet."""
    return ConfigError(
        f"there is no market feed for {exchange} in this version: this connection can be set up, "
        "but it trades nothing; use the demo connection or replay recorded candles"
    )
