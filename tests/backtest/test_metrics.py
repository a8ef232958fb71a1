"""The figures of a list of trades, against numbers worked out by hand."""

from collections.abc import Callable
from decimal import Decimal
from math import sqrt
from statistics import mean, stdev

import numpy as np
import pytest

from cts_tui.backtest.equity import (
    daily_returns,
    equity_curve,
    exposure_pct,
    max_drawdown_pct,
    sharpe,
    sortino,
)
from cts_tui.backtest.metrics import Metrics, measure, profit_factor
from cts_tui.backtest.run import backtest
from cts_tui.model.columns import BoolArray, CandleColumns
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trade import Trade
from cts_tui.model.trading import Direction, ExitReason

LONG, SHORT = Direction.LONG, Direction.SHORT
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
Make = Callable[..., CandleColumns]


def closing_at(*closes: float, step_ms: int = MINUTE_MS) -> CandleColumns:
    close = np.array(closes, dtype=np.float64)
    time_ms = np.arange(len(close), dtype=np.int64) * step_ms
    return CandleColumns(time_ms, close, close, close, close, np.ones(len(close)))


def trade(
    entered: int,
    left: int,
    entry: str,
    exit_: str,
    *,
    direction: Direction = LONG,
    fees: str = "0",
    reason: ExitReason = ExitReason.STOP_LOSS,
    step_ms: int = MINUTE_MS,
) -> Trade:
    """One unit, in at candle `entered`, out at candle `left`."""
    gross = (Decimal(exit_) - Decimal(entry)) * direction.sign
    return Trade(
        direction=direction,
        entry_time_ms=entered * step_ms,
        entry_price=Decimal(entry),
        exit_time_ms=left * step_ms,
        exit_price=Decimal(exit_),
        quantity=Decimal(1),
        fees=Decimal(fees),
        pnl=gross - Decimal(fees),
        exit_reason=reason,
    )


def measured(*pnls: int) -> Metrics:
    trades = [trade(i, i, "100", str(100 + pnl)) for i, pnl in enumerate(pnls)]
    return measure(trades, closing_at(*[100.0] * max(len(pnls), 1)), Decimal(1000))


def test_the_profit_factor_is_what_was_won_over_what_was_lost() -> None:
    assert profit_factor(map(Decimal, (30, -10, 5, -10))) == 1.75


def test_the_profit_factor_is_undefined_without_losers_and_zero_without_winners() -> None:
    assert profit_factor([Decimal(5), Decimal(0)]) is None
    assert profit_factor([]) is None
    assert profit_factor([Decimal(-5)]) == 0.0


def test_trades_are_counted_and_a_zero_is_neither_won_nor_lost() -> None:
    figures = measured(30, -10, 0, -20, 10)
    assert (figures.trades, figures.wins, figures.losses) == (5, 2, 2)
    assert figures.win_rate_pct == 40.0
    assert figures.net_profit == 10
    assert figures.net_profit_pct == 1.0
    assert figures.avg_trade_pct == pytest.approx(2.0)
    assert figures.expectancy == 2
    assert (figures.avg_win, figures.avg_loss) == (20, -15)


def test_the_longest_losing_run_is_broken_by_anything_but_a_loss() -> None:
    assert measured(-1, -1, 0, -1, 5, -1, -1, -1, 2).longest_losing_run == 3
    assert measured(1, 2).longest_losing_run == 0


def test_no_trades_are_all_zeros_and_undefined_ratios() -> None:
    figures = measured()
    assert (figures.trades, figures.net_profit, figures.max_drawdown_pct) == (0, 0, 0.0)
    assert (figures.win_rate_pct, figures.avg_trade_pct, figures.exposure_pct) == (0.0, 0.0, 0.0)
    undefined = (figures.profit_factor, figures.sharpe, figures.sortino, figures.calmar)
    assert undefined == (None, None, None, None)


def test_no_candles_are_no_figures_either(make_candles: Make) -> None:
    assert measure([], make_candles(), Decimal(1000)).max_drawdown_pct == 0.0


def test_the_equity_is_marked_at_every_close_net_of_the_fees_paid_so_far() -> None:
    candles = closing_at(100, 110, 90, 120, 120)
    curve = equity_curve([trade(1, 3, "100", "120", fees="0.22")], candles, 1000.0)
    assert curve == pytest.approx([1000, 1009.9, 989.9, 1019.78, 1019.78])


def test_a_short_earns_as_the_market_falls() -> None:
    curve = equity_curve([trade(0, 2, "100", "90", direction=SHORT)], closing_at(95, 92, 90), 1000)
    assert curve == pytest.approx([1005, 1008, 1010])


def test_a_trade_within_one_candle_is_only_its_profit() -> None:
    curve = equity_curve([trade(1, 1, "100", "98", fees="1")], closing_at(5, 5, 5), 1000.0)
    assert curve == pytest.approx([1000, 997, 997])


def test_a_fill_between_two_opens_belongs_to_the_candle_it_lies_in() -> None:
    late = trade(61, 125, "100", "103", step_ms=1000)
    assert equity_curve([late], closing_at(1, 101, 102), 1000.0) == pytest.approx(
        [1000, 1001, 1003]
    )


