"""Backtests: the loop beside bare numpy, the whole process, and the search on one and two cores."""

import sys
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Final

import numpy as np

from cts_tui.backtest.grid import grid
from cts_tui.backtest.run import backtest
from cts_tui.backtest.series import Terms, rule_flags
from cts_tui.backtest.walk_forward import Search, folds
from cts_tui.desk.optimizing import optimize
from cts_tui.model.columns import BoolArray, CandleColumns
from cts_tui.model.strategy import StrategySpec
from cts_tui.rules.evaluate import History
from tests.benchmarks.measure import Line, median_s
from tests.benchmarks.pipeline_cycle import walk
from tests.benchmarks.processes import median_process

_LOOP_CANDLES = 1_000_000
_CANDLES = 45_000
_RUNS = 7
_LEVELS: Final = {"stop_loss_pct": Decimal(5), "take_profit_pct": Decimal(8)}
_BREAKOUT = StrategySpec("bench", entry_long="close > highest(high[1], 5000)", **_LEVELS)
_REVERSAL = StrategySpec("bench", entry_long="rsi(14) < 30", **_LEVELS)
_CROSS = StrategySpec(
    "bench",
    entry_long="crosses_above(sma(10), sma(30))",
    exit_long="crosses_below(sma(10), sma(30))",
)
_NUMPY = """
import sys, numpy
rows = numpy.loadtxt(sys.argv[1], delimiter=",", skiprows=1)
numpy.cumsum(rows[:, 4])
"""


def lines() -> Iterator[Line]:
    """Yield candles/s of the loop, seconds and MB of the process, combinations/s of the search."""
    yield _loop(_BREAKOUT)
    yield _loop(_REVERSAL)
    yield from _process()
    yield from _search()


def _loop(spec: StrategySpec) -> Line:
    (candles,) = walk(1, _LOOP_CANDLES)
    flags = rule_flags(History(candles, "1m"), spec)
    money = {"fee_pct": Decimal("0.1"), "slippage_pct": Decimal(0), "balance": Decimal(10_000)}
    spent = median_s(lambda: backtest(candles, **flags, spec=spec, **money), _RUNS)
    trades = len(backtest(candles, **flags, spec=spec, **money))
    bare = median_s(lambda: _event_jump(candles, flags["entry_long"]), _RUNS)
    return Line(
        f"backtest loop, one rule, {trades:,} trades",
        _LOOP_CANDLES / spent,
        "candles/s",
        20e6,
        _LOOP_CANDLES / bare,
        "/s bare numpy event-jump",
        is_rate=True,
    )


def _event_jump(candles: CandleColumns, entries: BoolArray) -> float:
    """Trade long with a fixed stop and target in floats: what numpy alone needs."""
    decided, gained, at = np.flatnonzero(entries), 0.0, 0
    while (place := int(np.searchsorted(decided, at))) < len(decided):
        first = int(decided[place]) + 1
        if first >= len(candles):
            break
        entry = candles.open[first]
        at = len(candles)
        for start in range(first, len(candles), 16_384):
            low, high = candles.low[start : start + 16_384], candles.high[start : start + 16_384]
            hit = (low <= entry * 0.95) | (high >= entry * 1.08)
            if hit.any():
                at = start + int(hit.argmax())
                break
        gained += candles.close[min(at, len(candles) - 1)] - entry
    return gained


def _process() -> Iterator[Line]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "BENCH_BTCUSDT_1m.csv"
        (candles,) = walk(1, _CANDLES)
        rows = (",".join(map(str, candle)) for candle in candles)
        file.write_text("\n".join(["timestamp_ms,open,high,low,close,volume", *rows]))
        data = {"CTS_DATA_DIR": f"{folder}/data", "CTS_CONFIG_DIR": f"{folder}/config"}
        ours = [sys.executable, "-m", "cts_tui", "backtest", str(file), "--strategy", "sma-cross"]
        bare = [sys.executable, "-c", _NUMPY, str(file)]
        spent_s, peak_mb = median_process(ours, data, _RUNS)
        limit_s, limit_mb = median_process(bare, data, _RUNS)
    what = f"backtest, whole process, {_CANDLES:,} candles"
    yield Line(what, spent_s, "s", 0.5, limit_s, "s numpy.loadtxt alone")
    yield Line(f"{what}: memory", peak_mb, "MB", 80.0, limit_mb, "MB numpy.loadtxt alone")


def _search() -> Iterator[Line]:
    """Yield the search on one and two processes, starting them included."""
    (candles,) = walk(1, 10_000)
    space = grid(_CROSS, ["sma.0=4..13", "sma#2.0=20..65:5", "stop_loss_pct=1..10"])
    rates = []
    for jobs in (1, 2):
        search = Search("X", "1m", candles, space, Terms(), folds(len(candles), 4))
        started = time.perf_counter()
        optimize([search], jobs, lambda *_: None)
        rates.append(len(space) / (time.perf_counter() - started))
    for jobs, rate in enumerate(rates, start=1):
        yield Line(
            f"optimise {len(space)} combinations, {jobs} process{'es' * (jobs > 1)}",
            rate,
            "/s",
            50.0,
            rates[0] * jobs,
            "/s on as many cores without loss",
            is_rate=True,
        )
