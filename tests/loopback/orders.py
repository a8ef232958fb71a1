"""Orders and fills as the venue keeps them."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

TRIGGER_TYPES = {"STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"}
ALIVE = {"NEW", "PARTIALLY_FILLED"}


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution."""

    id: int
    order_id: int
    client_id: str
    symbol: str
    side: str
    position_side: str
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_currency: str
    is_maker: bool
    realized: Decimal
    time_ms: int


@dataclass(slots=True)
class Order:
    """What was asked, and what became of it."""

    symbol: str
    side: str
    type: str
    quantity: Decimal
    client_id: str
    price: Decimal | None = None
    stop_price: Decimal | None = None
    time_in_force: str = "GTC"
    quote_quantity: Decimal | None = None
    """Of a spot market order that was given by cost."""
    reduce_only: bool = False
    close_position: bool = False
    position_side: str = "BOTH"
    is_external: bool = False
    """Placed by hand, not through the API."""
    original_type: str = ""
    id: int = 0
    status: str = "NEW"
    is_triggered: bool = False
    filled: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    locked: Decimal = Decimal(0)
    """Spot: what is still held back for it."""
    created_ms: int = 0
    updated_ms: int = 0
    fills: list[Fill] = field(default_factory=list)

    @property
    def remaining(self) -> Decimal:
        """What has not been filled."""
        return self.quantity - self.filled

    @property
    def is_alive(self) -> bool:
        """Whether it may still fill."""
        return self.status in ALIVE

    @property
    def is_buy(self) -> bool:
        """Whether it buys."""
        return self.side == "BUY"

    @property
    def average(self) -> Decimal:
        """Average price of the fills, zero without one."""
        return self.cost / self.filled if self.filled else Decimal(0)

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for its trigger."""
        return self.type in TRIGGER_TYPES and not self.is_triggered

    @property
    def is_market(self) -> bool:
        """Whether it takes any price, now that it works."""
        return self.type in {"MARKET", "STOP_LOSS", "TAKE_PROFIT"} and self.price is None

    def crosses(self, bid: Decimal, ask: Decimal) -> bool:
        """Say whether it would take from the book at once."""
        if self.price is None:
            return True
        return self.price >= ask if self.is_buy else self.price <= bid

    def as_record(self) -> dict[str, Any]:
        """Return what the control port shows of it."""
        return {
            "id": self.id,
            "client_id": self.client_id,
            "symbol": self.symbol,
            "side": self.side,
            "type": self.type,
            "status": self.status,
            "quantity": str(self.quantity),
            "filled": str(self.filled),
            "price": None if self.price is None else str(self.price),
            "stop_price": None if self.stop_price is None else str(self.stop_price),
            "average": str(self.average),
            "reduce_only": self.reduce_only,
            "external": self.is_external,
            "created_ms": self.created_ms,
        }


def is_touched(order_type: str, side: str, trigger: Decimal, last: Decimal) -> bool:
    """Say whether `last` reaches the trigger of a stop or a take profit."""
    waits_for_rise = (side == "BUY") != order_type.startswith("TAKE_PROFIT")
    return last >= trigger if waits_for_rise else last <= trigger
