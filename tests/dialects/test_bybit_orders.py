"""What an account at an exchange of Bybit's dialect answers: pages, one symbol at a time, ids."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest

from cts_tui.errors import UnknownOutcome
from cts_tui.model.trading import OrderStatus, Side
from cts_tui.venue.ccxt_venue import CcxtVenue
from cts_tui.venue.venue import Rejected
from tests.venue.floors import CcxtFloor

from .floors import venue_floor

CREATE = "POST /v5/order/create"


@pytest.fixture(params=["spot", "swap"])
async def floor(request: pytest.FixtureRequest) -> AsyncIterator[CcxtFloor]:
    settle = ":USDT" if request.param == "swap" else ""
    symbols = (f"BTC/USDT{settle}", f"ETH/USDT{settle}")
    async with AsyncExitStack() as stack:
        yield await venue_floor(request.param, stack, symbols=symbols)


def fresh(floor: CcxtFloor) -> CcxtVenue:
    """Return a venue that has heard of nothing yet, as after a restart."""
    assert floor.session is not None
    return CcxtVenue(floor.session, (floor.symbol,))


async def churn(floor: CcxtFloor, count: int) -> None:
    """Fill that many orders."""
    for at in range(count):
        await floor.submit(floor.order(Side.SELL if at % 2 else Side.BUY))


async def test_an_order_is_found_by_our_id_behind_many_that_ended_after_it(
    floor: CcxtFloor,
) -> None:
    order = floor.order()
    await floor.submit(order)
    await churn(floor, 60)
    report = (await fresh(floor).find(order)).report
    assert report is not None
    assert (report.client_order_id, report.status) == (order.client_order_id, OrderStatus.FILLED)


async def test_a_fill_names_our_order_to_who_never_heard_of_it(floor: CcxtFloor) -> None:
    order = floor.order()
    await floor.submit(order)
    (fill,) = await fresh(floor).fills(floor.symbol, floor.now_ms - 1_000)
    assert fill.client_order_id == order.client_order_id


async def test_every_open_order_is_told_page_after_page(floor: CcxtFloor) -> None:
    for at in range(60):
        await floor.submit(floor.limit(str(40_000 + at)))
    assert len(await fresh(floor).open_orders([floor.symbol])) == 60


async def test_every_fill_is_told_page_after_page(floor: CcxtFloor) -> None:
    await churn(floor, 110)
    assert len(await fresh(floor).fills(floor.symbol, floor.now_ms - 1_000)) == 110


async def test_positions_of_several_symbols_are_told_where_the_exchange_takes_one(
    floor: CcxtFloor,
) -> None:
    other = floor.symbol.replace("BTC", "ETH")
    await floor.submit(floor.order())
    await floor.submit(floor.order(symbol=other, quantity="0.1"))
    held = await floor.venue.positions([floor.symbol, other])
    assert [one.symbol for one in held] == ([floor.symbol, other] if floor.is_swap else [])


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "reset"},
        {"kind": "html"},
        {"kind": "empty"},
        {"kind": "malformed"},
        {"kind": "truncated"},
        {"kind": "status", "status": 502, "body": "bad gateway"},
        {"kind": "status", "body": '{"retCode":10016,"retMsg":"Server error.","result":{}}'},
        {"kind": "status", "body": '{"retCode":170001,"retMsg":"Internal error.","result":{}}'},
        {"kind": "status", "body": '{"retCode":170007,"retMsg":"Timeout waiting","result":{}}'},
        {"kind": "status", "body": '{"retCode":0,"retMsg":"OK","result":{}}'},
    ],
    ids=lambda fault: fault.get("body") or fault["kind"],
)
async def test_an_order_that_took_effect_behind_a_bad_answer_is_unknown_and_found(
    floor: CcxtFloor, fault: dict[str, Any]
) -> None:
    assert floor.exchange is not None
    order = floor.limit("40000")
    floor.exchange.faults.add(CREATE, accepts=True, **fault)
    with pytest.raises(UnknownOutcome):
        await floor.venue.submit(order)
    assert await floor.status(order) is OrderStatus.OPEN


async def test_what_the_exchange_refuses_is_rejected_in_its_words(floor: CcxtFloor) -> None:
    answer = await floor.venue.submit(floor.order(quantity="900"))
    assert isinstance(answer, Rejected)
    assert "nough" in answer.reason or "nsufficient" in answer.reason


async def test_a_part_that_filled_before_the_cancel_is_told(floor: CcxtFloor) -> None:
    assert floor.exchange is not None
    await floor.trade("50000")
    order = floor.limit("49000", quantity="0.05")
    order = replace(order, venue_order_id=await floor.submit(order))
    floor.exchange.liquidity["BTCUSDT"] = order.quantity / 5
    await floor.trade("49000")
    assert await floor.venue.cancel(order)
    (fill,) = await floor.told()
    report = (await floor.venue.find(order)).report
    assert report is not None
    assert (report.status, report.filled) == (OrderStatus.CANCELLED, fill.quantity)
