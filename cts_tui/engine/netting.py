"""Both sides of one symbol: an account in one-way mode holds only the difference of the two."""

from cts_tui.engine.context import EngineContext
from cts_tui.engine.working import WorkingOrders
from cts_tui.model.records import Order
from cts_tui.model.trading import Direction, OrderPurpose, Side


def is_opposed(context: EngineContext, symbol: str, side: Direction) -> bool:
    """Return whether a live position of ours holds the other side of a symbol."""
    return any(
        position.is_live and position.symbol == symbol and position.side is not side
        for position in context.book
    )


def entry_opposition(context: EngineContext, orders: WorkingOrders, order: Order) -> str | None:
    """Return why an entry may not go out beside what is held or on its way on its symbol.

    What one strategy has bought and another has sold, a one-way account does not hold: neither
    could be closed by an order that only reduces.
    """
    venue = context.live_venue
    if not order.is_live or venue is None or not venue.traits.has_positions or venue.is_hedged:
        return None
    side = Direction.LONG if order.side is Side.BUY else Direction.SHORT
    is_entering = any(
        working.order.purpose is OrderPurpose.ENTRY
        and working.order.is_live
        and working.order.symbol == order.symbol
        and working.order.side is not order.side
        for working in orders
    )
    if is_entering or is_opposed(context, order.symbol, side):
        return f"the other side of {order.symbol} is held: the account would net the two"
    return None
