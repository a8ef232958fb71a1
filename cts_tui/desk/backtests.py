"""Backtesting recorded candles for a face: files and strategies in, results and documents out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cts_tui.backtest.metrics import Metrics, measure
from cts_tui.backtest.report import document, result_document
from cts_tui.backtest.series import Terms, by_timeframe, strategy_trades, warmup_candles
from cts_tui.desk.recordings import quality_sum
from cts_tui.market.aggregate import aggregate
from cts_tui.market.recorded import Recorded
from cts_tui.model.columns import CandleColumns
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trade import Trade
from cts_tui.rules.evaluate import History

OnDone = Callable[[int, int], None]
"""Hears how many of how many are done."""


@dataclass(frozen=True, slots=True)
class Result:
    """One strategy on one series: its trades, oldest first, and what they are worth."""

    symbol: str
    timeframe: str
    strategy: str
    candles: CandleColumns
    trades: list[Trade]
    metrics: Metrics

    def document(self) -> dict[str, Any]:
        """Return the result of design.md §6."""
        return result_document(
            symbol=self.symbol,
            timeframe=self.timeframe,
            strategy=self.strategy,
            candles=self.candles,
            metrics=self.metrics,
            trades=self.trades,
        )


@dataclass(frozen=True, slots=True)
class Backtest:
    """What came of it, in the order of files, then strategies."""

    quality: dict[str, int]
    results: list[Result] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """A line for each series that was too short."""

    def document(self) -> dict[str, Any]:
        """Return the whole document of design.md §6."""
        results = [result.document() for result in self.results]
        return document(**self.quality, results=results, pipeline=None)


def backtest_files(
    files: Sequence[Recorded],
    specs: Sequence[Sequence[StrategySpec]],
    terms: Terms,
    on_done: OnDone,
) -> Backtest:
    """Backtest on every file its strategies, those among them that are meant for its symbol.

    Raises ConfigError where a strategy needs finer candles than its file has.
    """
    done = Backtest(quality_sum(files))
    total = sum(map(len, specs))
    for file, meant in zip(files, specs, strict=True):
        found: dict[str, Result] = {}
        for timeframe, group in by_timeframe(file.symbol, file.timeframe, meant).items():
            candles = aggregate(file.columns, file.timeframe, timeframe)
            history = History(candles, timeframe)
            for spec in group:
                found[spec.name] = _result(file.symbol, history, spec, terms)
                done.notes.extend(_notes(found[spec.name], spec))
                on_done(len(done.results) + len(found), total)
        done.results.extend(found[spec.name] for spec in meant if spec.name in found)
    return done


def _result(symbol: str, history: History, spec: StrategySpec, terms: Terms) -> Result:
    candles = history.columns
    trades = strategy_trades(history, spec, terms)
    metrics = measure(trades, candles, terms.balance)
    return Result(symbol, history.timeframe, spec.name, candles, trades, metrics)


def _notes(result: Result, spec: StrategySpec) -> list[str]:
    """Return a line that says so where the candles are fewer than the rules need."""
    needed, there = warmup_candles(result.timeframe, spec), len(result.candles)
    if there >= needed:
        return []
    outcome = f"{len(result.trades)} trades" if result.trades else "no trades"
    return [
        f"{result.symbol} {result.timeframe}: {spec.name} needs {needed} candles to warm up, "
        f"there are {there}: {outcome}"
    ]
