"""Read models of the journal: what was ordered, filled and earned."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from cts_tui.model.money import ZERO
from cts_tui.model.trading import OrderPurpose, Side


class JournalKind(StrEnum):
    """What the journal lists."""

    TRADES = "trades"
    """Closed positions."""
    ORDERS = "orders"
    FILLS = "fills"


class ProfitBy(StrEnum):
    """What profit is added up by."""

    DAY = "day"
    """UTC date on which positions closed."""
    STRATEGY = "strategy"
    SYMBOL = "symbol"


@dataclass(frozen=True, slots=True)
class FillView:
    """One fill; a funding payment is one without quantity, its fee is what was paid."""

    id: int
    time_ms: int
    """Market time."""
    connection: str
    symbol: str
    strategy: str
    purpose: OrderPurpose
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    client_order_id: str
    venue_trade_id: str
    is_live: bool

    @property
    def is_funding(self) -> bool:
        """Whether it is no fill but a funding payment."""
        return not self.quantity

    @property
    def what(self) -> str:
        """What it did: `entry`, `exit`, `stop`, `target` or `funding`."""
        return "funding" if self.is_funding else self.purpose.value


@dataclass(frozen=True, slots=True)
class ProfitView:
    """The closed positions of one day, strategy or symbol in sum. Quote currency."""

    name: str
    trades: int
    wins: int
    pnl: Decimal
    """Net of fees."""
    fees: Decimal
    won: Decimal = ZERO
    """Sum of the winning PnL."""

    @property
    def win_rate_pct(self) -> float:
        """Share of winning trades in percent, 0 without trades."""
        return 100 * self.wins / self.trades if self.trades else 0.0

    @property
    def profit_factor(self) -> float | None:
        """Winning PnL over losing PnL, None without losers."""
        lost = self.won - self.pnl
        return float(self.won / lost) if lost > 0 else None

    def __add__(self, other: "ProfitView") -> "ProfitView":
        return ProfitView(
            self.name,
            self.trades + other.trades,
            self.wins + other.wins,
            self.pnl + other.pnl,
            self.fees + other.fees,
            self.won + other.won,
        )


@dataclass(frozen=True, slots=True)
class ProfitTables:
    """The same trades added up in every way."""

    total: ProfitView
    by: dict[ProfitBy, tuple[ProfitView, ...]]
    """Days newest first, strategies and symbols the best first."""
