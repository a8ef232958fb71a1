"""What the engine records: signals, orders, fills and positions as frozen values."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from cts_tui.model.trading import (
    Direction,
    ExitReason,
    OrderPurpose,
    OrderStatus,
    OrderType,
    PositionStatus,
    Side,
    SignalKind,
    TimeInForce,
)

GIVEN_UP: Final = "given up: "
"""How the answer of an order begins that nothing was found of: it may come in late all the same."""


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

    @property
    def holder(self) -> tuple[str, str, str]:
        """Whose position it is about: strategy, symbol and timeframe."""
        return self.strategy, self.symbol, self.timeframe


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
    """Price of a limit order, trigger price of a stop or target; None for market."""
    status: OrderStatus
    created_ms: int
    updated_ms: int
    reason: str
    venue_order_id: str | None = None
    filled: Decimal = Decimal(0)
    average_price: Decimal | None = None
    fees: Decimal = Decimal(0)
    time_in_force: TimeInForce = TimeInForce.GTC
    """How long a limit order may rest."""
    purpose: OrderPurpose = OrderPurpose.ENTRY
    timeframe: str = ""
    """Timeframe of the strategy it trades for."""
    is_live: bool = False
    """Whether it goes to the venue and moves the account's money."""
    answer: str = ""
    """What the venue, or the engine, said when it ended otherwise than filled."""

    @property
    def is_given_up(self) -> bool:
        """Whether it ended because nothing was found of it, not because the venue said so."""
        return self.status.is_final and self.answer.startswith(GIVEN_UP)

    def ended(self, status: OrderStatus, answer: str) -> "Order":
        """Return the order as it ended, and why."""
        return replace(self, status=status, answer=answer)


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
    """Worth of all fees in quote currency."""
    entered: Decimal
    """Sum of the entry's fills; `quantity` is this less what fees took from it."""
    entry_cost: Decimal
    """Sum of quantity × price of the entry's fills."""
    exited: Decimal
    """Sum of the exit's fills so far."""
    exit_value: Decimal
    """Sum of quantity × price of the exit's fills."""
    paid_fees: Decimal
    """The part of `fees` that was not taken from the quantity."""
    stop_order_id: str | None = None
    """Client order id of the stop that rests at the venue (S6)."""
    unprotected_since_ms: int | None = None
    """Since when a live position has no confirmed stop at the venue."""
    pnl: Decimal | None = None
    """Realized, net of fees; None while open."""
    exit_price: Decimal | None = None
    exit_time_ms: int | None = None
    exit_reason: ExitReason | None = None
