"""Closed candle → SMA, RSI, MACD, rules, decision, stored: many symbols in one cycle."""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np
from talib import stream

from cts_tui.clock import ManualClock
from cts_tui.engine.account import Account
from cts_tui.engine.context import EngineContext
from cts_tui.engine.market_state import MarketState
from cts_tui.engine.pipeline import Pipeline
from cts_tui.engine.recorder import Recorder
from cts_tui.model.columns import CandleColumns
from cts_tui.model.connection import ConnectionDraft, ConnectionSetup
from cts_tui.model.market import Candle, CandleClosed, Source
from cts_tui.model.strategy import StrategySpec
from cts_tui.rules.builtin import builtin_strategies
from cts_tui.settings import Settings
from cts_tui.store import connections
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal
from cts_tui.store.schema import open_store
from cts_tui.venue.paper import PaperVenue
from tests.benchmarks.measure import Line, median_s

_STEP_MS = 60_000
_CYCLES = 40
_HISTORY = 300


def three_strategies() -> list[StrategySpec]:
    """Return the strategies that the figures of earlier versions were taken with."""
    names = ("sma-cross", "rsi-reversal", "macd-cross")
    return [spec for spec in builtin_strategies() if spec.name in names]


def walk(symbols: int, candles: int, seed: int = 3) -> list[CandleColumns]:
    """Return random walks, one per symbol."""
    rng = np.random.default_rng(seed)
    times = np.arange(candles, dtype=np.int64) * _STEP_MS
    made = []
    for _ in range(symbols):
        close = 100 * np.exp(np.cumsum(rng.normal(0, 0.002, candles)))
        open_ = np.concatenate(([100.0], close[:-1]))
        spread = np.abs(rng.normal(0, 0.001, candles)) * close
        high, low = np.maximum(open_, close) + spread, np.minimum(open_, close) - spread
        made.append(CandleColumns(times, open_, high, low, close, np.ones(candles)))
    return made


def new_store(folder: Path) -> tuple[Database, ConnectionSetup]:
    """Return a store with one connection."""
    database = Database.at(folder / "bench.db")
    open_store(database)
    now = ManualClock(0)
    from cts_tui.clock import utc_from_ms

    with database.write() as transaction:
        draft = ConnectionDraft("bench", "simulated", timeframe="1m")
        connections.add(transaction, draft, utc_from_ms(now.now_ms()))
        setup = connections.find(transaction, "bench")
    assert setup is not None
    return database, setup


def new_pipeline(
    database: Database, setup: ConnectionSetup, journal: Journal, symbols: list[str]
) -> tuple[Pipeline, ManualClock]:
    """Return a pipeline of the built-in strategies on `symbols`."""
    settings, clock = Settings(), ManualClock()
    context = EngineContext(
        setup=setup,
        settings=settings,
        clock=clock,
        market=MarketState(settings.candle_history, settings.tick_stale_s, has_ticks=False),
        account=Account(settings.paper_balance),
        recorder=Recorder(setup.id, journal, 1_000_000),
        venue=PaperVenue(fee_pct=Decimal("0.1"), slippage_pct=Decimal(0)),
        store_id="bench",
    )
    return Pipeline(context), clock


def lines() -> Iterator[Line]:
    """Yield the time per symbol of a whole cycle at 10, 100 and 500 symbols."""
    for count in (10, 100, 500):
        cycle_s = asyncio.run(_cycle(count))
        limit_s = _limit(count)
        yield Line(
            f"closed candle → decision, stored: {count} symbols",
            cycle_s / count * 1e6,
            "µs/symbol",
            20.0,
            limit_s / count * 1e6,
            "µs raw TA-Lib + sqlite3",
        )
        if count == 500:
            yield Line(
                "the whole cycle of 500 symbols", cycle_s * 1e3, "ms", 10.0, limit_s * 1e3, "ms raw"
            )


async def _cycle(count: int) -> float:
    """Return the median seconds of one cycle, from the candles until they are committed."""
    symbols = [f"S{number}/USDT" for number in range(count)]
    history = walk(count, _HISTORY + _CYCLES)
    with tempfile.TemporaryDirectory() as folder:
        database, setup = new_store(Path(folder))
        journal = Journal(database)
        pipeline, clock = new_pipeline(database, setup, journal, symbols)
        for symbol, columns in zip(symbols, history, strict=True):
            pipeline.context.market.warm(symbol, "1m", columns.slice(0, _HISTORY))
        pipeline.context.is_killed = True  # signals are decided and stored; orders are not measured
        pipeline.configure(three_strategies(), symbols)
        candles = [list(columns.slice(_HISTORY)) for columns in history]
        times = []
        for cycle in range(_CYCLES):
            events = [
                CandleClosed(symbol, "1m", own[cycle], Source.SIMULATED)
                for symbol, own in zip(symbols, candles, strict=True)
            ]
            clock.set(events[0].candle.time_ms + _STEP_MS)
            started = time.perf_counter()
            await pipeline.step(events)
            pipeline.context.recorder.flush()
            await journal.flush()
            times.append(time.perf_counter() - started)
        journal.close()
        database.close()
    return sorted(times)[_CYCLES // 2]


def _limit(count: int) -> float:
    """Return the median seconds of the bare work: stream updates and two rows per symbol."""
    history = walk(count, _HISTORY)
    opened = [
        (
            stream.SMA(columns.close, timeperiod=20),
            stream.RSI(columns.close, timeperiod=14),
            stream.MACD(columns.close),
        )
        for columns in history
    ]
    candle = Candle(0, 100.0, 101.0, 99.0, 100.5, 1.0)
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(Path(folder) / "raw.db", isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute("CREATE TABLE candle (s, t, o, h, l, c, v, PRIMARY KEY (s, t))")
        database.execute("CREATE TABLE indication (s, t, v, PRIMARY KEY (s, t))")
        clock = iter(range(10_000))

        def cycle() -> None:
            now = next(clock)
            rows = []
            for number, (sma, rsi, macd) in enumerate(opened):
                values = (sma.update(100.5), rsi.update(100.5), macd.update(100.5))
                rows.append((number, now, str(values)))
            database.execute("BEGIN")
            database.executemany(
                "INSERT INTO candle VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(number, now, *candle[1:]) for number in range(count)],
            )
            database.executemany("INSERT INTO indication VALUES (?, ?, ?)", rows)
            database.execute("COMMIT")

        limit = median_s(cycle, 20)
        database.close()
    return limit
