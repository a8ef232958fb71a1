"""Replay: recorded candles through every processor, the paper venue and the store, at full speed.

The same pipeline as live; only the feed, the clock and the journal's patience differ.
"""

import gc
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from cts_tui.backtest.metrics import measure
from cts_tui.backtest.report import result_document
from cts_tui.backtest.series import by_timeframe
from cts_tui.clock import ManualClock, SystemClock, utc_from_ms
from cts_tui.engine.account import Account
from cts_tui.engine.book import Holder
from cts_tui.engine.context import EngineContext
from cts_tui.engine.market_state import MarketState
from cts_tui.engine.pipeline import Pipeline
from cts_tui.engine.recorder import Recorder
from cts_tui.engine.requests import ExitRequest
from cts_tui.errors import ConfigError
from cts_tui.market.aggregate import aggregate
from cts_tui.market.recorded import Recorded
from cts_tui.model.columns import CandleColumns
from cts_tui.model.connection import RECORDED_EXCHANGE, ConnectionDraft, ConnectionSetup
from cts_tui.model.market import CandleClosed, Source, timeframe_ms
from cts_tui.model.money import exact
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trade import Trade
from cts_tui.model.trading import ExitReason
from cts_tui.settings import Settings
from cts_tui.store import connections, leases
from cts_tui.store.database import Database
from cts_tui.store.relaxed_journal import RelaxedJournal
from cts_tui.venue.paper import PaperVenue

_ROWS_PER_FLUSH: Final = 4_000
_LEASE: Final = timedelta(minutes=2)


@dataclass(slots=True)
class PipelineFigures:
    """What the pipeline did in one replay; the times alone differ from run to run."""

    counts: Counter[str] = field(default_factory=Counter)
    timings_ms: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, pipeline: Pipeline) -> None:
        """Add what a pipeline has counted."""
        self.counts["indications"] += pipeline.indication.figures.handled
        self.counts["signals"] += pipeline.strategy.signals
        self.counts["orders"] += pipeline.execution.sender.sent
        self.counts["fills"] += pipeline.execution.ledger.fills
        self.counts["errors"] += sum(p.figures.errors for p in pipeline.processors)
        for processor in pipeline.processors:
            self.counts["cycles"] += processor.figures.cycles
            self.timings_ms[processor.name] += processor.figures.total_ms

    def document(self) -> dict[str, Any]:
        """Return the `pipeline` of the replay's JSON document."""
        counts = ("cycles", "indications", "signals", "orders", "fills", "errors")
        return {name: self.counts[name] for name in counts} | {
            "timings": {name: round(spent, 3) for name, spent in self.timings_ms.items()}
        }


