"""Quantities and prices on a market's steps, and what is refused in figures."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cts_tui.model.trading import OrderType, Side
from cts_tui.venue.steps import fault, on_steps, step_down, step_price

from .floors import PaperFloor, paper_instrument

MARKET = paper_instrument("BTC/USDT")
FLOOR = PaperFloor(None, "BTC/USDT")  # type: ignore[arg-type]
steps = st.sampled_from([Decimal(text) for text in ("0.00001", "0.001", "0.5", "1", "10", "0.03")])
amounts = st.decimals("0.000001", "1000000", places=8)


@given(amount=amounts, step=steps)
def test_a_quantity_is_never_rounded_up_and_loses_less_than_a_step(
    amount: Decimal, step: Decimal
) -> None:
    rounded = step_down(amount, step)
    assert rounded % step == 0
    assert 0 <= amount - rounded < step
    assert step_down(rounded, step) == rounded


@given(price=amounts, step=steps)
def test_a_price_is_rounded_in_the_traders_favour(price: Decimal, step: Decimal) -> None:
    buy, sell = step_price(price, step, Side.BUY), step_price(price, step, Side.SELL)
    assert buy <= price <= sell
    assert buy % step == sell % step == 0
    assert sell - buy in (0, step)


@given(quantity=amounts, price=amounts, side=st.sampled_from(Side))
def test_what_was_put_on_the_steps_is_not_refused_for_them(
    quantity: Decimal, price: Decimal, side: Side
) -> None:
    free = replace(MARKET, min_amount=None, min_cost=None)
    order = on_steps(FLOOR.order(side, OrderType.LIMIT, quantity=quantity, price=price), free)
    assume(order.quantity and order.price)
    assert fault(order, free) is None


def test_without_a_step_everything_stays() -> None:
    assert step_down(Decimal("0.123456789"), None) == Decimal("0.123456789")
    assert step_price(Decimal("1.23"), None, Side.SELL) == Decimal("1.23")


@pytest.mark.parametrize(
    ("order", "market", "figures"),
    [
        ({"quantity": "0.000011"}, {}, "0.000011 BTC is not on the step 0.00001"),
        ({"quantity": "0.001"}, {"min_amount": Decimal("0.01")}, "minimum 0.01"),
        ({"quantity": "5"}, {"max_amount": Decimal(2)}, "5 BTC is above the maximum 2"),
        ({"price": "100.01"}, {}, "100.01 is not on the step 0.1"),
        ({"price": "100", "quantity": "0.04"}, {}, "4 USDT is below the minimum 5"),
        ({"price": "100", "quantity": "1"}, {"max_cost": Decimal(50)}, "above the maximum 50"),
        ({}, {"is_active": False}, "halted or delisted"),
        ({}, {"is_linear": False}, "inverse"),
    ],
)
def test_a_refusal_names_what_was_given_and_what_the_market_takes(
    order: dict[str, str], market: dict[str, object], figures: str
) -> None:
    reason = fault(FLOOR.limit(**{"price": "50000", **order}), replace(MARKET, **market))
    assert reason is not None
    assert figures in reason


def test_a_market_order_is_valued_at_the_price_that_is_known() -> None:
    order = FLOOR.order(quantity="0.0001")
    assert fault(order, MARKET) is None
    assert "4 USDT" in (fault(order, MARKET, Decimal(40_000)) or "")


def test_what_only_reduces_may_be_small_and_leave_a_halted_market() -> None:
    order = FLOOR.order(Side.SELL, quantity="0.0001", reduce_only=True)
    assert fault(order, replace(MARKET, is_active=False), Decimal(40_000)) is None
