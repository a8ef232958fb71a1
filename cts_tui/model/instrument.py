"""What a venue says of one of its markets: steps, minimums, fees, whether it trades."""

from dataclasses import dataclass
from decimal import Decimal

from cts_tui.model.trading import MarketType


@dataclass(frozen=True, slots=True)
class Instrument:
    """One market of a venue. None stands for what the venue does not say."""

    symbol: str
    """Unified symbol: `BTC/USDT`, of a swap `BTC/USDT:USDT`."""
    market: MarketType
    base: str
    quote: str
    settle: str
    """Currency in which PnL and fees of a swap are settled; of a spot market, the quote."""
    is_active: bool
    """False where it is halted or delisted: nothing may be opened on it."""
    is_linear: bool
    """False for an inverse swap, which the desk does not trade."""
    contract_size: Decimal
    """Base quantity of one contract; 1 on spot."""
    amount_step: Decimal | None
    """Step of the quantity, in base (contracts of a swap already turned into base)."""
    price_step: Decimal | None
    min_amount: Decimal | None
    max_amount: Decimal | None
    min_cost: Decimal | None
    """Least notional in quote."""
    max_cost: Decimal | None
    maker_fee_pct: Decimal | None
    taker_fee_pct: Decimal | None
    """The venue's default in percent; what a fill really cost is in the fill."""
