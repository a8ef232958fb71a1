"""The life of an order, as pure steps: what a report or a fill of the venue makes of it.

`intent → submitting → open → partially_filled → filled | cancelled | rejected | expired`, and
`unknown`. Messages may come doubled and in any order: no step is taken twice, none is taken back.
"""

from dataclasses import replace
from decimal import Decimal

from cts_tui.model.money import ZERO, average_price, notional
from cts_tui.model.records import Fill, Order
from cts_tui.model.trading import OrderStatus
from cts_tui.venue.venue import OrderReport


def with_report(order: Order, report: OrderReport, now_ms: int) -> Order:
    """Return the order as the venue reports it.

    What has filled is told by fills alone, so `filled` stays. An order that is over stays over,
    except where the venue says that it works after all: it was believed lost, and came in late.
    """
    status = _reported_status(order, report)
    if status is order.status and order.venue_order_id:
        return order
    return replace(
        order,
        status=status,
        venue_order_id=report.venue_order_id or order.venue_order_id,
        updated_ms=now_ms,
    )


def _reported_status(order: Order, report: OrderReport) -> OrderStatus:
    is_whole = order.quantity is not None and order.filled >= order.quantity
    if report.status is OrderStatus.UNKNOWN or is_whole:  # the venue will not say; fills have
        return order.status
    if report.status.is_final:
        return report.status
    if order.status.is_final and order.status is not OrderStatus.REJECTED:
        return order.status  # an old message of an order that has ended since
    return OrderStatus.PARTIALLY_FILLED if order.filled else OrderStatus.OPEN


def with_fill(order: Order, fill: Fill, fee_in_quote: Decimal, now_ms: int) -> Order:
    """Return the order with one more fill; `fee_in_quote` is the fill's fee, valued in quote.

    Two fills of 1 at 100 and 1 at 102 of an order of 3 → partially filled, 2 at 101. An order that
    is sized by cost fills whole.
    """
    filled = order.filled + fill.quantity
    average, cost = fill.price, notional(fill.quantity, fill.price)
    if order.filled:
        cost += notional(order.filled, order.average_price or ZERO)
        average = average_price(cost, filled)
    return replace(
        order,
        status=_filled_status(order, filled),
        venue_order_id=fill.venue_order_id or order.venue_order_id,
        quantity=filled if order.quantity is None else order.quantity,
        filled=filled,
        average_price=average,
        fees=order.fees + fee_in_quote,
        updated_ms=now_ms,
    )


def _filled_status(order: Order, filled: Decimal) -> OrderStatus:
    if order.quantity is None or filled >= order.quantity:
        return OrderStatus.FILLED
    if order.status.is_final and order.status is not OrderStatus.REJECTED:
        return order.status  # the rest was cancelled before this fill was told
    return OrderStatus.PARTIALLY_FILLED
