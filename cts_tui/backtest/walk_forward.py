"""Walk-forward: choose a combination on the past, then see what it makes on what came after.

The candles are cut into one block more than there are folds. Fold k is trained on the first k
blocks (anchored: all the past there is) and tested on the block that follows, flat at its start and
with the whole balance. Rules are evaluated over all candles once, which no later candle can change.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from math import inf

from cts_tui.backtest.book import ended
from cts_tui.backtest.grid import Grid
from cts_tui.backtest.metrics import Metrics, measure, profit_factor
from cts_tui.backtest.series import Flags, Terms, flag_trades, rule_flags
from cts_tui.errors import ConfigError
from cts_tui.model.columns import CandleColumns
from cts_tui.model.money import ZERO, exact
from cts_tui.model.search import By
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trade import Trade
from cts_tui.rules.evaluate import History


@dataclass(frozen=True, slots=True)
class Fold:
    """Trained on the candles before number `train_end`, tested on those before `test_end`."""

    number: int
    train_end: int
    test_end: int


@dataclass(frozen=True, slots=True)
class Score:
    """What one combination made on one stretch of training."""

    trades: int
    profit_factor: float | None
    net_profit: Decimal


Scores = tuple[Score, ...]
"""One for the training of each fold, and one more for all the candles."""


@dataclass(frozen=True, slots=True)
class FoldResult:
    """The combination that a fold chose, None without one, before and after the cut."""

    fold: Fold
    chosen: int | None
    in_sample: Metrics | None
    out_of_sample: Metrics | None


@dataclass(frozen=True, slots=True)
class WalkForward:
    """What the folds chose and made, and what all the candles together would choose."""

    folds: list[FoldResult]
    out_of_sample: Metrics
    """The tests of all folds in one."""
    efficiency: float | None
    """Profit per candle out of sample / in sample; None where the training made no profit."""
    best: int | None
    best_in_sample: Metrics | None


def folds(candles: int, count: int) -> list[Fold]:
    """Return `count` folds over so many candles: 100 in 4 → trained on 20, 40, 60, 80.

    Raises ConfigError where there are fewer than two candles for each block.
    """
    blocks = count + 1
    if candles < 2 * blocks:
        raise ConfigError(
            f"{count} folds need at least {2 * blocks} candles, there are {candles}; "
            "give fewer folds or more candles"
        )
    edges = [candles * block // blocks for block in range(1, blocks + 1)]
    return [Fold(number, *pair) for number, pair in enumerate(pairwise(edges), start=1)]


@dataclass(slots=True)
class Search:
    """One series, and the grid that is searched on it."""

    symbol: str
    timeframe: str
    candles: CandleColumns
    grid: Grid
    terms: Terms
    folds: list[Fold]
    _flags: tuple[StrategySpec, Flags] | None = field(default=None, init=False, repr=False)
    """The rules evaluated last: neighbours in the grid share them."""

    def scores(self, index: int) -> Scores:
        """Return what combination number `index` makes on every training, and on all candles."""
        trades = self._whole(index)
        return tuple(_score(self._until(trades, end)) for end in self._ends())

    def in_sample(self, index: int, end: int) -> list[Trade]:
        """Return the trades on the first `end` candles."""
        return self._until(self._whole(index), end)

    def out_of_sample(self, index: int, fold: Fold) -> list[Trade]:
        """Return the trades on the candles of the fold's test, which begins flat."""
        spec = self.grid.at(index)
        test = slice(fold.train_end, fold.test_end)
        flags = {name: flag[test] for name, flag in self._rules(spec).items()}
        return flag_trades(self.candles.slice(test.start, test.stop), flags, spec, self.terms)

    def _ends(self) -> list[int]:
        return [*(fold.train_end for fold in self.folds), len(self.candles)]

    def _whole(self, index: int) -> list[Trade]:
        spec = self.grid.at(index)
        return flag_trades(self.candles, self._rules(spec), spec, self.terms)

    def _until(self, trades: Sequence[Trade], end: int) -> list[Trade]:
        return trades_until(trades, self.candles, end, self.terms.fee_pct)

    def _rules(self, spec: StrategySpec) -> Flags:
        """Return where the rules of `spec` hold; the last answer is kept."""
        known = self._flags
        if known is None or not _have_equal_rules(known[0], spec):
            history = History(self.candles, self.timeframe)
            known = self._flags = spec, rule_flags(history, spec)
        return known[1]


