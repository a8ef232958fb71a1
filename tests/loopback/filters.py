"""Whether an order fits the filters of its market, with the code that Binance answers."""

from decimal import Decimal

from tests.loopback.dialect import Refusal, failed_filter, too_precise
from tests.loopback.listings import Listing
from tests.loopback.orders import Order

_PLACES = 8


def check_spot(listing: Listing, order: Order, reference: Decimal) -> None:
    """Refuse a spot order that a filter forbids; `reference` prices a market order."""
    if listing.status["spot"] != "TRADING":
        raise Refusal(-1013, "Market is closed.")
    for value in (order.quantity, order.price, order.stop_price):
        if value is not None and _digits(value) > _PLACES:
            raise too_precise()
    for price in (order.price, order.stop_price):
        if price is not None and (price <= 0 or price % listing.tick):
            raise failed_filter("PRICE_FILTER")
    if order.quote_quantity is None:
        if order.quantity % listing.step or not listing.step <= order.quantity:
            raise failed_filter("LOT_SIZE")
        if order.quantity > listing.max_quantity:
            raise failed_filter("LOT_SIZE")
        if order.type == "MARKET" and order.quantity > listing.max_market_quantity:
            raise failed_filter("MARKET_LOT_SIZE")
    price = order.price or order.stop_price or reference
    notional = order.quote_quantity or order.quantity * price
    if notional < listing.min_notional:
        raise failed_filter("NOTIONAL")


def check_swap(listing: Listing, order: Order, reference: Decimal) -> None:
    """Refuse a futures order that a filter forbids."""
    if listing.status["swap"] != "TRADING":
        raise Refusal(-4140, "Invalid symbol status for opening position.")
    if order.quantity % listing.step:
        raise too_precise()
    for price in (order.price, order.stop_price):
        if price is not None and price <= 0:
            raise Refusal(-4001, "Price less than 0.")
        if price is not None and price % listing.tick:
            raise too_precise()
    if order.close_position:
        return
    if order.quantity <= 0:
        raise Refusal(-4003, "Quantity less than zero.")
    limit = listing.max_market_quantity if order.type == "MARKET" else listing.max_quantity
    if order.quantity > limit:
        raise Refusal(-4005, "Quantity greater than max quantity.")
    price = order.price or order.stop_price or reference
    if not order.reduce_only and order.quantity * price < listing.min_notional:
        smallest = listing.min_notional
        raise Refusal(
            -4164,
            f"Order's notional must be no smaller than {smallest} (unless you choose reduce only).",
        )


def _digits(value: Decimal) -> int:
    return -int(value.normalize().as_tuple().exponent)
