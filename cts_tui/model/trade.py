"""A closed round trip: what backtests, replays and the profit-factor gate count."""

from dataclasses import dataclass
from decimal import Decimal

from cts_tui.model.money import percent
from cts_tui.model.trading import Direction, ExitReason


@dataclass(frozen=True, slots=True)
class Trade:
    """One closed trade. Prices are fill prices; times are the open times of the filling candles."""

    direction: Direction
    entry_time_ms: int
    entry_price: Decimal
    exit_time_ms: int
    exit_price: Decimal
    quantity: Decimal
    fees: Decimal
    """Both sides, in quote currency, ≥ 0."""
    pnl: Decimal
    """Profit (+) or loss (−) in quote currency, net of fees."""
    exit_reason: ExitReason

    @property
    def pnl_pct(self) -> float:
        """`pnl` in percent of the entry notional."""
        return percent(self.pnl, self.quantity * self.entry_price)
