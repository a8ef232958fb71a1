"""Backtesting recorded candles for a face: files and strategies in, document and trades out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cts_tui.backtest.metrics import measure
from cts_tui.backtest.report import document, result_document
from cts_tui.backtest.series import Terms, by_timeframe, strategy_trades, warmup_shortfall
from cts_tui.market.aggregate import aggregate
from cts_tui.market.recorded import Recorded
from cts_tui.model.strategy import StrategySpec
from cts_tui.rules.evaluate import History


@dataclass(slots=True)
class Backtest:
    """What came of it: the JSON-ready document, and a line for each series that was too short."""

    document: dict[str, Any]
    notes: list[str] = field(default_factory=list)


def backtest_files(
    files: Sequence[Recorded],
    specs: Sequence[StrategySpec],
    terms: Terms,
    on_done: Callable[[int, int], None],
) -> Backtest:
    """Backtest every strategy on every file; `on_done` hears how many of how many are done.

    Results are in the order of files, then strategies. Raises ConfigError where a strategy needs
    finer candles than a file has.
    """
    results: list[dict[str, Any]] = []
    notes: list[str] = []
    total = len(files) * len(specs)
    for file in files:
        found: dict[str, dict[str, Any]] = {}
        for timeframe, group in by_timeframe(file.symbol, file.timeframe, specs).items():
            candles = aggregate(file.columns, file.timeframe, timeframe)
            history = History(candles, timeframe)
            for spec in group:
                shortfall = warmup_shortfall(candles, timeframe, spec)
                notes += [f"{file.symbol} {timeframe}: {shortfall}"] if shortfall else []
                trades = strategy_trades(history, spec, terms)
                found[spec.name] = result_document(
                    symbol=file.symbol,
                    timeframe=timeframe,
                    strategy=spec.name,
                    candles=candles,
                    metrics=measure(trades, candles, terms.balance),
                    trades=trades,
                )
                on_done(len(results) + len(found), total)
        results += [found[spec.name] for spec in specs if spec.name in found]
    quality = {
        name: sum(getattr(file.quality, name) for file in files)
        for name in ("rows", "dropped", "repaired", "gaps")
    }
    return Backtest(document(**quality, results=results), notes)
