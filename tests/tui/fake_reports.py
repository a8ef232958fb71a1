"""A frozen backtest: the same curves, months and trades for every strategy and series."""

import math
from decimal import Decimal
from itertools import accumulate
from typing import Any

from cts_tui.errors import ConfigError
from cts_tui.model.backtest_view import BacktestMonth, BacktestTrade, BacktestView
from cts_tui.model.chart import Series
from cts_tui.model.trading import Direction

START_MS = 1_735_689_600_000  # 2025-01-01T00:00:00Z
HOUR = 3_600_000

EQUITY = tuple(10_000 + 2.1 * i + 160 * math.sin(i / 19) + 45 * math.sin(i / 3) for i in range(400))
DRAWDOWN = tuple(
    100 * (value - peak) / peak for value, peak in zip(EQUITY, accumulate(EQUITY, max), strict=True)
)
METRICS = (
    ("Net profit", "+843.12"), ("Return", "+8.43%"), ("Max drawdown", "4.10%"),
    ("Profit factor", "1.42"), ("Sharpe", "1.88"), ("Sortino", "2.70"), ("Calmar", "-"),
    ("Trades", "40"), ("Wins", "27"), ("Losses", "13"), ("Win rate", "67.5%"),
    ("Expectancy", "+21.08"), ("Average trade", "+0.21%"), ("Average win", "+41.10"),
    ("Average loss", "-20.50"), ("Losing run", "3"), ("Exposure", "38.2%"), ("Fees", "80.12"),
)  # fmt: skip
MONTHS = tuple(
    BacktestMonth(f"2025-{i + 1:02}", 10, profit, profit / 100)
    for i, profit in enumerate((412.5, -120.25, 301.0, 249.87))
)
TRADES = tuple(
    BacktestTrade(
        entry_time_ms=START_MS + i * 55 * HOUR,
        exit_time_ms=START_MS + (i * 55 + 7) * HOUR,
        side=(Direction.LONG, Direction.SHORT)[i % 2],
        entry_price=Decimal("81204.9") + 37 * i,
        exit_price=Decimal("81990.3") + 31 * i,
        pnl=Decimal("41.10") if i % 3 else Decimal("-20.50"),
        pnl_pct=0.41 if i % 3 else -0.205,
        reason=("stop_loss", "take_profit", "rule")[i % 3],
    )
    for i in range(40)
)


class FakeReports:
    def __init__(self, calls: list[Any]) -> None:
        self._calls = calls

    def backtest(self, strategy_name: str, series: Series) -> BacktestView:
        self._calls.append(("backtest", strategy_name, series.symbol))
        if series.symbol == "ETH/USD":
            raise ConfigError(f"strategy {strategy_name} runs on 1m candles; give it finer candles")
        return BacktestView(
            strategy=strategy_name, series=series, timeframe="5m", candles=26_640,
            start_ms=START_MS, end_ms=START_MS + 26_639 * HOUR // 12,
            balance=Decimal(10_000), fee_pct=Decimal("0.1"),
            equity=EQUITY, drawdown=DRAWDOWN, metrics=METRICS, months=MONTHS, trades=TRADES,
            note="12 of 26,640 stored candles rest on SYNTHETIC prices",
        )  # fmt: skip
