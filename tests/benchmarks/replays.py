"""Replay: recorded candles through every processor into the store."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from talib import stream

from cts_tui.engine.replay import Replay
from cts_tui.market.clean import DataQuality
from cts_tui.market.recorded import Recorded
from cts_tui.settings import Settings
from cts_tui.store.database import Database
from cts_tui.store.schema import open_store
from tests.benchmarks.measure import Line
from tests.benchmarks.pipeline_cycle import three_strategies, walk

_CANDLES = 20_000


def lines() -> Iterator[Line]:
    """Yield candles per second with the gate (as users run it) and without."""
    limit = _limit()
    for name, is_gated in (("gated", True), ("--no-gate", False)):
        yield Line(
            f"replay, three strategies, {name}",
            max(_replay(is_gated=is_gated) for _ in range(3)),
            "candles/s",
            20_000,
            limit,
            "/s bare indicators, nothing stored",
            is_rate=True,
        )


def _replay(*, is_gated: bool) -> float:
    (columns,) = walk(1, _CANDLES)
    recorded = Recorded("BENCH", "BTCUSDT", "1m", columns, DataQuality(_CANDLES, 0, 0, 0, 0))
    settings = Settings(paper_slippage_pct=Decimal(0))
    with tempfile.TemporaryDirectory() as folder:
        database = Database.at(Path(folder) / "bench.db")
        open_store(database)
        replay = Replay(database, settings, "bench", is_gated=is_gated)
        started = time.perf_counter()
        asyncio.run(replay.run(recorded, three_strategies()))
        replay.close()
        elapsed = time.perf_counter() - started
        database.close()
    return _CANDLES / elapsed


def _limit() -> float:
    (columns,) = walk(1, _CANDLES)
    warm, rest = columns.close[:100], columns.close[100:].tolist()
    opened = [stream.SMA(warm, 20), stream.SMA(warm, 10), stream.SMA(warm, 30)]
    opened += [stream.RSI(warm, 14), stream.MACD(warm)]
    started = time.perf_counter()
    for close in rest:
        for handle in opened:
            handle.update(close)
    return len(rest) / (time.perf_counter() - started)
