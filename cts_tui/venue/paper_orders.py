"""An order as the paper venue keeps it, and the price at which it fills."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from cts_tui.model.instrument import Instrument
from cts_tui.model.money import ZERO, average_price, round_money
from cts_tui.model.records import Order
from cts_tui.model.trading import OrderStatus, Side
from cts_tui.venue.steps import step_down
from cts_tui.venue.venue import OrderReport

_MOST_SKEW_MS: Final = 5_000
"""So far the engine's clock may be ahead of the market's and still tell an order's age."""


@dataclass(slots=True)
class Held:
    """One order, and what has become of it."""

    order: Order
    updated_ms: int
    status: OrderStatus = OrderStatus.OPEN
    filled: Decimal = ZERO
    cost: Decimal = ZERO
    """Quantity × price of its fills."""
    average_price: Decimal | None = None
    fills: int = 0
    is_first_look: bool = True
    """Whether the order has yet to see a price: a limit that is marketable fills at that price."""
    due_ms: int = 0
    """Market time from which it may fill."""
    bought: Decimal | None = None
    """Quantity of an order sized by cost, known from its first price."""

    def size(self, price: Decimal, instrument: Instrument | None) -> Decimal:
        """Return the base quantity; that of an order sized by cost is cost / fill price."""
        if self.order.quantity is not None:
            return self.order.quantity
        if self.bought is None:
            bought = round_money((self.order.cost or ZERO) / price)
            self.bought = (
                bought if instrument is None else step_down(bought, instrument.amount_step)
            )
        return self.bought

    def left(self, price: Decimal) -> Decimal:
        """Return how much has yet to fill, at about `price`."""
        size = self.order.quantity or self.bought
        if size is None:
            size = (self.order.cost or ZERO) / price if price else ZERO
        return size - self.filled

    def add(self, quantity: Decimal, cost: Decimal, price: Decimal, time_ms: int) -> None:
        """Count a fill."""
        is_first = not self.filled
        self.filled += quantity
        self.cost += cost
        self.average_price = price if is_first else average_price(self.cost, self.filled)
        self.status, self.updated_ms = OrderStatus.PARTIALLY_FILLED, time_ms

    def report(self) -> OrderReport:
        """Return what the venue says of it."""
        order = self.order
        return OrderReport(
            client_order_id=order.client_order_id,
            venue_order_id=venue_order_id(order),
            symbol=order.symbol,
            side=order.side,
            type=order.type,
            status=self.status,
            quantity=order.quantity,
            price=order.price,
            filled=self.filled,
            average_price=self.average_price,
            reduce_only=order.reduce_only,
            updated_ms=self.updated_ms,
        )


def limit_price(held: Held, at: Decimal) -> Decimal | None:
    """Return the price at which a limit order fills, None where the market is not there.

    One that is marketable when it comes fills at what is offered, one that rests at its own price.
    """
    limit = held.order.price
    assert limit is not None  # noqa: S101 - or it would be malformed
    is_reached = at <= limit if held.order.side is Side.BUY else at >= limit
    if not is_reached:
        return None
    return at if held.is_first_look else limit


def offered(quoted: Decimal | None, price: Decimal) -> Decimal:
    """Return the bid or ask, or `price` where it is none (S12)."""
    return quoted if quoted is not None and quoted.is_finite() and quoted > 0 else price


def venue_order_id(order: Order) -> str:
    """Return the paper venue's own id of an order."""
    return f"paper-{order.client_order_id}"


def market_ms(order: Order, last: tuple[Decimal, int] | None) -> int:
    """Return when an order came, in market time, whatever the engine's clock says."""
    if last is None:
        return order.created_ms
    return max(last[1], min(order.created_ms, last[1] + _MOST_SKEW_MS))
