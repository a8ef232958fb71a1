"""The equity curve of a list of trades, marked at every close, and what is read off it."""

from collections.abc import Sequence
from math import sqrt
from typing import Final

import numpy as np

from cts_tui.model.columns import CandleColumns, FloatArray, IntArray
from cts_tui.model.trade import Trade
from cts_tui.model.trading import ExitReason

DAYS_PER_YEAR: Final = 365
"""Markets of this desk never close."""
_DAY_MS: Final = 86_400_000
_NO_DEVIATION: Final = 1e-12
"""Below this, the spread of daily returns is the rounding of floats."""


def equity_curve(trades: Sequence[Trade], candles: CandleColumns, balance: float) -> FloatArray:
    """Return the equity in quote currency at the close of each candle, one value per candle.

    Balance, plus the PnL of the trades closed in or before the candle, plus the open PnL of the
    others at its close, less their entry fee. Trades may overlap.
    Balance 1000, long 2 from 100 with a fee of 0.2, close 103 → 1005.8.
    """
    count = len(candles)
    if not trades or not count:
        return np.full(count, balance)
    entered, left = _entry_index(trades, candles), _exit_index(trades, candles)
    signed = np.array([trade.direction.sign * float(trade.quantity) for trade in trades])
    cost = signed * np.array([float(trade.entry_price) for trade in trades]) + _entry_fees(trades)
    pnl = np.array([float(trade.pnl) for trade in trades])

    def step(values: FloatArray) -> FloatArray:
        opened = np.bincount(entered, values, count)
        return np.cumsum(opened - np.bincount(left, values, count))

    realized = np.cumsum(np.bincount(left, pnl, count))
    return balance + realized + step(signed) * candles.close - step(cost)


def exposure_pct(trades: Sequence[Trade], candles: CandleColumns) -> float:
    """Return the share of candles, in percent, during which a position was open.

    The entry's candle counts, the exit's too, unless a rule closed it at that candle's open.
    """
    count = len(candles)
    if not trades or not count:
        return 0.0
    is_at_open = np.array([trade.exit_reason is ExitReason.RULE for trade in trades])
    after = _exit_index(trades, candles) + ~is_at_open
    change = np.bincount(_entry_index(trades, candles), minlength=count + 1)
    open_count = np.cumsum(change - np.bincount(after, minlength=count + 1))
    return 100.0 * int(np.count_nonzero(open_count)) / count


def max_drawdown_pct(equity: FloatArray, balance: float) -> float:
    """Return the deepest fall from the running peak, in percent of that peak, ≥ 0.

    The peak starts at the balance. 1000 → 1200 → 900 → 1100: 25.
    """
    curve = np.concatenate(([balance], equity))
    peak = np.maximum.accumulate(curve)
    return float(np.max((peak - curve) / peak)) * 100.0


def daily_returns(candles: CandleColumns, equity: FloatArray, balance: float) -> FloatArray:
    """Return one return per UTC day, as fractions, the first one measured from the balance.

    A candle belongs to the day it opens in; a day without candles returned 0. Empty where there
    are fewer than two days, or where the equity was gone at the end of one.
    """
    day = candles.time_ms // _DAY_MS
    if not len(day) or day[0] == day[-1]:
        return np.empty(0)
    last = np.append(np.flatnonzero(np.diff(day)), len(day) - 1)
    filled = np.repeat(equity[last], np.diff(day[last], append=day[-1] + 1))
    curve = np.concatenate(([balance], filled))
    if np.min(curve) <= 0:
        return np.empty(0)
    returns: FloatArray = np.diff(curve) / curve[:-1]
    return returns


def sharpe(returns: FloatArray) -> float | None:
    """Return mean / sample deviation of daily returns × √365, risk-free 0; None where undefined.

    Sharpe (1994). 1 %, 3 %: mean 2 %, deviation 1.414 % → 27.02.
    """
    if len(returns) < 2:
        return None
    return _ratio(float(np.mean(returns)), float(np.std(returns, ddof=1)))


def sortino(returns: FloatArray) -> float | None:
    """Return mean / downside deviation of daily returns × √365, target 0; None where undefined.

    Sortino and Price (1994): the root of the mean square of the negative returns over all days.
    3 %, −1 %: mean 1 %, √((0 + 0.0001) / 2) = 0.7071 % → 27.02.
    """
    if len(returns) < 2:
        return None
    downside = np.minimum(returns, 0.0)
    return _ratio(float(np.mean(returns)), sqrt(float(np.mean(downside * downside))))


def _ratio(mean: float, deviation: float) -> float | None:
    return None if deviation < _NO_DEVIATION else mean / deviation * sqrt(DAYS_PER_YEAR)


def _entry_fees(trades: Sequence[Trade]) -> FloatArray:
    """Return the entry's part of each trade's fees: both sides pay the same rate on notional."""
    entry = np.array([float(trade.entry_price) for trade in trades])
    exit_ = np.array([float(trade.exit_price) for trade in trades])
    fees = np.array([float(trade.fees) for trade in trades])
    shares: FloatArray = fees * entry / (entry + exit_)
    return shares


def _entry_index(trades: Sequence[Trade], candles: CandleColumns) -> IntArray:
    return _index([trade.entry_time_ms for trade in trades], candles)


def _exit_index(trades: Sequence[Trade], candles: CandleColumns) -> IntArray:
    return _index([trade.exit_time_ms for trade in trades], candles)


def _index(times_ms: list[int], candles: CandleColumns) -> IntArray:
    """Return the candle each time lies in; a time before the first candle lies in the first."""
    index = np.searchsorted(candles.time_ms, np.array(times_ms), side="right") - 1
    return np.maximum(index, 0)
