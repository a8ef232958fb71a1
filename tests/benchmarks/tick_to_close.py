"""From a ticker message to its close order on the socket: 500 symbols, 100 fetches queued.

The whole way of a live position: websocket, feed, realtime, risk, intent on the disk (fsync), venue
adapter, limiter, request. The same without the queued fetches beside it.
"""

import asyncio
import gc
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from cts_tui.clock import SystemClock
from cts_tui.engine.account import Account
from cts_tui.engine.book import LivePosition
from cts_tui.engine.context import EngineContext
from cts_tui.engine.market_state import MarketState
from cts_tui.engine.pipeline import Pipeline
from cts_tui.engine.program import quicken
from cts_tui.engine.recorder import Recorder
from cts_tui.exchange.session import ExchangeSession
from cts_tui.market.ccxt_feed import CcxtFeed
from cts_tui.model.credentials import Credentials
from cts_tui.model.holding import Holding
from cts_tui.model.market import Source
from cts_tui.model.trading import Direction, MarketType, Mode
from cts_tui.rules.protection import Protection
from cts_tui.settings import Settings
from cts_tui.store.journal import Journal
from cts_tui.venue.ccxt_venue import CcxtVenue
from cts_tui.venue.paper import PaperVenue
from tests.benchmarks.loopback_process import SYMBOLS, Venue, loopback_venue
from tests.benchmarks.measure import Line
from tests.benchmarks.order_to_socket import Wire, full_queue
from tests.benchmarks.pipeline_cycle import new_store

_CLOSES: Final = 150
_TICKERS_PER_S: Final = 1_000.0
_BUDGET_MS: Final = 2.0


def lines() -> Iterator[Line]:
    """Yield the median and the 99th percentile, behind a full queue and without one."""
    with loopback_venue(_TICKERS_PER_S) as venue:
        queued, idle, durable = asyncio.run(_measure(venue))
    for name, part in (("p50", 0.5), ("p99", 0.99)):
        yield Line(
            f"tick → close order at the socket, 500 symbols, 100 fetches queued, {name}",
            _quantile(queued, part),
            "ms",
            _BUDGET_MS,
            _quantile(idle, part),
            "ms with no queue",
        )
    yield Line(
        "of that: the intent made durable, p50",
        _quantile(durable, 0.5),
        "ms",
        _BUDGET_MS,
        None,
        "",
    )


async def _measure(venue: Venue) -> tuple[list[float], list[float], list[float]]:
    async with _desk(venue) as desk:
        quicken()
        gc.freeze()
        idle = await desk.closes(SYMBOLS[:_CLOSES])
        async with full_queue(lambda: desk.session.call("fetch_ticker", SYMBOLS[0])):
            queued = await desk.closes(SYMBOLS[_CLOSES : 2 * _CLOSES])
        return queued, idle, desk.durable_ms


class _Desk:
    """A pipeline of live positions on streaming symbols."""

    def __init__(self, pipeline: Pipeline, session: ExchangeSession) -> None:
        self.pipeline = pipeline
        self.session = session
        self.durable_ms: list[float] = []
        self._came: dict[str, float] = {}
        self._time_intents()

    def listen(self) -> None:
        """Note when the message of each symbol came."""
        client = self.session.client
        handle = client.handle_message

        def noted(stream: Any, message: Any) -> Any:
            if isinstance(message, dict):
                self._came[message.get("s", "")] = time.perf_counter()
            return handle(stream, message)

        client.handle_message = noted

    def _time_intents(self) -> None:
        recorder = self.pipeline.context.recorder
        record = recorder.record_intents

        async def timed(orders: Any) -> None:
            began = time.perf_counter()
            await record(orders)
            self.durable_ms.append((time.perf_counter() - began) * 1e3)

        recorder.record_intents = timed  # type: ignore[method-assign]

    async def closes(self, symbols: tuple[str, ...]) -> list[float]:
        """Let the next tick of each symbol in turn touch a target; return the milliseconds."""
        times = []
        for symbol in symbols:
            with Wire() as wire:
                position = _position(symbol)
                self.pipeline.context.book.add(position)
                async with asyncio.timeout(20):
                    while not wire.written_at:  # noqa: ASYNC110 - the transport tells nobody
                        await asyncio.sleep(0.002)
                times.append((wire.written_at - self._came[symbol.replace("/", "")]) * 1e3)
            await asyncio.sleep(0.02)
            if self.pipeline.context.book.get(position.key) is not None:
                self.pipeline.context.book.remove(position)
        return times


def _position(symbol: str) -> LivePosition:
    """Return a live position whose target lies below every price that streams."""
    price = Decimal(90)
    holding = Holding(Direction.LONG, entered=Decimal(1), entry_cost=price, entry_price=price)
    protection = Protection(Direction.LONG, None, Decimal(95))
    return LivePosition(
        key=f"bench{symbol[:4]}",
        strategy="bench",
        symbol=symbol,
        timeframe="1m",
        entry_time_ms=0,
        holding=holding,
        protection=protection,
        source="stream",
        is_live=True,
    )


@asynccontextmanager
async def _desk(venue: Venue) -> AsyncIterator[_Desk]:
    clock, settings = SystemClock(), Settings()
    session = await ExchangeSession.open(
        exchange="binance",
        mode=Mode.LIVE,
        market=MarketType.SPOT,
        overlay=venue.overlay,
        credentials=Credentials(venue.api_key, venue.secret),
        clock=clock,
    )
    with tempfile.TemporaryDirectory() as folder:
        database, setup = new_store(Path(folder))
        journal = Journal(database)
        context = EngineContext(
            setup=replace(setup, mode=Mode.LIVE, live=True, symbols=SYMBOLS),
            settings=settings,
            clock=clock,
            market=MarketState(settings.candle_history, settings.tick_stale_s),
            account=Account(settings.paper_balance),
            recorder=Recorder(setup.id, journal),
            venue=PaperVenue(fee_pct=Decimal(0), slippage_pct=Decimal(0)),
            store_id="bench",
            live_venue=CcxtVenue(session, SYMBOLS),
        )
        pipeline = Pipeline(context)
        pipeline.configure([], SYMBOLS)
        desk = _Desk(pipeline, session)
        desk.listen()
        feed = CcxtFeed(session, SYMBOLS, "1m", clock)
        tasks = [asyncio.create_task(_pump(feed, pipeline))]
        tasks += [asyncio.create_task(one.run()) for one in (pipeline.realtime, pipeline.execution)]
        try:
            async with asyncio.timeout(60):
                while feed.source is not Source.STREAM:  # noqa: ASYNC110 - the feed tells nobody
                    await asyncio.sleep(0.05)
            yield desk
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await session.close()
            journal.close()
            database.close()


async def _pump(feed: CcxtFeed, pipeline: Pipeline) -> None:
    async for events in feed.events():
        pipeline.receive(events)


def _quantile(times: list[float], part: float) -> float:
    return sorted(times)[int(part * (len(times) - 1))]
