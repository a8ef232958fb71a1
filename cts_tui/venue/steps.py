"""A venue's steps and bounds: quantities and prices put on them, orders checked against them.

Whoever makes an order rounds it here, before its intent is recorded; the venues only check.
"""

from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Context, Decimal
from typing import Final

from cts_tui.model.instrument import Instrument
from cts_tui.model.money import money_text
from cts_tui.model.records import Order
from cts_tui.model.trading import OrderType, Side

_WIDE: Final = Context(prec=60)
_AT_MARKET: Final = frozenset({OrderType.MARKET, OrderType.STOP, OrderType.TAKE_PROFIT})


def step_down(amount: Decimal, step: Decimal | None) -> Decimal:
    """Return the largest multiple of `step` that is not above `amount` (> 0): 0.127, 0.05 → 0.1.

    Without a step the amount stays as it is.
    """
    return _rounded(amount, step, ROUND_DOWN)


def step_price(price: Decimal, step: Decimal | None, side: Side) -> Decimal:
    """Return `price` on its step, in the trader's favour: a buy down, a sell up.

    So a limit is never worse than asked, and a stop never lies further away than asked.
    """
    return _rounded(price, step, ROUND_FLOOR if side is Side.BUY else ROUND_CEILING)


def on_steps(order: Order, instrument: Instrument) -> Order:
    """Return `order` with quantity and price on the steps; a quantity below one step becomes 0."""
    quantity, price = order.quantity, order.price
    return replace(
        order,
        quantity=quantity and step_down(quantity, instrument.amount_step),
        price=price and step_price(price, instrument.price_step, order.side),
    )


def fault(order: Order, instrument: Instrument, market_price: Decimal | None = None) -> str | None:
    """Return why the venue would refuse a well-formed order, in figures; None if it would not.

    `market_price` values an order at market; without one its notional is left to the venue.
    """
    symbol = instrument.symbol
    if not instrument.is_active and not order.reduce_only:
        return f"{symbol} is halted or delisted: nothing can be opened on it"
    if not instrument.is_linear:
        return f"{symbol} is an inverse contract, which the desk does not trade"
    if order.price is not None and _is_off(order.price, instrument.price_step):
        return (
            f"the price {money_text(order.price)} is not on the step "
            f"{_text(instrument.price_step)} of {symbol}"
        )
    if order.quantity is None:
        return None
    return _quantity_fault(order.quantity, instrument) or _cost_fault(
        order, order.quantity, instrument, market_price
    )


def _quantity_fault(quantity: Decimal, instrument: Instrument) -> str | None:
    said = f"the quantity {money_text(quantity)} {instrument.base}"
    if _is_off(quantity, instrument.amount_step):
        return f"{said} is not on the step {_text(instrument.amount_step)} of {instrument.symbol}"
    if instrument.min_amount is not None and quantity < instrument.min_amount:
        return f"{said} is below the minimum {_text(instrument.min_amount)} of {instrument.symbol}"
    if instrument.max_amount is not None and quantity > instrument.max_amount:
        return f"{said} is above the maximum {_text(instrument.max_amount)} of {instrument.symbol}"
    return None


def _cost_fault(
    order: Order, quantity: Decimal, instrument: Instrument, market_price: Decimal | None
) -> str | None:
    """Return what is wrong with the notional; what only reduces may be as small as it is."""
    price = market_price if order.type in _AT_MARKET else order.price
    if price is None:
        return None
    cost = quantity * price
    said = f"the notional {money_text(cost)} {instrument.quote}"
    is_exempt = order.reduce_only and order.type in _AT_MARKET
    if instrument.min_cost is not None and cost < instrument.min_cost and not is_exempt:
        return f"{said} is below the minimum {_text(instrument.min_cost)} of {instrument.symbol}"
    if instrument.max_cost is not None and cost > instrument.max_cost:
        return f"{said} is above the maximum {_text(instrument.max_cost)} of {instrument.symbol}"
    return None


def _rounded(value: Decimal, step: Decimal | None, rounding: str) -> Decimal:
    if not step:
        return value
    steps = _WIDE.divide(value, step).to_integral_value(rounding)
    return _WIDE.multiply(steps, step)


def _is_off(value: Decimal, step: Decimal | None) -> bool:
    return bool(step) and value % (step or 1) != 0


def _text(value: Decimal | None) -> str:
    return "-" if value is None else money_text(value)
