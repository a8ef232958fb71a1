"""What the engine records: signals, orders, fills and positions as frozen values."""

from dataclasses import dataclass, replace
from decimal import Decimal

from cts_tui.model.trading import (
    Direction,
    ExitReason,
    OrderStatus,
    OrderType,
    PositionStatus,
    Side,
    SignalKind,
)


@dataclass(frozen=True, slots=True)
class Signal:
    """What a strategy wishes at the close of a candle."""

    strategy: str
    symbol: str
    timeframe: str
    time_ms: int
    """Open time of the candle at whose close the signal was given."""
    side: Direction
    kind: SignalKind
    price: Decimal
    """Close of that candle."""
    reason: str
    source: str


@dataclass(frozen=True, slots=True)
class Order:
    """An order at one moment of its life."""

    client_order_id: str
    position_key: str
    """Client order id of the entry of the position it opens or reduces."""
    strategy: str
    symbol: str
    side: Side
    type: OrderType
    reduce_only: bool
    quantity: Decimal | None
    """Base quantity; None for an entry that is sized by `cost` until it fills."""
    cost: Decimal | None
    """Quote amount of an entry that is sized by it."""
    price: Decimal | None
    """Price of a stop or limit order; None for market."""
    status: OrderStatus
    created_ms: int
    updated_ms: int
    reason: str
    venue_order_id: str | None = None
    filled: Decimal = Decimal(0)
    average_price: Decimal | None = None
    fees: Decimal = Decimal(0)

    def ended(self, status: OrderStatus, reason: str) -> "Order":
        """Return the order as it ended unfilled."""
        return replace(self, status=status, reason=reason)


@dataclass(frozen=True, slots=True)
class Fill:
    """One fill of an order, as the venue tells it."""

    client_order_id: str
    venue_order_id: str
    venue_trade_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    time_ms: int
    """Market time: of the tick, or the open time of the candle it filled in."""


@dataclass(frozen=True, slots=True)
class PositionRecord:
    """A position at one moment of its life."""

    key: str
    strategy: str
    symbol: str
    timeframe: str
    side: Direction
    status: PositionStatus
    quantity: Decimal
    entry_price: Decimal
    entry_time_ms: int
    stop_price: Decimal | None
    target_price: Decimal | None
    is_trailing: bool
    best_close: Decimal | None
    trailing_stop_pct: Decimal
    source: str
    """Where the price came from at which it opened, or closed."""
    is_live: bool
    fees: Decimal
    pnl: Decimal | None = None
    """Realized, net of fees; None while open."""
    exit_price: Decimal | None = None
    exit_time_ms: int | None = None
    exit_reason: ExitReason | None = None