class Replay:
    """Replays files into one store. Results are per symbol and strategy, as a backtest's are."""

    def __init__(
        self, database: Database, settings: Settings, owner: str, *, is_gated: bool
    ) -> None:
        self.figures = PipelineFigures()
        self._database = database
        self._settings = settings
        self._owner = owner
        self._is_gated = is_gated
        self._journal = RelaxedJournal(database)

    async def run(self, recorded: Recorded, specs: Sequence[StrategySpec]) -> list[dict[str, Any]]:
        """Replay one file; return a result per strategy, in the order of `specs`.

        What an earlier replay of the same series has stored is replaced. Raises ConfigError where
        a strategy needs finer candles than the file has.
        """
        with _rare_collections():
            return await self._results(recorded, specs)

    async def _results(
        self, recorded: Recorded, specs: Sequence[StrategySpec]
    ) -> list[dict[str, Any]]:
        results: dict[str, dict[str, Any]] = {}
        groups = by_timeframe(recorded.symbol, recorded.timeframe, specs)
        setup = self._prepare(recorded)
        for timeframe, group in groups.items():
            candles = aggregate(recorded.columns, recorded.timeframe, timeframe)
            trades = await self._run_series(setup, recorded.symbol, timeframe, candles, group)
            for spec in group:
                own = trades[spec.name, recorded.symbol, timeframe]
                results[spec.name] = result_document(
                    symbol=recorded.symbol,
                    timeframe=timeframe,
                    strategy=spec.name,
                    candles=candles,
                    metrics=measure(own, candles, self._settings.paper_balance),
                    trades=own,
                )
        self._release(setup)
        return [results[spec.name] for spec in specs if spec.name in results]

    def close(self) -> None:
        """Write what waits. Raises ConfigError when rows were lost."""
        self._journal.close()
        figures = self._journal.figures
        if figures.dropped:
            raise ConfigError(
                f"{figures.dropped} batches could not be stored: {figures.last_error}"
            )

    async def _run_series(
        self,
        setup: ConnectionSetup,
        symbol: str,
        timeframe: str,
        candles: CandleColumns,
        specs: Sequence[StrategySpec],
    ) -> dict[Holder, list[Trade]]:
        """Run every candle of one series through a pipeline; return the trades by holder."""
        trades: dict[Holder, list[Trade]] = defaultdict(list)
        clock = ManualClock()
        context = self._context(setup, timeframe, clock)
        context.on_trade = lambda holder, trade: trades[holder].append(trade)
        pipeline = Pipeline(context)
        pipeline.configure(specs, [symbol])
        step_ms = timeframe_ms(timeframe)
        started = time.perf_counter()
        for candle in candles:
            clock.set(candle.time_ms + step_ms)
            await pipeline.step([CandleClosed(symbol, timeframe, candle, Source.CSV)])
        await self._close_what_is_open(pipeline)
        context.recorder.flush()
        self.figures.add(pipeline)
        self.figures.timings_ms["total"] += (time.perf_counter() - started) * 1000
        return trades

    async def _close_what_is_open(self, pipeline: Pipeline) -> None:
        """Drop what has not filled and close what is open at the last close, reason `end`."""
        await pipeline.execution.abandon()
        context = pipeline.context
        await pipeline.execution.carry_out(
            [
                ExitRequest(position, ExitReason.END, exact(last.close))
                for position in context.book
                if (last := context.market.buffer(position.symbol, position.timeframe).last)
            ]
        )
        pipeline.execution.book_fills()

    def _context(self, setup: ConnectionSetup, timeframe: str, clock: ManualClock) -> EngineContext:
        settings = self._settings
        market = MarketState(settings.candle_history, settings.tick_stale_s, has_ticks=False)
        return EngineContext(
            setup=replace(setup, timeframe=timeframe),
            settings=settings,
            clock=clock,
            market=market,
            account=Account(settings.paper_balance, is_shared=False),
            recorder=Recorder(setup.id, self._journal, _ROWS_PER_FLUSH),
            venue=PaperVenue(
                fee_pct=settings.paper_fee_pct, slippage_pct=settings.paper_slippage_pct
            ),
            store_id=timeframe,
            is_gated=self._is_gated,
            is_recorded=True,
        )

    def _prepare(self, recorded: Recorded) -> ConnectionSetup:
        """Return the connection that holds this series' replay, emptied and leased."""
        name = connection_name(recorded)
        now = utc_from_ms(SystemClock().now_ms())
        with self._database.write() as transaction:
            setup = connections.find(transaction, name)
            if setup is None:
                draft = ConnectionDraft(
                    name=name,
                    exchange=RECORDED_EXCHANGE,
                    symbols=(recorded.symbol,),
                    timeframe=recorded.timeframe,
                )
                connections.add(transaction, draft, now)
                setup = connections.find(transaction, name)
            assert setup is not None  # noqa: S101 - it was added in this transaction
            if leases.acquire(transaction, setup.id, self._owner, now, now + _LEASE) is None:
                raise ConfigError(f"another replay of {name} is running; wait for it to end")
            connections.clear(transaction, setup.id)
        return setup

    def _release(self, setup: ConnectionSetup) -> None:
        with self._database.write() as transaction:
            leases.release(transaction, self._owner, setup.id)


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for garbage seldom: rows pile up by the thousand, and none of them is any.

    The interpreter's own bounds cost a fifth of the time.
    """
    bounds = gc.get_threshold()
    gc.set_threshold(50_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*bounds)


def connection_name(recorded: Recorded) -> str:
    """Return the name of the connection that holds a series' replay: `replay-bybit-btcusdt-5m`."""
    parts = (recorded.exchange, recorded.symbol, recorded.timeframe)
    plain = "-".join(parts).lower()
    return "replay-" + "".join(c if c.isascii() and c.isalnum() else "-" for c in plain)
