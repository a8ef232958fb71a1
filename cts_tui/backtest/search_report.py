"""The JSON document of `optimize --json`: in sample beside out of sample, fold by fold."""

from collections.abc import Mapping, Sequence

from cts_tui.backtest.report import Document, figures, finite
from cts_tui.backtest.walk_forward import FoldResult, Scores, Search, WalkForward, walk_forward
from cts_tui.clock import iso_from_ms
from cts_tui.model.search import By


def search_document(
    quality: Mapping[str, int],
    searches: Sequence[Search],
    scores: Sequence[Mapping[int, Scores]],
    by: By,
    min_trades: int,
) -> Document:
    """Return the whole document: what was searched, and a result per series."""
    [grid] = {id(search.grid): search.grid for search in searches}.values()
    return {
        "data": dict(quality),
        "strategy": grid.spec.name,
        "parameters": {
            parameter.name: [float(value) for value in parameter.values]
            for parameter in grid.parameters
        },
        "by": by.value,
        "min_trades": min_trades,
        "results": [
            _result(search, own, walk_forward(search, own, by, min_trades))
            for search, own in zip(searches, scores, strict=True)
        ],
    }


def _result(search: Search, scores: Mapping[int, Scores], found: WalkForward) -> Document:
    candles = search.candles
    best = None
    if found.best is not None and found.best_in_sample is not None:
        best = {
            "parameters": _values(search, found.best),
            "in_sample": figures(found.best_in_sample),
        }
    return {
        "symbol": search.symbol,
        "timeframe": search.timeframe,
        "candles": len(candles),
        "start": iso_from_ms(int(candles.time_ms[0])),
        "end": iso_from_ms(int(candles.time_ms[-1])),
        "combinations": len(search.grid),
        "tried": len(scores),
        "folds": [_fold(search, result) for result in found.folds],
        "out_of_sample": figures(found.out_of_sample),
        "efficiency": finite(found.efficiency),
        "best": best,
    }


def _fold(search: Search, result: FoldResult) -> Document:
    time_ms, fold = search.candles.time_ms, result.fold
    before, after = result.in_sample, result.out_of_sample
    return {
        "fold": fold.number,
        "train_start": iso_from_ms(int(time_ms[0])),
        "train_end": iso_from_ms(int(time_ms[fold.train_end - 1])),
        "test_start": iso_from_ms(int(time_ms[fold.train_end])),
        "test_end": iso_from_ms(int(time_ms[fold.test_end - 1])),
        "parameters": None if result.chosen is None else _values(search, result.chosen),
        "in_sample": None if before is None else figures(before),
        "out_of_sample": None if after is None else figures(after),
    }


def _values(search: Search, index: int) -> dict[str, float]:
    return {name: float(value) for name, value in search.grid.values(index).items()}
