"""Walk-forward: what is chosen depends on the past alone, and equals plain backtests."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cts_tui.backtest.grid import grid
from cts_tui.backtest.metrics import measure
from cts_tui.backtest.run import backtest
from cts_tui.backtest.series import Terms, strategy_trades
from cts_tui.backtest.walk_forward import (
    Score,
    Search,
    choose,
    folds,
    trades_until,
    walk_forward,
)
from cts_tui.errors import ConfigError
from cts_tui.model.columns import BoolArray, CandleColumns
from cts_tui.model.search import By
from cts_tui.model.strategy import Size, SizeKind, StrategySpec
from cts_tui.rules.evaluate import History

Walk = Callable[[int, int], CandleColumns]
Flags = Callable[[int, int, float], dict[str, BoolArray]]
TERMS = Terms(fee_pct=Decimal("0.05"), slippage_pct=Decimal("0.02"))
SPEC = StrategySpec(
    "any",
    entry_long="crosses_above(sma(3), sma(9))",
    exit_long="crosses_below(sma(3), sma(9))",
    entry_short="close < lowest(low[1], 5)",
    stop_loss_pct=Decimal(4),
)
GRID = grid(SPEC, ["sma.0=2..5", "stop_loss_pct=2,4,8", "trailing_stop_pct=0,3"])


def search_on(candles: CandleColumns, count: int = 4) -> Search:
    return Search("X", "1m", candles, GRID, TERMS, folds(len(candles), count))


@given(st.integers(4, 5000), st.integers(1, 40))
def test_tests_never_overlap_and_end_with_the_last_candle(candles: int, count: int) -> None:
    if candles < 2 * (count + 1):
        with pytest.raises(ConfigError, match=f"{count} folds need at least"):
            folds(candles, count)
        return
    made = folds(candles, count)
    assert [fold.number for fold in made] == list(range(1, count + 1))
    assert all(0 < fold.train_end < fold.test_end for fold in made)
    assert all(one.test_end == two.train_end for one, two in pairwise(made))
    assert made[-1].test_end == candles
    sizes = [made[0].train_end, *(fold.test_end - fold.train_end for fold in made)]
    assert max(sizes) - min(sizes) <= 1


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), end=st.integers(1, 300), trailing=st.sampled_from([0, 2]))
def test_trades_until_a_candle_are_those_of_a_backtest_that_ends_there(
    seed: int, end: int, trailing: int, make_walk: Walk, make_flags: Flags
) -> None:
    candles, flags = make_walk(seed, 300), make_flags(seed, 300, 0.08)
    spec = replace(
        SPEC, trailing_stop_pct=Decimal(trailing), size=Size(SizeKind.EQUITY_PCT, Decimal(20))
    )
    money = {"fee_pct": TERMS.fee_pct, "slippage_pct": TERMS.slippage_pct, "balance": TERMS.balance}
    whole = backtest(candles, **flags, spec=spec, **money)
    part = {name: flag[:end] for name, flag in flags.items()}
    ended = backtest(candles.slice(0, end), **part, spec=spec, **money)
    assert trades_until(whole, candles, end, TERMS.fee_pct) == ended


def test_in_sample_figures_are_those_of_a_backtest_of_the_training(make_walk: Walk) -> None:
    search = search_on(make_walk(5, 900))
    for index in (0, 7, len(GRID) - 1):
        for place, end in enumerate([*(fold.train_end for fold in search.folds), 900]):
            part = search.candles.slice(0, end)
            trades = strategy_trades(History(part, "1m"), GRID.at(index), TERMS)
            assert search.in_sample(index, end) == trades
            figures = measure(trades, part, TERMS.balance)
            assert search.scores(index)[place] == Score(
                figures.trades, figures.profit_factor, figures.net_profit
            )


def test_out_of_sample_trades_lie_within_their_test_and_begin_flat(make_walk: Walk) -> None:
    search = search_on(make_walk(6, 900))
    for fold in search.folds:
        trades = search.out_of_sample(3, fold)
        assert trades
        times = search.candles.time_ms
        for trade in trades:
            assert times[fold.train_end] < trade.entry_time_ms <= trade.exit_time_ms
            assert trade.exit_time_ms <= times[fold.test_end - 1]


@pytest.mark.parametrize("by", By)
def test_what_comes_after_never_changes_what_was_chosen(make_walk: Walk, by: By) -> None:
    candles = make_walk(8, 800)
    search = search_on(candles)
    before = walk_forward(search, {i: search.scores(i) for i in range(len(GRID))}, by, 1)
    for place, fold in enumerate(search.folds):
        future = np.arange(800) >= fold.train_end
        other = make_walk(99, 800)
        columns = ("open", "high", "low", "close", "volume")
        mixed = replace(
            candles,
            **{n: np.where(future, getattr(other, n) * 3, getattr(candles, n)) for n in columns},
        )
        changed = search_on(mixed)
        after = walk_forward(changed, {i: changed.scores(i) for i in range(len(GRID))}, by, 1)
        for one, two in zip(before.folds[: place + 1], after.folds[: place + 1], strict=True):
            assert (one.chosen, one.in_sample) == (two.chosen, two.in_sample)
        assert before.folds[place].out_of_sample != after.folds[place].out_of_sample


def test_the_tests_add_up(make_walk: Walk) -> None:
    search = search_on(make_walk(9, 1000))
    found = walk_forward(search, {i: search.scores(i) for i in range(len(GRID))}, By.NET_PROFIT, 1)
    tested = [fold.out_of_sample for fold in found.folds if fold.out_of_sample]
    assert len(tested) == 4
    assert found.out_of_sample.trades == sum(figures.trades for figures in tested)
    assert found.out_of_sample.net_profit == sum(figures.net_profit for figures in tested)
    assert found.best_in_sample is not None


def score(trades: int, factor: float | None, net: int) -> Score:
    return Score(trades, factor, Decimal(net))


def test_the_best_has_the_highest_figure_among_those_with_enough_trades() -> None:
    scores = {0: score(9, 9.0, 900), 1: score(10, 1.5, 50), 2: score(30, 1.2, 80)}
    assert choose(scores, By.PROFIT_FACTOR, 10) == 1
    assert choose(scores, By.NET_PROFIT, 10) == 2
    assert choose(scores, By.NET_PROFIT, 31) is None
    assert choose({}, By.NET_PROFIT, 1) is None


def test_no_losers_rank_highest_unless_nothing_was_won_and_ties_go_to_the_first() -> None:
    assert choose({0: score(5, 2.0, 9), 1: score(5, None, 3)}, By.PROFIT_FACTOR, 1) == 1
    assert choose({0: score(5, 2.0, 9), 1: score(5, None, 0)}, By.PROFIT_FACTOR, 1) == 0
    assert choose({0: score(5, 2.0, 9), 1: score(5, 2.0, 9)}, By.PROFIT_FACTOR, 1) == 0
    assert choose({0: score(0, None, 0)}, By.PROFIT_FACTOR, 0) is None


def test_efficiency_is_profit_per_candle_after_over_before(make_walk: Walk) -> None:
    search = search_on(make_walk(9, 1000), 1)
    found = walk_forward(search, {i: search.scores(i) for i in range(len(GRID))}, By.NET_PROFIT, 1)
    [fold] = found.folds
    assert fold.in_sample
    assert fold.out_of_sample
    expected = float(fold.out_of_sample.net_profit / fold.in_sample.net_profit)
    if fold.in_sample.net_profit > 0:
        assert found.efficiency == pytest.approx(expected)
    else:
        assert found.efficiency is None


def test_without_a_choice_a_fold_has_no_figures(make_walk: Walk) -> None:
    search = search_on(make_walk(9, 300))
    found = walk_forward(search, {0: search.scores(0)}, By.NET_PROFIT, 10_000)
    assert {fold.chosen for fold in found.folds} == {None} == {found.best}
    assert (found.out_of_sample.trades, found.efficiency) == (0, None)
