"""What a face shows of one backtest: curves, figures, months, trades. Plain values only."""

from dataclasses import dataclass
from decimal import Decimal

from cts_tui.model.chart import Series
from cts_tui.model.trading import Direction


@dataclass(frozen=True, slots=True)
class BacktestTrade:
    """One closed trade, net of fees."""

    entry_time_ms: int
    exit_time_ms: int
    side: Direction
    entry_price: Decimal
    exit_price: Decimal
    pnl: Decimal
    pnl_pct: float
    """Of the entry notional."""
    reason: str


@dataclass(frozen=True, slots=True)
class BacktestMonth:
    """One UTC month with candles in it."""

    name: str
    """`2025-04`."""
    trades: int
    profit: float
    """Change of the equity in quote currency."""
    return_pct: float


@dataclass(frozen=True, slots=True)
class BacktestView:
    """One strategy on one stored series, oldest first."""

    strategy: str
    series: Series
    timeframe: str
    """Of the candles it ran on: the series' own, or a longer one the strategy asks for."""
    candles: int
    start_ms: int | None
    """Open time of the first candle, None without candles."""
    end_ms: int | None
    """Open time of the last candle."""
    balance: Decimal
    """What it began with, in quote currency."""
    fee_pct: Decimal
    equity: tuple[float, ...]
    """In quote currency; a few hundred points at most, the last of each stretch of candles."""
    drawdown: tuple[float, ...]
    """In percent below the peak, ≤ 0, the deepest of each stretch of candles."""
    metrics: tuple[tuple[str, str], ...]
    """Label and text."""
    months: tuple[BacktestMonth, ...]
    trades: tuple[BacktestTrade, ...]
    note: str = ""
    """What to know before trusting it, empty where there is nothing."""
