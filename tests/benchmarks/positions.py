"""Mark, check and store open positions: every one of them moves."""

import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np

from cts_tui.engine.book import LivePosition
from cts_tui.model.holding import Holding
from cts_tui.model.market import Source, Tick
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trading import Direction
from cts_tui.rules.protection import Protection
from cts_tui.store.journal import Journal
from tests.benchmarks.measure import Line, median_s
from tests.benchmarks.pipeline_cycle import new_pipeline, new_store

_BUDGETS_MS = {100: 3.0, 500: 3.0, 5_000: 25.0}
_RUNS = 15
_SYMBOLS = 500


def lines() -> Iterator[Line]:
    """Yield the time of one pass over 100, 500 and 5,000 positions."""
    for count, budget in _BUDGETS_MS.items():
        yield Line(
            f"mark, check and store {count:,} positions",
            asyncio.run(_pass(count)) * 1e3,
            "ms",
            budget,
            _limit(count) * 1e3,
            "ms numpy + sqlite3",
        )


async def _pass(count: int) -> float:
    spec = StrategySpec("bench", stop_loss_pct=Decimal(50), take_profit_pct=Decimal(50))
    symbols = [f"S{number}/USDT" for number in range(min(count, _SYMBOLS))]
    times = []
    with tempfile.TemporaryDirectory() as folder:
        database, setup = new_store(Path(folder))
        journal = Journal(database)
        pipeline, clock = new_pipeline(database, setup, journal, symbols)
        context = pipeline.context
        context.market.has_ticks = True
        for number in range(count):
            position = _position(number, symbols[number % len(symbols)], spec)
            context.book.add(position)
            context.recorder.batch.position(setup.id, position.record(), 0)
        context.recorder.flush()
        await journal.flush()
        for run in range(_RUNS + 1):
            price = Decimal(100) + Decimal(run) / 100
            clock.set(run * 1_000)
            started = time.perf_counter()
            pipeline.receive(
                [Tick(symbol, clock.now_ms(), price, Source.SIMULATED) for symbol in symbols]
            )
            await pipeline.realtime.run_cycle()
            pipeline.realtime.mark()
            context.recorder.flush()
            await journal.flush()
            times.append(time.perf_counter() - started)
        journal.close()
        database.close()
    return statistics.median(times[1:])


def _position(number: int, symbol: str, spec: StrategySpec) -> LivePosition:
    price = Decimal(100)
    holding = Holding(
        Direction.LONG,
        entered=Decimal(1),
        entry_cost=price,
        fees=Decimal("0.1"),
        paid_fees=Decimal("0.1"),
        entry_price=price,
    )
    return LivePosition(
        key=f"cts-{number:032d}",
        strategy=f"bench-{number}",
        symbol=symbol,
        timeframe="1m",
        entry_time_ms=0,
        holding=holding,
        protection=Protection.at_entry(spec, Direction.LONG, Decimal(100)),
        source="simulated",
        is_live=False,
    )


def _limit(count: int) -> float:
    """Return the seconds of the bare work: numpy comparisons and one executemany of updates."""
    mark, stop, target = np.full(count, 100.0), np.full(count, 50.0), np.full(count, 150.0)
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(Path(folder) / "raw.db", isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute("CREATE TABLE p (id INTEGER PRIMARY KEY, mark TEXT, t INT, s TEXT, x INT)")
        database.executemany(
            "INSERT INTO p VALUES (?, '1', 0, '', 0)", [(number,) for number in range(count)]
        )

        def once() -> None:
            np.flatnonzero((mark <= stop) | (mark >= target))
            database.execute("BEGIN")
            database.executemany(
                "UPDATE p SET mark = ?, t = ?, s = ?, x = ? WHERE id = ?",
                [("100.01", 1, "simulated", 0, number) for number in range(count)],
            )
            database.execute("COMMIT")

        limit = median_s(once, _RUNS)
        database.close()
    return limit
