"""What must hold of every trade and every list of trades, whatever the market did."""

from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cts_tui.backtest.book import Book
from cts_tui.backtest.metrics import measure
from cts_tui.backtest.run import backtest
from cts_tui.model.columns import CandleColumns
from cts_tui.model.money import exact, gross_pnl
from cts_tui.model.strategy import Size, SizeKind, StrategySpec
from cts_tui.model.trade import Trade
from cts_tui.model.trading import Direction, ExitReason

STEP = Decimal("1e-12")
prices = st.floats(min_value=1e-4, max_value=1e6, allow_nan=False, allow_infinity=False)
percents = st.decimals(min_value=0, max_value=5, places=3)
directions = st.sampled_from(Direction)
reasons = st.sampled_from(ExitReason)


def round_trip(
    direction: Direction,
    entry: float,
    exit_: float,
    *,
    reason: ExitReason = ExitReason.RULE,
    fee_pct: Decimal = Decimal(0),
    slippage_pct: Decimal = Decimal(0),
) -> Trade:
    spec = StrategySpec("any", size=Size(SizeKind.QUOTE, Decimal(1000)))
    book = Book(spec, fee_pct=fee_pct, slippage_pct=slippage_pct, balance=Decimal(10_000))
    holding = book.enter(direction, 0, entry)
    assert holding is not None
    return book.leave(holding, 60_000, exact(exit_), reason)


@given(directions, prices, prices, percents, percents, reasons)
def test_pnl_is_gross_less_the_fees_of_both_sides(
    direction: Direction,
    entry: float,
    exit_: float,
    fee_pct: Decimal,
    slippage_pct: Decimal,
    reason: ExitReason,
) -> None:
    trade = round_trip(
        direction, entry, exit_, reason=reason, fee_pct=fee_pct, slippage_pct=slippage_pct
    )
    gross = gross_pnl(direction, trade.quantity, trade.entry_price, trade.exit_price)
    notional = trade.quantity * (trade.entry_price + trade.exit_price)
    assert trade.pnl == gross - trade.fees
    assert abs(trade.fees - notional * fee_pct / 100) <= 2 * STEP
    assert trade.fees >= 0


@given(prices, prices)
def test_without_costs_a_short_loses_what_a_long_wins(entry: float, exit_: float) -> None:
    long, short = (round_trip(direction, entry, exit_) for direction in Direction)
    assert long.pnl == -short.pnl


@given(directions, prices)
def test_a_round_trip_at_one_price_costs_what_it_costs(direction: Direction, price: float) -> None:
    assert round_trip(direction, price, price).pnl == 0
    trade = round_trip(direction, price, price, fee_pct=Decimal("0.1"))
    assert trade.pnl == -trade.fees < 0


@given(directions, prices, prices, percents, reasons)
def test_slippage_never_helps_the_trader(
    direction: Direction, entry: float, exit_: float, slippage_pct: Decimal, reason: ExitReason
) -> None:
    smooth = round_trip(direction, entry, exit_, reason=reason)
    slipped = round_trip(direction, entry, exit_, reason=reason, slippage_pct=slippage_pct)
    sign = direction.sign
    assert sign * (slipped.entry_price - smooth.entry_price) >= -STEP
    assert sign * (smooth.exit_price - slipped.exit_price) >= -STEP
    if reason in (ExitReason.TAKE_PROFIT, ExitReason.END):
        assert slipped.exit_price == smooth.exit_price


@given(directions, prices, percents)
def test_a_book_earns_the_sum_of_its_trades(
    direction: Direction, price: float, fee_pct: Decimal
) -> None:
    book = Book(StrategySpec("any"), fee_pct=fee_pct, slippage_pct=Decimal(0), balance=Decimal(500))
    earned = Decimal(0)
    for exit_ in (price * 1.5, price * 0.5):
        holding = book.enter(direction, 0, price)
        assert holding is not None
        earned += book.leave(holding, 1, exact(exit_), ExitReason.RULE).pnl
    assert book.equity == 500 + earned


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 300), percents)
def test_trades_follow_each_other_and_their_figures_add_up(
    seed: int, count: int, fee_pct: Decimal
) -> None:
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, count)))
    open_ = np.concatenate(([100.0], close[:-1]))
    high, low = np.maximum(open_, close) * 1.002, np.minimum(open_, close) * 0.998
    time_ms = np.arange(count, dtype=np.int64) * 3_600_000
    candles = CandleColumns(time_ms, open_, high, low, close, np.ones(count))
    names = ("entry_long", "exit_long", "entry_short", "exit_short")
    trades = backtest(
        candles,
        **{name: rng.random(count) < 0.2 for name in names},
        spec=StrategySpec("any"),
        fee_pct=fee_pct,
        slippage_pct=Decimal("0.01"),
        balance=Decimal(10_000),
    )
    for trade in trades:
        assert trade.entry_time_ms <= trade.exit_time_ms
        assert trade.quantity > 0
    for earlier, later in pairwise(trades):
        assert earlier.exit_time_ms <= later.entry_time_ms
    figures = measure(trades, candles, Decimal(10_000))
    assert figures.net_profit == sum(trade.pnl for trade in trades)
    assert figures.wins + figures.losses <= figures.trades == len(trades)
    assert 0 <= figures.exposure_pct <= 100
    assert figures.max_drawdown_pct >= 0
    if figures.profit_factor is not None:
        assert (figures.profit_factor >= 1) == (figures.net_profit >= 0)
    if trades:
        assert figures.avg_trade_pct == pytest.approx(
            float(sum(trade.pnl / (trade.quantity * trade.entry_price) for trade in trades))
            * 100
            / len(trades)
        )
