"""The market feed over ccxt: streams where the exchange has them, REST where they fail or lack.

Streams fill ccxt's caches; the feed sweeps these, lets tickers and candles through their gates, and
hands on what is new. A check beside it asks REST about every symbol that the stream is silent of.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from cts_tui.clock import Clock
from cts_tui.errors import ConfigError, CtsError, RetryableError
from cts_tui.exchange.session import ExchangeSession
from cts_tui.market.ccxt_feed_figures import feed_figures
from cts_tui.market.ccxt_feed_intake import FeedBounds, Intake, monotonic_ms
from cts_tui.market.ccxt_feed_plan import Kind
from cts_tui.market.ccxt_feed_polls import Polls
from cts_tui.market.ccxt_feed_streams import Streams
from cts_tui.market.ccxt_feed_sweep import Sweeper
from cts_tui.model.columns import CandleColumns
from cts_tui.model.market import MarketEvent, Source


class CcxtFeed:
    """Candles of one timeframe and ticks of the symbols of one connection."""

    def __init__(
        self,
        session: ExchangeSession,
        symbols: Sequence[str],
        timeframe: str,
        clock: Clock,
        bounds: FeedBounds | None = None,
        *,
        wants_quotes: bool = True,
    ) -> None:
        """`wants_quotes`: bid and ask are asked for apart where the tickers lack them.

        Raises ConfigError where the exchange has no candles of `timeframe`.
        """
        check_timeframe(session, timeframe)
        self._session = session
        self._intake = Intake(session, timeframe, clock, bounds or FeedBounds())
        self._streams = Streams(
            session,
            (Kind.TICKERS, Kind.CANDLES),
            timeframe,
            on_up=self._streams_up,
            on_break=self._streams_broke,
        )
        self._sweeper = Sweeper(self._intake, self._streams)
        self._polls = Polls(self._intake, self._streams)
        self._runner: asyncio.Task[None] | None = None
        self.left_out: dict[str, str] = {}
        """Symbols that the exchange does not trade now, with the reason."""
        if wants_quotes and session.has("watchBidsAsks"):
            self._intake.on_no_quotes = self._want_quotes
        self.watch(symbols)

    @property
    def source(self) -> Source:
        """Stream while the streams are up, else REST."""
        return Source.STREAM if self._streams.is_up else Source.REST

    @property
    def has_ticks(self) -> bool:
        """Always: from tickers."""
        return True

    @property
    def symbols(self) -> tuple[str, ...]:
        """What is watched."""
        return self._intake.symbols

    def watch(self, symbols: Sequence[str], left_out: Mapping[str, str] | None = None) -> None:
        """Watch these symbols from now on; `left_out` gives the reasons of those that are not.

        A symbol that is new begins after its `history`, or with the candle that is forming.
        """
        self._intake.watch(symbols)
        self._streams.watch(self._intake.symbols)
        self.left_out = dict(left_out or {})
        if self._runner is not None:
            self._begin()
        self._polls.wake()

    async def history(self, symbol: str, timeframe: str, limit: int) -> CandleColumns:
        """Return up to `limit` closed candles, oldest first; the events go on from there.

        A candle counts as closed a grace after its close by the venue's clock. Raises
        RetryableError, VenueError where the exchange refuses.
        """
        check_timeframe(self._session, timeframe)
        grace_ms = round(self._intake.bounds.grace_s * 1000)
        settled_ms = self._session.server_now_ms() - grace_ms
        columns = await self._polls.rest.history(symbol, timeframe, limit, settled_ms)
        if timeframe == self._intake.timeframe:
            self._intake.begin(symbol, next(iter(columns.slice(-1)), None))
        return columns

    async def events(self) -> AsyncIterator[Sequence[MarketEvent]]:
        """Yield what is new, in batches; an empty one says that the market is quiet, not lost."""
        outbox = self._intake.outbox
        self._begin()
        runner = self._runner = asyncio.create_task(self._run(), name="ccxt feed")
        runner.add_done_callback(lambda _: outbox.wake())
        try:
            while True:
                await outbox.wait()
                if runner.done():
                    _raise_end(runner)
                    return
                yield outbox.take()
        finally:
            await self.close()

    async def close(self) -> None:
        """End `events`; the session stays open: it belongs to who opened it."""
        runner = self._runner
        if runner is not None and not runner.done():
            runner.cancel()
            await asyncio.gather(runner, return_exceptions=True)

    def figures(self) -> dict[str, Any]:
        """Return what the screen shows: how each symbol is, and what was refused and filled."""
        return feed_figures(self._intake, self._streams, self._polls, self.left_out)

    def _begin(self) -> None:
        for symbol in self._intake.symbols:
            self._intake.begin(symbol)

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._streams.run(), name="streams")
            tasks.create_task(self._sweeper.run(), name="sweeps")
            tasks.create_task(self._polls.run_tickers(), name="tickers by REST")
            tasks.create_task(self._polls.run_candles(), name="candles by REST")
            tasks.create_task(self._polls.run_check(), name="check")

    def _streams_up(self) -> None:
        self._intake.liveness.begin_stream(monotonic_ms())

    def _streams_broke(self) -> None:
        self._intake.break_off()
        self._polls.wake()

    def _want_quotes(self) -> None:
        self._streams.add_kind(Kind.QUOTES)


def check_timeframe(session: ExchangeSession, timeframe: str) -> None:
    """Raise ConfigError where the exchange has no candles of `timeframe`, naming those it has."""
    known = session.client.timeframes or {}
    if known and timeframe not in known:
        raise ConfigError(
            f"{session.exchange} has no {timeframe} candles: choose one of {', '.join(known)}"
        )


def _raise_end(runner: "asyncio.Task[None]") -> None:
    """Raise what ended the feed, unless it was closed."""
    if runner.cancelled():
        return
    error = runner.exception()
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, CtsError | OSError):
        raise error
    if error is not None:
        raise RetryableError(f"the feed failed: {type(error).__name__}: {error}", 5.0) from error
