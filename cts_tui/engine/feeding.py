"""Keeps one engine fed: pumps its feed, walks synthetically while that is lost, comes back."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from cts_tui.engine.context import EngineContext
from cts_tui.engine.past import Past
from cts_tui.errors import ConfigError, CtsError, RetryableError
from cts_tui.market.feed import Feed
from cts_tui.market.synthetic import SyntheticFeed, SyntheticWalk
from cts_tui.model.columns import CandleColumns
from cts_tui.model.market import MarketEvent, Source

LOG = logging.getLogger(__name__)
_RETRY_S: Final = (1.0, 2.0, 5.0, 15.0, 60.0)
_LONGEST_WAIT_S: Final = 300.0


class FeedLostError(CtsError):
    """The feed has ended or fallen silent: walk synthetically, then connect it again."""


class Feeder:
    """Runs the feed of a connection for as long as its engine runs."""

    def __init__(
        self,
        context: EngineContext,
        past: Past,
        connect: Callable[[], Awaitable[Feed]],
        receive: Callable[[Sequence[MarketEvent]], None],
        on_refilled: Callable[[], None],
        on_stored: Callable[[], None],
    ) -> None:
        """`connect` makes a feed anew; `receive` takes its events, none where all is quiet.

        `on_refilled` is called when the candles in memory were replaced after a loss, `on_stored`
        when those in the store were.
        """
        self.feed: Feed | None = None
        self.source: Source | None = None
        """Where prices come from at the moment; None before the first one."""
        self.errors = 0
        self.last_error: str | None = None
        self.last_error_ms: int | None = None
        self._context = context
        self._past = past
        self._connect = connect
        self._receive = receive
        self._on_refilled = on_refilled
        self._on_stored = on_stored
        self._failures = 0
        self._wait_s = 0.0
        """What the last error asked for."""
        self._walker: SyntheticFeed | None = None
        self._lost_ms: int | None = None
        """When the feed was lost; None while there was none before."""

    async def open(self) -> bool:
        """Connect the feed; return whether that worked (else `run` keeps trying)."""
        self.feed = await self._connected()
        return self.feed is not None

    async def _connected(self) -> Feed | None:
        try:
            feed = await self._connect()
        except (CtsError, OSError) as error:
            self._fail(error)
            return None
        self._context.market.has_ticks = feed.has_ticks
        return feed

    async def run(self) -> None:
        """Pump the feed until cancelled; while it is lost, prices are synthetic and flagged."""
        while True:
            if self.feed is not None:
                await self._pump_until_lost(self.feed)
            await self._walk(self._retry_s())
            feed = await self._connected()
            if feed is not None and await self._is_refilled(feed):
                self.feed = feed

    def _retry_s(self) -> float:
        """Return how long to wait: longer from failure to failure, and what the error asked for."""
        wait_s = _RETRY_S[min(self._failures, len(_RETRY_S)) - 1]
        return max(wait_s, min(self._wait_s, _LONGEST_WAIT_S))

    async def warm(self) -> dict[str, CandleColumns]:
        """Return the feed's candles by symbol; a feed that cannot tell them now is lost."""
        feed = self.feed
        if feed is None:
            return {}
        self._past.restore(self._context.symbols)
        try:
            return await self._past.fetch(feed, self._context.symbols)
        except (CtsError, OSError, ValueError) as error:
            await self._lose(feed, error)
            return {}

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
        if self._lost_ms is None and self.source is not None:
            self._lost_ms = self._context.now_ms()
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
            self._walker = None
            self._failures = 0
            self._lost_ms = None
            self._receive(events)

    async def _walk(self, seconds: float) -> None:
        """Walk on from the last real prices for `seconds`; one walk lasts as long as the loss."""
        if self._walker is None:
            self._walker = self._new_walker()
        try:
            async with asyncio.timeout(seconds):
                async for events in self._walker.events():
                    if events:
                        self.source = Source.SYNTHETIC
                        self._receive(events)
        except TimeoutError:
            return

    def _new_walker(self) -> SyntheticFeed:
        context = self._context
        last = {symbol: quote.price for symbol, quote in context.market.quotes.items()}
        walk = SyntheticWalk(last, context.settings.demo_seed)
        return SyntheticFeed(walk, context.clock, context.setup.timeframe)

    async def _is_refilled(self, feed: Feed) -> bool:
        """Refill the candles from a feed that is back; one that cannot tell them is still lost."""
        try:
            await self._refill(feed)
        except (CtsError, OSError, ValueError) as error:
            await self._lose(feed, error)
            return False
        return True

    async def _refill(self, feed: Feed) -> None:
        """Replace what was invented by the feed's own history, without trading on it."""
        context, past = self._context, self._past
        past.restore(context.symbols)
        for symbol, history in (await past.fetch(feed, context.symbols, self._lost_ms)).items():
            past.take(symbol, history, feed.source)
        self._on_refilled()
        past.record_coarser(feed.source)
        await context.recorder.written()
        self._on_stored()

    def _fail(self, error: Exception) -> None:
        """Count and keep an error; wait longer the more there are in a row."""
        self._failures += 1
        self._wait_s = error.wait_s if isinstance(error, RetryableError) else 0.0
        self.errors += 1
        self.last_error = str(error) or type(error).__name__
        self.last_error_ms = self._context.now_ms()
        if not isinstance(error, ConfigError):
            LOG.warning("feed of %s: %s", self._context.setup.name, self.last_error)
