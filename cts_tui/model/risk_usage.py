"""How much of a connection's risk limits is used now."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class RiskUsage:
    """Of the money its next entries would be made of; amounts in the quote currency."""

    read_ms: int
    """When it was read, by the desk's clock."""
    is_live: bool
    """Whether that is money at an exchange, else paper."""
    open_positions: int
    largest_symbol: str
    """The symbol on which most is held; empty where nothing is."""
    largest: Decimal
    exposure: Decimal
    """What its open positions cost."""
    total_exposure: Decimal
    """The same of all connections."""
    equity: Decimal | None = None
    """Open PnL included; None before an engine has told what it is."""
    day_loss: Decimal | None = None
    """Lost since 00:00 UTC, open PnL included; < 0 is a gain."""
    day_loss_pct: float | None = None
    drawdown_pct: float | None = None
    """Of the highest equity since the last reset."""
    cooling: tuple[tuple[str, int], ...] = ()
    """Symbols that get no entry, with the time in ms until which."""
