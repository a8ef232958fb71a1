"""ConnectionEngine: everything that runs for one enabled connection."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, Final

from cts_tui.clock import Clock, utc_from_ms
from cts_tui.engine.backfill import BackfillProcessor
from cts_tui.engine.feeding import Feeder
from cts_tui.engine.feeds import connect_feed
from cts_tui.engine.funding import FundingProcessor, asking
from cts_tui.engine.live_link import LiveLink
from cts_tui.engine.live_watch import LiveWatch
from cts_tui.engine.market_link import MarketLink
from cts_tui.engine.market_state import Series
from cts_tui.engine.paper_account import PaperAccount, new_context
from cts_tui.engine.past import Past
from cts_tui.engine.pipeline import Pipeline
from cts_tui.engine.processor import Processor
from cts_tui.engine.recorder import Recorder
from cts_tui.engine.rehearsal import to_trade, trade_through
from cts_tui.engine.requests import ExitRequest
from cts_tui.engine.restoring import answer_signals, restore
from cts_tui.engine.sessions import SessionKeeper
from cts_tui.engine.steering import Steering, Wishes
from cts_tui.engine.supervision import unending
from cts_tui.engine.telling import Teller
from cts_tui.logs.context import enter_connection
from cts_tui.model.columns import CandleColumns
from cts_tui.model.connection import ConnectionSetup
from cts_tui.model.credentials import Credentials
from cts_tui.model.market import Source
from cts_tui.model.money import ZERO
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trading import EngineStatus, ExitReason, MarketType, Mode
from cts_tui.settings import Settings
from cts_tui.store import history as stored
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal
from cts_tui.store.vault import Vault

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
        vault: Vault | None = None,
        owner: str | None = None,
    ) -> None:
        """`owner` is who holds the lease; without one the intents of orders are not fenced."""
        self.setup = setup
        self._specs = specs
        self._vault = vault
        self._database = database
        self._clock = clock
        self._started_ms = clock.now_ms()
        recorder = Recorder(setup.id, journal, owner=owner)
        self.context, venue = new_context(setup, settings, clock, recorder, store_id)
        self.sessions = SessionKeeper(setup, clock, self.credentials, settings.clock_check_s)
        """The one session with the exchange, for feed and venue."""
        self._paper = PaperAccount(self.context, venue)
        self.context.on_booked = self._paper.record
        self._funding = FundingProcessor(self.context, venue, database, asking(self.sessions))
        self.context.older_candles = self._older_candles
        self.context.spec_of = self._spec_of
        self.pipeline = Pipeline(self.context)
        self._past = Past(self.context, database)
        self._link = MarketLink(self.context, self.sessions, self._past, connect_feed)
        self._steering = Steering(self.context, self.pipeline)
        self._live, self._live_watch = self._account_parts()
        self._backfill = BackfillProcessor(self.context, self.pipeline.indication, database)
        self._feeder = Feeder(
            self.context,
            self._past,
            self._link.connect,
            self.pipeline.receive,
            self._begin_anew,
            self._backfill.begin_anew,
        )
        self._is_ready = False

    def _account_parts(self) -> tuple[LiveLink | None, LiveWatch | None]:
        """Return what follows the account, and what ends live trading; nothing does on paper."""
        if self.setup.mode is Mode.PAPER:
            return None, None
        turn_off = partial(self._steering.set_live, is_live=False)
        return (
            LiveLink(self.context, self.pipeline, self.sessions, self._database),
            LiveWatch(
                self.context,
                self.sessions,
                self._database,
                turn_off=turn_off,
                read=self.credentials,
            ),
        )

    @property
    def status(self) -> EngineStatus:
        """What the engine says of itself."""
        if not self._is_ready:
            return EngineStatus.STARTING
        is_impaired = self._feeder.feed is None or self.context.recorder.is_failing
        return EngineStatus.DEGRADED if is_impaired else EngineStatus.RUNNING

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that are watched."""
        return self.context.symbols

    def credentials(self) -> Credentials | None:
        """Return the stored credentials; on paper there is no use for any, and no key is sought.

        It blocks: the key may have to be derived. Raises LockedError where it is out of reach.
        """
        if self.setup.mode is Mode.PAPER or self._vault is None:
            return None
        return self._vault.credentials_of(self.setup.id)

    async def run(self) -> None:
        """Run until cancelled. What fails in a processor stays there; anything else comes out."""
        enter_connection(self.setup.name)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(unending(self._report(), "report"), name="report")
                await self._start()
                for name, work in self._work().items():
                    tasks.create_task(unending(work, name), name=name)
        finally:
            await self._stop()

    def _work(self) -> dict[str, Coroutine[Any, Any, None]]:
        """Return all that runs once the engine is ready; what ends before it stops ends it."""
        work = {
            "feed": self._feeder.run(),
            "markets": self._link.run(self._feeder, self._configure),
            "session": self.sessions.run(),
        }
        if self._live is not None:
            work["account"] = self._live.run()
        return work | {processor.name: processor.run() for processor in self.processors}

    @property
    def processors(self) -> list[Processor]:
        """Those of the pipeline, and those that work beside it."""
        watch = [] if self._live_watch is None else [self._live_watch]
        funding = [self._funding] if self.setup.market is MarketType.SWAP else []
        return [*self.pipeline.processors, self._backfill, *watch, *funding]

    def steer(self, wishes: Wishes) -> None:
        """Go by what the trader wants now; live trading on or off restarts nothing."""
        self._steering.apply(wishes)

    def leave_behind(self) -> None:
        """Order and record nothing more, whatever of it goes on: another engine takes its place."""
        self.context.lease_until = 0.0
        self.context.recorder.retire()

    def exposure(self, currency: str, *, is_live: bool) -> Decimal:
        """Return what is open and on its way in a currency: on paper, or of real money."""
        entries = self.pipeline.entries
        return ZERO if entries is None else entries.limits.total(currency, is_live=is_live)

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
        await self.context.recorder.written()  # what the engine before it left: else it comes twice
        self._restore()
        self._write_status(self.status)
        is_connected = await self._feeder.open()
        fresh = await self._warm() if is_connected else {}
        self._configure()
        if self._feeder.feed is not None:
            self._past.record_coarser(self._feeder.feed.source)
            await self.context.recorder.written()  # the backfill looks for it in the store
        if fresh:
            await trade_through(self.context, self.pipeline, self._paper, fresh)
        self._is_ready = True
        self._write_status(self.status)

    def _restore(self) -> None:
        """Take up what is stored."""
        self._past.restore(self.symbols)
        live_orders = restore(self.context, self.pipeline, self._database)
        self._paper.restore(self._database)
        if self._live is not None:
            self._live.take_up(live_orders)
        answer_signals(self.context, self.pipeline, self._database)

    def _spec_of(self, name: str) -> StrategySpec:
        """Return the strategy of a name, with the usual levels where it is gone."""
        return next((spec for spec in self._specs if spec.name == name), StrategySpec(name))

    def _older_candles(self, series: Series, before_ms: int) -> CandleColumns:
        """Return stored candles from before those in memory."""
        limit = self.context.settings.gate_history
        with self._database.read() as transaction:
            return stored.candles(transaction, self.setup.id, *series, limit, before_ms=before_ms)

    async def _warm(self) -> dict[str, CandleColumns]:
        """Take the feed's history as warm-up; return it where it is to be traded."""
        found = await self._feeder.warm()
        feed = self._feeder.feed
        if feed is None:
            return {}
        if feed.source is Source.SIMULATED:
            choose = partial(to_trade, self.context, self._past)
            return {symbol: choose(symbol, past) for symbol, past in found.items()}
        for symbol, past in found.items():
            self._past.take(symbol, past, feed.source)
        return {}

    async def _report(self) -> None:
        """Write the engine's state every second, where the store takes it."""
        teller = Teller("the state of the engine cannot be recorded")
        while True:
            with teller.of_store():
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
        processors = [one.figures.as_row(one.name) for one in self.processors]
        entries = self.pipeline.entries
        return {
            "processors": processors,
            "backfill": self._backfill.progress(),
            "gates": self.pipeline.strategy.gate_rows(),
            "faults": self.pipeline.faults,
            "refused_prices": self.context.market.refused,
            "held_back_exits": self.pipeline.realtime.held_back,
            "feed_errors": self._feeder.errors,
            **self._link.figures(self._feeder.feed),
            "account": None if self._live is None else self._live.figures(),
            "reconcile": self.pipeline.reconcile_figures(),
            "losses": None if entries is None else entries.losses.figures_row(),
        }

    async def _stop(self) -> None:
        """Cancel what rests, record the last prices, and say that the engine has stopped."""
        await self._feeder.close()
        await self.pipeline.execution.abandon()
        await self.sessions.give_up()
        self.pipeline.realtime.mark()
        if self.context.has_lease:  # else the row is the next engine's
            self._write_status(EngineStatus.STOPPED)
        self.context.recorder.flush()
        LOG.info("engine of %s stopped at %s", self.setup.name, utc_from_ms(self._clock.now_ms()))