def walk_forward(
    search: Search, scores: Mapping[int, Scores], by: By, min_trades: int
) -> WalkForward:
    """Return what the folds choose among the combinations that have `scores`, and what it makes."""
    results, tested = [], []
    for place, fold in enumerate(search.folds):
        chosen = choose({index: own[place] for index, own in scores.items()}, by, min_trades)
        result, trades = _fold_result(search, fold, chosen)
        results.append(result)
        tested += trades
    best = choose({index: own[-1] for index, own in scores.items()}, by, min_trades)
    count, balance = len(search.candles), search.terms.balance
    after = search.candles.slice(search.folds[0].train_end)
    return WalkForward(
        results,
        measure(tested, after, balance),
        efficiency(results),
        best,
        None if best is None else measure(search.in_sample(best, count), search.candles, balance),
    )


def choose(scores: Mapping[int, Score], by: By, min_trades: int) -> int | None:
    """Return the best combination among those with at least `min_trades`; None without any.

    A profit without a loser counts as an infinite profit factor. Of equals the one that earned
    more, then the first in the grid.
    """

    def rank(index: int) -> tuple[float, Decimal, int]:
        score = scores[index]
        factor = score.profit_factor
        if factor is None:
            factor = inf if score.net_profit > 0 else 0.0
        return (factor if by is By.PROFIT_FACTOR else 0.0, score.net_profit, -index)

    eligible = [index for index, score in scores.items() if score.trades >= max(min_trades, 1)]
    return max(eligible, key=rank, default=None)


def trades_until(
    trades: Sequence[Trade], candles: CandleColumns, end: int, fee_pct: Decimal
) -> list[Trade]:
    """Return the trades of a backtest that saw only the first `end` (> 0) of the candles.

    `trades` are those over all candles: they are the same until then, and what is open at the last
    close is closed there.
    """
    last_ms = int(candles.time_ms[end - 1])
    count = bisect_right(trades, last_ms, key=lambda trade: trade.exit_time_ms)
    closed = list(trades[:count])
    if count < len(trades) and trades[count].entry_time_ms <= last_ms:
        price = exact(float(candles.close[end - 1]))
        closed.append(ended(trades[count], last_ms, price, fee_pct))
    return closed


def efficiency(results: Sequence[FoldResult]) -> float | None:
    """Return the profit per candle of all tests / that of all trainings; None without a profit.

    Pardo (2008). 90 in 1,000 candles, then 30 in 500: 0.06 / 0.09 = 0.67.
    """
    trained = tested = ZERO
    train_candles = test_candles = 0
    for result in results:
        if result.in_sample is not None and result.out_of_sample is not None:
            trained += result.in_sample.net_profit
            tested += result.out_of_sample.net_profit
            train_candles += result.fold.train_end
            test_candles += result.fold.test_end - result.fold.train_end
    if trained <= 0:
        return None
    return float((tested / test_candles) / (trained / train_candles))


def _fold_result(search: Search, fold: Fold, chosen: int | None) -> tuple[FoldResult, list[Trade]]:
    if chosen is None:
        return FoldResult(fold, None, None, None), []
    candles, balance = search.candles, search.terms.balance
    before = measure(
        search.in_sample(chosen, fold.train_end), candles.slice(0, fold.train_end), balance
    )
    tested = search.out_of_sample(chosen, fold)
    after = measure(tested, candles.slice(fold.train_end, fold.test_end), balance)
    return FoldResult(fold, chosen, before, after), tested


def _score(trades: Sequence[Trade]) -> Score:
    pnls = [trade.pnl for trade in trades]
    return Score(len(pnls), profit_factor(pnls), sum(pnls, ZERO))


def _have_equal_rules(one: StrategySpec, other: StrategySpec) -> bool:
    return (one.entry_long, one.exit_long, one.entry_short, one.exit_short) == (
        other.entry_long,
        other.exit_long,
        other.entry_short,
        other.exit_short,
    )
