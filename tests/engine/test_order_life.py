"""Reports and fills, doubled and in any order, bring an order to the same end."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cts_tui.engine.order_life import with_fill, with_report
from cts_tui.model.records import Fill, Order
from cts_tui.model.trading import OrderStatus, OrderType, Side
from cts_tui.venue.venue import OrderReport

ORDER = Order(
    client_order_id="cts-a",
    position_key="cts-a",
    strategy="s",
    symbol="BTC/USDT",
    side=Side.BUY,
    type=OrderType.MARKET,
    reduce_only=False,
    quantity=Decimal(3),
    cost=None,
    price=None,
    status=OrderStatus.SUBMITTING,
    created_ms=1,
    updated_ms=1,
    reason="",
)
FINAL = [OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.EXPIRED]


def fill(number: int, quantity: str = "1", price: int = 100) -> Fill:
    return Fill(
        client_order_id="cts-a",
        venue_order_id="v1",
        venue_trade_id=f"t{number}",
        symbol="BTC/USDT",
        side=Side.BUY,
        quantity=Decimal(quantity),
        price=Decimal(price + number),
        fee=Decimal("0.1"),
        fee_currency="USDT",
        time_ms=number,
    )


def report(status: OrderStatus, filled: int = 0) -> OrderReport:
    return OrderReport(
        client_order_id="cts-a",
        venue_order_id="v1",
        symbol="BTC/USDT",
        side=Side.BUY,
        type=OrderType.MARKET,
        status=status,
        quantity=Decimal(3),
        price=None,
        filled=Decimal(filled),
        average_price=None,
        reduce_only=False,
        updated_ms=1,
    )


def told(order: Order, messages: list[Fill | OrderReport]) -> Order:
    """Return an order after messages, as the ledger takes them: each fill once."""
    seen: set[str] = set()
    for message in messages:
        if isinstance(message, OrderReport):
            order = with_report(order, message, 2)
        elif message.venue_trade_id not in seen:
            seen.add(message.venue_trade_id)
            order = with_fill(order, message, message.fee, 2)
    return order


lives = st.sampled_from(
    [
        ([fill(1), fill(2), fill(3)], OrderStatus.FILLED),
        ([fill(1, "3")], OrderStatus.FILLED),
        ([fill(1), fill(2)], OrderStatus.CANCELLED),
        ([fill(1)], OrderStatus.EXPIRED),
        ([], OrderStatus.CANCELLED),
    ]
)


@given(lives, st.sampled_from([OrderStatus.SUBMITTING, OrderStatus.UNKNOWN]), st.data())
def test_doubled_and_reordered_messages_give_the_same_end(
    life: tuple[list[Fill], OrderStatus], start: OrderStatus, data: Any
) -> None:
    fills, end = life
    reports = [report(OrderStatus.OPEN), report(OrderStatus.UNKNOWN)]
    reports += [report(OrderStatus.PARTIALLY_FILLED, n + 1) for n in range(len(fills))]
    reports.append(report(end, len(fills)))
    messages: list[Fill | OrderReport] = [*fills, *reports]
    doubled = messages + data.draw(st.lists(st.sampled_from(messages), max_size=8))
    shuffled = data.draw(st.permutations(doubled))
    order = told(replace(ORDER, status=start), shuffled)
    assert order.status is end
    assert order.filled == sum(one.quantity for one in fills)
    assert order.fees == Decimal("0.1") * len(fills)
    assert order.venue_order_id == "v1"
    if fills:
        cost = sum(one.quantity * one.price for one in fills)
        assert order.average_price is not None
        assert abs(order.average_price - cost / order.filled) < Decimal("1e-15")


@pytest.mark.parametrize("end", FINAL)
def test_an_order_that_is_over_stays_over(end: OrderStatus) -> None:
    over = with_report(ORDER, report(end), 2)
    for status in (OrderStatus.OPEN, OrderStatus.PARTIALLY_FILLED, OrderStatus.UNKNOWN):
        assert with_report(over, report(status), 3).status is end


@pytest.mark.parametrize("later", [OrderStatus.CANCELLED, OrderStatus.REJECTED])
def test_an_order_that_has_filled_whole_is_never_taken_back(later: OrderStatus) -> None:
    whole = with_fill(ORDER, fill(1, "3"), Decimal(0), 2)
    assert with_report(whole, report(later, 3), 3).status is OrderStatus.FILLED


def test_an_order_that_was_believed_lost_works_when_it_turns_up() -> None:
    lost = ORDER.ended(OrderStatus.REJECTED, "it never arrived")
    assert with_report(lost, report(OrderStatus.OPEN), 2).status is OrderStatus.OPEN
    assert with_fill(lost, fill(1), Decimal(0), 2).status is OrderStatus.PARTIALLY_FILLED
    assert with_fill(lost, fill(1, "3"), Decimal(0), 2).status is OrderStatus.FILLED


def test_an_order_sized_by_cost_fills_whole() -> None:
    order = with_fill(replace(ORDER, quantity=None), fill(1, "0.7"), Decimal(0), 2)
    assert (order.status, order.quantity) == (OrderStatus.FILLED, Decimal("0.7"))
