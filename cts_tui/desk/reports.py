"""Backtest reports over stored candles: what the trader sees before enabling a strategy."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from cts_tui.backtest.equity import equity_curve
from cts_tui.backtest.metrics import Metrics, measure
from cts_tui.backtest.months import months
from cts_tui.backtest.series import Terms, strategy_trades, unfit, warmup_candles
from cts_tui.desk.room import Room
from cts_tui.errors import ConfigError
from cts_tui.market.aggregate import aggregate
from cts_tui.model.backtest_view import BacktestMonth, BacktestTrade, BacktestView
from cts_tui.model.chart import Series
from cts_tui.model.columns import CandleColumns, FloatArray
from cts_tui.model.strategy import ANY_TIMEFRAME, StrategySpec
from cts_tui.model.trade import Trade
from cts_tui.rules.evaluate import History
from cts_tui.store import connections, history, strategies
from cts_tui.store.database import Transaction

_MOST_CANDLES: Final = 200_000
"""Stored candles read for one report, the newest ones."""
_MOST_POINTS: Final = 400


class ReportDesk:
    """Backtests of stored strategies on stored candles."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def backtest(self, strategy_name: str, series: Series) -> BacktestView:
        """Backtest a strategy on the stored candles of `series`; may take seconds.

        It is tried on any symbol, also one it is not meant for; the note says so. Raises
        ConfigError where strategy or connection are gone, or the candles are too coarse for it.
        """
        with self._room.database.read() as transaction:
            spec = _spec(transaction, strategy_name)
            setup = connections.find(transaction, series.connection)
            if setup is None:
                raise ConfigError(f"there is no connection called {series.connection!r}")
            if reason := unfit(series.symbol, series.timeframe, spec):
                raise ConfigError(reason)
            place = (setup.id, series.symbol, series.timeframe)
            stored = history.candles(transaction, *place, _MOST_CANDLES)
            since_ms = int(stored.time_ms[0]) if len(stored) else 0
            invented = len(history.synthetic_times(transaction, *place, since_ms))
        return _view(spec, series, stored, invented)


def _spec(transaction: Transaction, name: str) -> StrategySpec:
    for spec in strategies.specs(transaction, only_enabled=False):
        if spec.name == name:
            return spec
    raise ConfigError(f"there is no strategy called {name!r}")


def _view(spec: StrategySpec, series: Series, stored: CandleColumns, invented: int) -> BacktestView:
    terms = Terms()
    timeframe = series.timeframe if spec.timeframe == ANY_TIMEFRAME else spec.timeframe
    candles = aggregate(stored, series.timeframe, timeframe)
    trades = strategy_trades(History(candles, timeframe), spec, terms) if len(candles) else []
    start = float(terms.balance)
    equity = equity_curve(trades, candles, start)
    peak = np.maximum.accumulate(np.maximum(equity, start))
    stretches = _stretches(len(equity))
    return BacktestView(
        strategy=spec.name,
        series=series,
        timeframe=timeframe,
        candles=len(candles),
        start_ms=int(candles.time_ms[0]) if len(candles) else None,
        end_ms=int(candles.time_ms[-1]) if len(candles) else None,
        balance=terms.balance,
        fee_pct=terms.fee_pct,
        equity=tuple(float(equity[last - 1]) for _, last in stretches),
        drawdown=_deepest(100.0 * (equity - peak) / peak, stretches),
        metrics=_figures(measure(trades, candles, terms.balance)) if len(candles) else (),
        months=tuple(
            BacktestMonth(month.name, month.trades, month.profit, month.return_pct)
            for month in months(trades, candles, start)
        ),
        trades=tuple(_row(trade) for trade in trades),
        note="; ".join(_notes(spec, series, timeframe, len(candles), len(stored), invented)),
    )


def _stretches(count: int) -> list[tuple[int, int]]:
    """Return the first and past-the-last index of at most `_MOST_POINTS` stretches of `count`."""
    points = min(count, _MOST_POINTS)
    return [(i * count // points, (i + 1) * count // points) for i in range(points)]


def _deepest(drawdown: FloatArray, stretches: Sequence[tuple[int, int]]) -> tuple[float, ...]:
    return tuple(float(np.min(drawdown[first:last])) for first, last in stretches)


def _row(trade: Trade) -> BacktestTrade:
    return BacktestTrade(
        entry_time_ms=trade.entry_time_ms,
        exit_time_ms=trade.exit_time_ms,
        side=trade.direction,
        entry_price=trade.entry_price,
        exit_price=trade.exit_price,
        pnl=trade.pnl,
        pnl_pct=trade.pnl_pct,
        reason=trade.exit_reason.value,
    )


def _notes(
    spec: StrategySpec, series: Series, timeframe: str, there: int, stored: int, invented: int
) -> list[str]:
    """Return what to know before trusting the report."""
    notes = []
    needed = warmup_candles(timeframe, spec)
    if there < needed:
        notes.append(f"{spec.name} needs {needed:,} candles to warm up, there are {there:,}")
    if invented:
        notes.append(f"{invented:,} of {stored:,} stored candles rest on SYNTHETIC prices")
    if not spec.trades_symbol(series.symbol):
        notes.append(f"{spec.name} is not meant for {series.symbol}: no engine trades it there")
    if stored == _MOST_CANDLES:
        notes.append(f"only the newest {stored:,} candles")
    return notes


def _figures(metrics: Metrics) -> tuple[tuple[str, str], ...]:
    return (
        ("Net profit", f"{metrics.net_profit:+,.2f}"),
        ("Return", f"{metrics.net_profit_pct:+,.2f}%"),
        ("Max drawdown", f"{metrics.max_drawdown_pct:.2f}%"),
        ("Profit factor", _ratio(metrics.profit_factor)),
        ("Sharpe", _ratio(metrics.sharpe)),
        ("Sortino", _ratio(metrics.sortino)),
        ("Calmar", _ratio(metrics.calmar)),
        ("Trades", f"{metrics.trades:,}"),
        ("Wins", f"{metrics.wins:,}"),
        ("Losses", f"{metrics.losses:,}"),
        ("Win rate", f"{metrics.win_rate_pct:.1f}%"),
        ("Expectancy", f"{metrics.expectancy:+,.2f}"),
        ("Average trade", f"{metrics.avg_trade_pct:+.2f}%"),
        ("Average win", f"{metrics.avg_win:+,.2f}"),
        ("Average loss", f"{metrics.avg_loss:+,.2f}"),
        ("Losing run", f"{metrics.longest_losing_run:,}"),
        ("Exposure", f"{metrics.exposure_pct:.1f}%"),
        ("Fees", f"{metrics.fees:,.2f}"),
    )


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:,.2f}"
