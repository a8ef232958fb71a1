"""What a list of closed trades is worth, in figures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import exp, log
from typing import Final

from cts_tui.backtest import equity as curve
from cts_tui.model.columns import CandleColumns
from cts_tui.model.money import ZERO, percent, round_money
from cts_tui.model.trade import Trade

_DAY_MS: Final = 86_400_000
_MAX_EXPONENT: Final = 700.0
"""exp() of more leaves the range of floats."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """The figures of one strategy on one symbol; money in quote currency, net of fees."""

    trades: int
    wins: int
    """Trades with pnl > 0; a pnl of exactly 0 is neither a win nor a loss."""
    losses: int
    profit_factor: float | None
    net_profit: Decimal
    net_profit_pct: float
    """Of the starting balance."""
    max_drawdown_pct: float
    """≥ 0, from the running peak of the equity at candle closes."""
    sharpe: float | None
    sortino: float | None
    win_rate_pct: float
    avg_trade_pct: float
    """Mean of the trades' pnl_pct."""
    exposure_pct: float
    calmar: float | None
    """Annual growth in percent / max_drawdown_pct."""
    expectancy: Decimal
    """Mean pnl of a trade."""
    avg_win: Decimal
    avg_loss: Decimal
    """≤ 0."""
    longest_losing_run: int
    fees: Decimal


def measure(trades: Sequence[Trade], candles: CandleColumns, balance: Decimal) -> Metrics:
    """Return the figures of `trades`, oldest first, made on `candles` from `balance` (> 0)."""
    pnls = [trade.pnl for trade in trades]
    wins = [pnl for pnl in pnls if pnl > 0]
    losses = [pnl for pnl in pnls if pnl < 0]
    net_profit = sum(pnls, ZERO)
    start = float(balance)
    equity = curve.equity_curve(trades, candles, start)
    returns = curve.daily_returns(candles, equity, start)
    drawdown_pct = curve.max_drawdown_pct(equity, start)
    return Metrics(
        trades=len(trades),
        wins=len(wins),
        losses=len(losses),
        profit_factor=profit_factor(pnls),
        net_profit=net_profit,
        net_profit_pct=percent(net_profit, balance),
        max_drawdown_pct=drawdown_pct,
        sharpe=curve.sharpe(returns),
        sortino=curve.sortino(returns),
        win_rate_pct=100.0 * len(wins) / len(trades) if trades else 0.0,
        avg_trade_pct=sum(trade.pnl_pct for trade in trades) / len(trades) if trades else 0.0,
        exposure_pct=curve.exposure_pct(trades, candles),
        calmar=_calmar(net_profit / balance, drawdown_pct, candles),
        expectancy=_mean(pnls),
        avg_win=_mean(wins),
        avg_loss=_mean(losses),
        longest_losing_run=_longest_losing_run(pnls),
        fees=sum((trade.fees for trade in trades), ZERO),
    )


def profit_factor(pnls: Iterable[Decimal]) -> float | None:
    """Return the sum of winning pnl / −the sum of losing pnl; None without losers.

    +30, −10, +5, −10 → 35 / 20 = 1.75.
    """
    won = lost = ZERO
    for pnl in pnls:
        if pnl > 0:
            won += pnl
        else:
            lost -= pnl
    return float(won / lost) if lost else None


def _calmar(gain: Decimal, drawdown_pct: float, candles: CandleColumns) -> float | None:
    """Return compound annual growth in % / drawdown in %; None without a drawdown or a year's rate.

    Young (1991). +10 % in half a year → 21 % a year; drawdown 7 % → 3.
    """
    if gain <= -1 or drawdown_pct <= 0 or len(candles) < 2:
        return None
    days = int(candles.time_ms[-1] - candles.time_ms[0]) / _DAY_MS
    exponent = log(1 + gain) * curve.DAYS_PER_YEAR / days
    return None if exponent > _MAX_EXPONENT else (exp(exponent) - 1) * 100 / drawdown_pct


def _mean(amounts: Sequence[Decimal]) -> Decimal:
    return round_money(sum(amounts, ZERO) / len(amounts)) if amounts else ZERO


def _longest_losing_run(pnls: Iterable[Decimal]) -> int:
    longest = run = 0
    for pnl in pnls:
        run = run + 1 if pnl < 0 else 0
        longest = max(longest, run)
    return longest