def test_the_drawdown_is_measured_from_the_running_peak() -> None:
    assert max_drawdown_pct(np.array([1200.0, 900.0, 1100.0]), 1000.0) == 25.0


def test_the_drawdown_counts_a_loss_of_the_starting_balance() -> None:
    assert max_drawdown_pct(np.array([900.0, 950.0]), 1000.0) == pytest.approx(10.0)


def test_an_open_loss_is_a_drawdown_even_if_the_trade_wins() -> None:
    figures = measure([trade(0, 2, "100", "110")], closing_at(100, 50, 110), Decimal(100))
    assert figures.max_drawdown_pct == pytest.approx(50.0)
    assert figures.losses == 0


def test_exposure_is_the_share_of_candles_with_an_open_position() -> None:
    candles = closing_at(*[100.0] * 10)
    stopped = trade(1, 3, "100", "98")
    by_rule = trade(5, 7, "100", "98", reason=ExitReason.RULE)
    assert exposure_pct([stopped], candles) == 30.0
    assert exposure_pct([by_rule], candles) == 20.0
    assert exposure_pct([stopped, by_rule], candles) == 50.0


def test_a_reversal_does_not_count_its_candle_twice() -> None:
    candles = closing_at(*[100.0] * 4)
    first = trade(0, 2, "100", "98", reason=ExitReason.RULE)
    second = trade(2, 3, "100", "98", direction=SHORT, reason=ExitReason.END)
    assert exposure_pct([first, second], candles) == 100.0
    entered_where_stopped = [trade(0, 1, "100", "98"), trade(1, 1, "100", "98")]
    assert exposure_pct(entered_where_stopped, candles) == 50.0


def test_a_day_ends_with_the_last_candle_that_opens_in_it() -> None:
    candles = closing_at(1, 1, 1, 1, step_ms=12 * HOUR_MS)
    returns = daily_returns(candles, np.array([1.0, 110.0, 1.0, 99.0]), 100.0)
    assert returns == pytest.approx([0.1, -0.1])


def test_a_day_without_candles_returned_nothing() -> None:
    candles = closing_at(1, 1, step_ms=3 * DAY_MS)
    assert daily_returns(candles, np.array([110.0, 99.0]), 100.0) == pytest.approx(
        [0.1, 0.0, 0.0, -0.1]
    )


def test_there_are_no_daily_returns_of_one_day_or_of_a_lost_account() -> None:
    one_day = closing_at(1, 1, 1)
    assert len(daily_returns(one_day, np.array([1.0, 2.0, 3.0]), 1.0)) == 0
    two_days = closing_at(1, 1, step_ms=DAY_MS)
    assert len(daily_returns(two_days, np.array([-5.0, 2.0]), 1.0)) == 0


def test_sharpe_is_the_annual_ratio_of_mean_to_deviation() -> None:
    returns = [0.01, 0.03, -0.02, 0.005]
    assert sharpe(np.array(returns)) == pytest.approx(mean(returns) / stdev(returns) * sqrt(365))
    assert sharpe(np.array([0.01, 0.03])) == pytest.approx(27.02, abs=0.01)


def test_sortino_counts_only_the_falls_as_deviation() -> None:
    assert sortino(np.array([0.03, -0.01])) == pytest.approx(27.02, abs=0.01)


def test_ratios_without_a_deviation_are_undefined() -> None:
    assert sharpe(np.array([0.01, 0.01, 0.01])) is None
    assert sharpe(np.array([0.01])) is None
    assert sortino(np.array([0.01, 0.02])) is None
    assert sortino(np.array([])) is None


def test_calmar_is_annual_growth_over_the_drawdown() -> None:
    quarter_ms = 365 * DAY_MS // 4
    candles = closing_at(100, 93, 110, step_ms=quarter_ms)
    figures = measure([trade(0, 2, "100", "110", step_ms=quarter_ms)], candles, Decimal(100))
    assert figures.max_drawdown_pct == pytest.approx(7.0)
    assert figures.calmar == pytest.approx(3.0)


def test_calmar_is_undefined_where_growth_leaves_the_range_of_floats_or_all_is_lost() -> None:
    candles = closing_at(100, 93, 300)
    gone = [trade(0, 1, "100", "95"), trade(2, 2, "100", "300")]
    assert measure(gone, candles, Decimal(100)).calmar is None
    assert measure([trade(0, 1, "100", "0.5", fees="1")], candles, Decimal(99)).calmar is None


def test_the_last_equity_is_the_balance_and_the_net_profit(
    make_walk: Callable[[int, int], CandleColumns],
    make_flags: Callable[[int, int, float], dict[str, BoolArray]],
) -> None:
    candles = make_walk(3, 3000)
    trades = backtest(
        candles,
        spec=StrategySpec("any"),
        **make_flags(3, 3000, 0.05),
        fee_pct=Decimal("0.1"),
        slippage_pct=Decimal("0.05"),
        balance=Decimal(1000),
    )
    figures = measure(trades, candles, Decimal(1000))
    assert len(trades) > 100
    last = equity_curve(trades, candles, 1000.0)[-1]
    assert last == pytest.approx(1000 + float(figures.net_profit), abs=1e-6)
    assert figures.fees == sum(trade.fees for trade in trades)
