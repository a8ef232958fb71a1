"""Which stop and target a live position should have at its venue, and the orders for them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from cts_tui.engine.book import LivePosition
from cts_tui.engine.context import EngineContext
from cts_tui.engine.order_ids import stop_id, target_id
from cts_tui.engine.settlement import record_position
from cts_tui.engine.working import Working
from cts_tui.model.instrument import Instrument
from cts_tui.model.records import Order
from cts_tui.model.trading import (
    ExitReason,
    OrderPurpose,
    OrderStatus,
    OrderType,
    PositionStatus,
    Side,
)
from cts_tui.venue.steps import step_down, step_price
from cts_tui.venue.venue import Venue

GUARDS: Final = (OrderPurpose.STOP, OrderPurpose.TARGET)
_ON_ITS_WAY: Final = (OrderStatus.INTENT, OrderStatus.SUBMITTING)


@dataclass(frozen=True, slots=True)
class Wish:
    """A stop or target as it should rest."""

    purpose: OrderPurpose
    side: Side
    price: Decimal
    quantity: Decimal
    reason: ExitReason

    def is_met_by(self, order: Order) -> bool:
        """Return whether an order is what is wished for."""
        left = (order.quantity or Decimal(0)) - order.filled
        return order.price == self.price and left == self.quantity


def wishes(position: LivePosition, venue: Venue) -> dict[OrderPurpose, Wish]:
    """Return the guards that a position should have: none that its venue cannot hold.

    A target rests only where it can beside the stop (swaps): a spot balance backs one order.
    """
    instrument = venue.instrument(position.symbol)
    quantity = position.holding.held
    if instrument is not None:
        quantity = step_down(quantity, instrument.amount_step)
    wanted: dict[OrderPurpose, Wish] = {}
    if quantity <= 0 or _is_too_little(quantity, instrument):
        return wanted
    side, protection = Side.to_close(position.side), position.protection
    step = instrument.price_step if instrument else None
    if venue.traits.has_stop and protection.stop is not None:
        reason = ExitReason.TRAILING_STOP if protection.is_trailing else ExitReason.STOP_LOSS
        price = step_price(protection.stop, step, side)
        wanted[OrderPurpose.STOP] = Wish(OrderPurpose.STOP, side, price, quantity, reason)
    can_rest_beside = venue.traits.has_target and venue.traits.has_positions
    if can_rest_beside and protection.target is not None:
        price = step_price(protection.target, step, side)
        wanted[OrderPurpose.TARGET] = Wish(
            OrderPurpose.TARGET, side, price, quantity, ExitReason.TAKE_PROFIT
        )
    return wanted


def _is_too_little(quantity: Decimal, instrument: Instrument | None) -> bool:
    least = instrument.min_amount if instrument else None
    return least is not None and quantity < least


def guard_order(position: LivePosition, wish: Wish, now_ms: int) -> Order:
    """Return the reduce-only order of a guard, for the position's current attempt."""
    is_stop = wish.purpose is OrderPurpose.STOP
    name = stop_id if is_stop else target_id
    return Order(
        client_order_id=name(position.key, position.stop_attempts),
        position_key=position.key,
        strategy=position.strategy,
        symbol=position.symbol,
        side=wish.side,
        type=OrderType.STOP if is_stop else OrderType.TAKE_PROFIT,
        reduce_only=True,
        quantity=wish.quantity,
        cost=None,
        price=wish.price,
        status=OrderStatus.INTENT,
        created_ms=now_ms,
        updated_ms=now_ms,
        reason=wish.reason,
        purpose=wish.purpose,
        timeframe=position.timeframe,
        is_live=True,
    )


def rests(working: Working) -> bool:
    """Return whether a guard is at the venue, and is to stay there."""
    order = working.order
    return bool(order.venue_order_id) and not order.status.is_final and not working.is_cancel_asked


def hinders(venue: Venue, working: Working) -> bool:
    """Return whether a guard must be known better before another one is placed.

    Where stops only reduce a position, a second one does no harm: it is cancelled once the first
    is found. On spot it could sell what is not the position's.
    """
    if venue.traits.has_positions:
        return working.order.status in _ON_ITS_WAY
    return not rests(working)


def is_being_sold(position: LivePosition, venue: Venue) -> bool:
    """Return whether a spot position is being closed.

    The exit needs the balance that a stop would lock, and a stop beside it would sell it twice.
    """
    return position.status is PositionStatus.CLOSING and not venue.traits.has_positions


def expose(context: EngineContext, position: LivePosition, purpose: OrderPurpose) -> None:
    """Note that the venue holds a guard no more."""
    if purpose is OrderPurpose.TARGET:
        position.target_order_id = None
        return
    position.stop_order_id = None
    if position.unprotected_since_ms is None:
        position.unprotected_since_ms = context.now_ms()
    record_position(context, position)
