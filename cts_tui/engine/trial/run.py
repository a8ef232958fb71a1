"""Plays the trial: a store of its own, one connection on paper, every processor once per candle."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from cts_tui.clock import ManualClock, utc_from_ms
from cts_tui.engine.account import Account
from cts_tui.engine.backfill import BackfillProcessor
from cts_tui.engine.context import EngineContext
from cts_tui.engine.market_state import MarketState
from cts_tui.engine.paper_account import PaperAccount
from cts_tui.engine.pipeline import Pipeline
from cts_tui.engine.processor import Processor
from cts_tui.engine.recorder import Recorder
from cts_tui.engine.trial import script
from cts_tui.engine.trial.links import Link, check_rows, failed_link
from cts_tui.errors import StoreError
from cts_tui.model.columns import CandleColumns
from cts_tui.model.connection import SIMULATED_EXCHANGE, ConnectionDraft, ConnectionSetup
from cts_tui.model.market import CandleClosed, Source
from cts_tui.model.strategy import StrategySpec
from cts_tui.store import connections, leases, strategies
from cts_tui.store.batch import Batch
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal
from cts_tui.store.schema import open_store
from cts_tui.venue.paper import PaperVenue

_OWNER: Final = "trial"
_FILE: Final = "scratch.db"


@dataclass(frozen=True, slots=True)
class Trial:
    """How it went, link by link, and what the processors did."""

    links: tuple[Link, ...]
    candles: int
    cycles: int
    transactions: int

    @property
    def broken(self) -> Link | None:
        """The first link that does not hold, None where all do."""
        return next((link for link in self.links if link.fault), None)


async def run_trial(folder: Path) -> Trial:
    """Play the script in a scratch store in `folder`; nothing else is read or written.

    Raises StoreError where that store cannot be made or written.
    """
    with _scratch(folder) as database:
        setup = _prepare(database)
        with contextlib.closing(Journal(database)) as journal:
            processors = await _play(database, journal, setup)
        written = journal.figures
        if written.dropped:
            raise StoreError(f"the scratch store did not take every row: {written.last_error}")
        failed = [link for one in processors if (link := failed_link(one)) is not None]
        return Trial(
            links=(*failed, *check_rows(database, setup)),
            candles=len(script.CANDLES),
            cycles=sum(one.figures.cycles for one in processors),
            transactions=written.transactions,
        )


@contextlib.contextmanager
def _scratch(folder: Path) -> Iterator[Database]:
    database = Database.at(folder / _FILE)
    try:
        open_store(database)
        yield database
    finally:
        database.close()


def _prepare(database: Database) -> ConnectionSetup:
    """Set up the connection with its history, its strategies and the lease of its engine."""
    now = utc_from_ms(script.NOON_MS)
    draft = ConnectionDraft(
        name=script.CONNECTION,
        exchange=SIMULATED_EXCHANGE,
        symbols=(script.SYMBOL,),
        timeframe=script.TIMEFRAME,
    )
    with database.write() as transaction:
        connection_id = connections.add(transaction, draft, now, enabled=True)
        leases.acquire(transaction, connection_id, _OWNER, now, now + timedelta(days=36_500))
        for spec in script.SPECS:
            strategies.add(transaction, spec, now, enabled=True)
        history = Batch()
        for candle in script.CANDLES[: script.STORED]:
            history.candle(connection_id, script.SYMBOL, script.TIMEFRAME, candle, Source.SIMULATED)
        history.write(transaction)
    with database.read() as transaction:
        setup = connections.find(transaction, script.CONNECTION)
    if setup is None:
        raise StoreError("the scratch store does not keep its connection")
    return setup


async def _play(
    database: Database, journal: Journal, setup: ConnectionSetup
) -> tuple[Processor, ...]:
    """Run every candle through the processors; return these, their figures full."""
    context, venue = _context(journal, setup)
    paper = PaperAccount(context, venue)
    context.on_booked = paper.record
    pipeline = Pipeline(context)
    history = CandleColumns.from_candles(list(script.CANDLES[: script.STORED]))
    context.market.warm(script.SYMBOL, script.TIMEFRAME, history)
    paper.restore(database)
    pipeline.configure(_stored_specs(database), [script.SYMBOL])
    clock = context.clock
    assert isinstance(clock, ManualClock)  # noqa: S101 - made so below
    for candle in script.CANDLES[script.STORED :]:
        clock.set(candle.time_ms + script.MINUTE_MS)
        closed = CandleClosed(script.SYMBOL, script.TIMEFRAME, candle, Source.SIMULATED)
        await pipeline.step([closed])
    pipeline.realtime.mark()
    await context.recorder.written()
    backfill = BackfillProcessor(context, pipeline.indication, database)
    await backfill.run_cycle()
    await context.recorder.written()
    return (*pipeline.processors, backfill)


def _stored_specs(database: Database) -> list[StrategySpec]:
    """Return the strategies as the store gives them back."""
    with database.read() as transaction:
        return strategies.specs(transaction)


def _context(journal: Journal, setup: ConnectionSetup) -> tuple[EngineContext, PaperVenue]:
    settings = script.SETTINGS
    venue = PaperVenue(fee_pct=settings.paper_fee_pct, slippage_pct=settings.paper_slippage_pct)
    context = EngineContext(
        setup=setup,
        settings=settings,
        clock=ManualClock(script.NOON_MS),
        market=MarketState(settings.candle_history, settings.tick_stale_s, has_ticks=False),
        account=Account(settings.paper_balance),
        recorder=Recorder(setup.id, journal, owner=_OWNER),
        venue=venue,
        store_id=script.CONNECTION,
        symbols=setup.symbols,
    )
    return context, venue
