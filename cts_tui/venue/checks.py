"""What must be true of any order before a venue looks at it (S12)."""

from decimal import Decimal

from cts_tui.model.records import Order
from cts_tui.model.trading import OrderType


def malformed(order: Order) -> str | None:
    """Return what is wrong with an order by itself, None when a venue may look at it.

    A market order needs a quantity or, where the venue sizes by cost, a cost, and has no price;
    every other order needs a quantity and a price. Both are finite and positive.
    """
    is_market = order.type is OrderType.MARKET
    size = order.quantity if order.quantity is not None or not is_market else order.cost
    if not _is_positive(size):
        return f"a {order.type} order needs a positive size, not {size}"
    if is_market and order.price is not None:
        return f"a market order has no price, this one has {order.price}"
    if not is_market and not _is_positive(order.price):
        return f"a {order.type} order needs a positive price, not {order.price}"
    return None


def _is_positive(amount: Decimal | None) -> bool:
    return amount is not None and amount.is_finite() and amount > 0
