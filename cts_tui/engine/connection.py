"""ConnectionEngine: everything that runs for one enabled connection."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Final

from cts_tui.clock import Clock, ManualClock, utc_from_ms
from cts_tui.engine.account import Account
from cts_tui.engine.backfill import BackfillProcessor
from cts_tui.engine.book import LivePosition
from cts_tui.engine.context import EngineContext
from cts_tui.engine.feeding import Feeder
from cts_tui.engine.feeds import connect_feed
from cts_tui.engine.market_state import MarketState, Series
from cts_tui.engine.pipeline import Pipeline
from cts_tui.engine.recorder import Recorder
from cts_tui.engine.requests import ExitRequest
from cts_tui.engine.settlement import record_position
from cts_tui.market.feed import Feed
from cts_tui.model.columns import CandleColumns
from cts_tui.model.connection import ConnectionSetup
from cts_tui.model.market import CandleClosed, Source, timeframe_ms
from cts_tui.model.records import Order
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trading import Actor, EngineStatus, EventKind, ExitReason, OrderStatus
from cts_tui.settings import Settings
from cts_tui.store import history as stored
from cts_tui.store import positions
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal
from cts_tui.venue.paper import PaperVenue

LOG = logging.getLogger(__name__)
_STATE_EVERY_S: Final = 1.0


class ConnectionEngine:
    """One connection's pipeline: restores what was open, warms up, runs, stops in order."""

    def __init__(
        self,
        setup: ConnectionSetup,
        specs: Sequence[StrategySpec],
        *,
        settings: Settings,
        database: Database,
        journal: Journal,
        store_id: str,
        clock: Clock,
    ) -> None:
        self.setup = setup
        self._specs = specs
        self._database = database
        self._clock = clock
        self._started_ms = clock.now_ms()
        self.context = EngineContext(
            setup=setup,
            settings=settings,
            clock=clock,
            market=MarketState(settings.candle_history, settings.tick_stale_s),
            account=Account(settings.paper_balance),
            recorder=Recorder(setup.id, journal),
            venue=PaperVenue(
                fee_pct=settings.paper_fee_pct, slippage_pct=settings.paper_slippage_pct
            ),
            store_id=store_id,
        )
        self.context.older_candles = self._older_candles
        self.pipeline = Pipeline(self.context)
        self._feeder = Feeder(self.context, self._connect, self.pipeline.receive, self._begin_anew)
        self._backfill = BackfillProcessor(self.context, self.pipeline.indication, database)
        self._is_ready = False

    @property
    def status(self) -> EngineStatus:
        """What the engine says of itself."""
        if not self._is_ready:
            return EngineStatus.STARTING
        is_impaired = self._feeder.feed is None or self.context.recorder.is_failing
        return EngineStatus.DEGRADED if is_impaired else EngineStatus.RUNNING

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that are traded."""
        return self.setup.symbols

    async def run(self) -> None:
        """Run until cancelled. What fails in a processor stays there; anything else comes out."""
        try:
            await self._start()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._feeder.run(), name="feed")
                for processor in (*self.pipeline.processors, self._backfill):
                    tasks.create_task(processor.run(), name=processor.name)
                tasks.create_task(self._report(), name="report")
        finally:
            await self._stop()

    def set_strategies(self, specs: Sequence[StrategySpec]) -> None:
        """Run these strategies from now on; open positions keep their levels."""
        self._specs = specs
        self._configure()

    def _begin_anew(self) -> None:
        """Go on from candles that were replaced while the feed was lost."""
        self.pipeline.forget_waiting()
        self._configure()

    def _configure(self) -> None:
        """Set up the strategies on the candles in memory."""
        self.pipeline.configure(self._specs, self.symbols)
        self._backfill.wake()

    def close_position(self, key: str) -> None:
        """Close a position at market because the trader asks for it."""
        position = self.context.book.get(key)
        if position is not None:
            self.pipeline.execution.request(ExitRequest(position, ExitReason.MANUAL))

    async def _start(self) -> None:
        self._restore()
        self._write_status(self.status)
        is_connected = await self._feeder.open()
        fresh = await self._warm() if is_connected and self._feeder.feed else {}
        self._configure()
        if fresh:
            await self._trade_through(fresh)
        self._is_ready = True
        self._write_status(self.status)

    def _restore(self) -> None:
        """Take up the stored positions; paper orders that were resting are gone with the venue."""
        context = self.context
        with self._database.read() as transaction:
            records = positions.open_records(transaction, self.setup.id)
            attempts = stored.exit_attempts(transaction, self.setup.id)
            unfinished = stored.unfinished_orders(transaction, self.setup.id)
            realized, _, _ = positions.realized_pnl(transaction, connection_id=self.setup.id)
            for symbol in self.symbols:
                candles = stored.candles(
                    transaction,
                    self.setup.id,
                    symbol,
                    self.setup.timeframe,
                    context.settings.candle_history,
                )
                context.market.warm(symbol, self.setup.timeframe, candles)
        for record in records:
            position = LivePosition.restored(record, attempts.get(record.key, 0))
            context.book.add(position)
            if record.status is not position.status:  # its close was under way
                record_position(context, position)
        context.account.book(("", "", ""), realized)
        for order in unfinished:
            self._expire(order)

    def _older_candles(self, series: Series, before_ms: int) -> CandleColumns:
        """Return stored candles from before those in memory."""
        limit = self.context.settings.gate_history
        with self._database.read() as transaction:
            return stored.candles(transaction, self.setup.id, *series, limit, before_ms=before_ms)

    def _expire(self, order: Order) -> None:
        """End an order that rested in the memory of the paper venue of an earlier run."""
        batch = self.context.recorder.batch
        batch.order(self.setup.id, order.ended(OrderStatus.EXPIRED, "the engine restarted"))
        batch.event(
            time_ms=self._clock.now_ms(),
            who=Actor.ENGINE,
            kind=EventKind.ORDER,
            subject=order.client_order_id,
            message=f"order on {order.symbol} expired: the paper venue restarted",
            before=order.status,
            after=OrderStatus.EXPIRED,
        )

    def _connect(self) -> Feed:
        """Connect the feed, which goes on from the candles we have."""
        market = self.context.market
        last = {
            symbol: candle
            for symbol in self.symbols
            if (candle := market.buffer(symbol, self.setup.timeframe).last) is not None
        }
        resume = {symbol: (candle.time_ms, candle.close) for symbol, candle in last.items()}
        return connect_feed(self.setup, self._clock, self.context.settings.demo_seed, resume)

    async def _warm(self) -> dict[str, CandleColumns]:
        """Fetch the feed's history; return it where it is to be traded, else take it as warm-up."""
        feed = self._feeder.feed
        fresh: dict[str, CandleColumns] = {}
        if feed is None:
            return fresh
        for symbol in self.symbols:
            last = self.context.market.buffer(symbol, self.setup.timeframe).last
            history = await feed.history(
                symbol, self.setup.timeframe, self.context.settings.candle_history
            )
            if last is not None:
                history = history.slice(int((history.time_ms <= last.time_ms).sum()))
            if feed.source is Source.SIMULATED:
                fresh[symbol] = history
            else:
                self.context.market.warm(symbol, self.setup.timeframe, history)
                self._record_history(symbol, history, feed.source)
        return fresh

    def _record_history(self, symbol: str, history: CandleColumns, source: Source) -> None:
        """Store the candles that came before the first event; their indications follow."""
        for candle in history:
            self.context.recorder.batch.candle(
                self.setup.id, symbol, self.setup.timeframe, candle, source
            )

    async def _trade_through(self, fresh: dict[str, CandleColumns]) -> None:
        """Trade a simulated market's history at its own time, as a replay does.

        So the demo opens on a desk that has been at work for hours. Real history is never traded.
        """
        context = self.context
        step_ms = timeframe_ms(self.setup.timeframe)
        context.clock = clock = ManualClock()
        context.market.has_ticks = False
        by_time = sorted(
            (candle.time_ms, symbol, candle) for symbol, past in fresh.items() for candle in past
        )
        for time_ms, symbol, candle in by_time:
            clock.set(time_ms + step_ms)
            event = CandleClosed(symbol, self.setup.timeframe, candle, Source.SIMULATED)
            await self.pipeline.step([event])
        context.clock = self._clock
        context.market.has_ticks = True

    async def _report(self) -> None:
        """Write the engine's state every second."""
        while True:
            self._write_status(self.status)
            await asyncio.sleep(_STATE_EVERY_S)

    def _write_status(self, status: EngineStatus) -> None:
        """Record status, heartbeat, gates and cycle figures."""
        feeder = self._feeder
        self.context.recorder.batch.engine_state(
            self.setup.id,
            status=status,
            heartbeat_ms=self._clock.now_ms(),
            started_ms=self._started_ms,
            last_error=feeder.last_error,
            last_error_ms=feeder.last_error_ms,
            feed_source=feeder.source,
            figures=self._figures(),
        )
        self.context.recorder.flush()

    def _figures(self) -> dict[str, Any]:
        backfill = self._backfill.figures.as_row(self._backfill.name)
        return {
            "processors": [*self.pipeline.figures(), backfill],
            "backfill": self._backfill.progress(),
            "gates": self.pipeline.strategy.gate_rows(),
            "faults": self.pipeline.faults,
            "refused_prices": self.context.market.refused,
            "held_back_exits": self.pipeline.realtime.held_back,
            "feed_errors": self._feeder.errors,
        }

    async def _stop(self) -> None:
        """Cancel what rests, record the last prices, and say that the engine has stopped."""
        await self._feeder.close()
        await self.pipeline.execution.abandon()
        self.pipeline.realtime.mark()
        if self.context.has_lease:  # else the row is the next engine's
            self._write_status(EngineStatus.STOPPED)
        self.context.recorder.flush()
        LOG.info("engine of %s stopped at %s", self.setup.name, utc_from_ms(self._clock.now_ms()))
