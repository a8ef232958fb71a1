"""The account at the loopback exchange: margin, position mode, paging, restarts."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from cts_tui.errors import VenueError
from cts_tui.model.trading import Direction, OrderStatus, OrderType, Side
from cts_tui.venue.ccxt_venue import CcxtVenue
from cts_tui.venue.venue import Accepted

from .floors import CcxtFloor, ccxt_floor

BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture(params=["spot", "swap"])
async def floor(request: pytest.FixtureRequest) -> AsyncIterator[CcxtFloor]:
    async with AsyncExitStack() as stack:
        yield await ccxt_floor(request.param, stack)


@pytest.fixture
async def swap() -> AsyncIterator[CcxtFloor]:
    async with AsyncExitStack() as stack:
        yield await ccxt_floor("swap", stack)


def small_pages(floor: CcxtFloor, **changes: Any) -> None:
    """Have the exchange give few rows a page."""
    venue = floor.venue
    assert isinstance(venue, CcxtVenue)
    small = replace(venue._abilities, **changes)
    venue._trades._abilities = venue._search._abilities = small


async def test_trades_are_complete_however_small_the_pages(floor: CcxtFloor) -> None:
    for number in range(23):
        await floor.submit(floor.order(BUY if number % 2 else SELL))
    small_pages(floor, trades_page=5)
    fills = await floor.venue.fills(floor.symbol, floor.now_ms - 1000)
    assert len({fill.venue_trade_id for fill in fills}) == len(fills) == 23
    assert [fill.time_ms for fill in fills] == sorted(fill.time_ms for fill in fills)


async def test_trades_are_asked_for_in_windows_that_the_exchange_allows(floor: CcxtFloor) -> None:
    await floor.submit(floor.order())
    days = 3 if floor.is_swap is False else 15
    fills = await floor.venue.fills(floor.symbol, floor.now_ms - days * 86_400_000)
    assert len(fills) == 1
    assert floor.exchange is not None
    asked = floor.exchange.journal.requests("GET *rades")
    assert len(asked) > 2
    for record in asked:
        span_ms = int(record.params["endTime"]) - int(record.params["startTime"])
        assert span_ms <= (7 if floor.is_swap else 1) * 86_400_000


async def test_open_orders_of_several_symbols_are_all_told(floor: CcxtFloor) -> None:
    other = floor.symbol.replace("BTC", "ETH")
    for symbol in (floor.symbol, other):
        await floor.submit(floor.limit("1000", symbol=symbol))
    reports = await floor.venue.open_orders([floor.symbol, other, "NONE/USDT"])
    assert {report.symbol for report in reports} == {floor.symbol, other}


async def test_a_restarted_venue_knows_its_orders_again(floor: CcxtFloor) -> None:
    assert floor.session is not None
    order = floor.limit("49000")
    order = replace(order, venue_order_id=await floor.submit(order))
    again = CcxtVenue(floor.session, [floor.symbol])
    again.follow([order])
    await floor.trade("49000")
    await again.poll()
    updates = again.take_updates()
    assert [fill.client_order_id for fill in updates.fills] == [order.client_order_id]
    assert [report.status for report in updates.orders] == [OrderStatus.FILLED]


async def test_an_order_is_asked_after_until_its_fills_are_known(floor: CcxtFloor) -> None:
    assert floor.exchange is not None
    path = "GET /fapi/v1/userTrades" if floor.is_swap else "GET /api/v3/myTrades"
    rule = floor.exchange.faults.add(path, "status", status=400, code=-1100, times=None)
    order = floor.order()
    await floor.submit(order)
    with pytest.raises(VenueError):
        await floor.told()
    floor.exchange.faults.remove(rule)
    await floor.told()
    assert sum(fill.quantity for fill in floor.fills) == order.quantity
    floor.exchange.journal.records.clear()
    await floor.told()
    assert len(floor.exchange.journal) == 0, "nothing more is to come"


async def test_leverage_and_margin_mode_are_set_only_where_they_differ(swap: CcxtFloor) -> None:
    assert swap.exchange is not None
    for _ in range(2):
        await swap.venue.prepare(swap.symbol, leverage=7, margin_mode="isolated")
    journal = swap.exchange.journal
    assert len(journal.requests("POST /fapi/v1/leverage")) == 1
    assert len(journal.requests("POST /fapi/v1/marginType")) == 1
    await swap.filled(swap.order())
    (position,) = await swap.venue.positions([swap.symbol])
    assert position.margin_mode == "isolated"
    assert swap.exchange.journal.requests("POST *leverage")[0].params["leverage"] == "7"


async def test_a_leverage_that_is_not_to_be_had_is_refused(swap: CcxtFloor) -> None:
    with pytest.raises(VenueError):
        await swap.venue.prepare(swap.symbol, leverage=500, margin_mode=None)


async def test_a_leverage_that_did_not_take_is_found_out(swap: CcxtFloor) -> None:
    assert swap.exchange is not None
    swap.exchange.faults.add(
        "GET /fapi/v1/symbolConfig", "fields", times=None, fields={"leverage": 3}
    )
    with pytest.raises(VenueError, match="is 3, not 9"):
        await swap.venue.prepare(swap.symbol, leverage=9, margin_mode=None)


async def test_in_hedge_mode_long_and_short_are_kept_apart(swap: CcxtFloor) -> None:
    assert swap.exchange is not None
    swap.exchange.swap.is_hedge_mode = True
    await swap.submit(swap.order(BUY, quantity="0.02"))
    await swap.submit(swap.order(SELL))
    held = await swap.venue.positions([swap.symbol])
    assert {(one.side, one.quantity) for one in held} == {
        (Direction.LONG, Decimal("0.02")),
        (Direction.SHORT, Decimal("0.01")),
    }
    stop = swap.order(SELL, OrderType.STOP, price="49000", quantity="0.02", reduce_only=True)
    assert isinstance(await swap.venue.submit(stop), Accepted)
    await swap.submit(swap.order(BUY, reduce_only=True))
    await swap.trade("48900")
    assert await swap.venue.positions([swap.symbol]) == []


async def test_a_trigger_that_opens_is_not_sent(swap: CcxtFloor) -> None:
    assert swap.exchange is not None
    answer = await swap.venue.submit(swap.order(BUY, OrderType.STOP, price="51000"))
    assert "reduce only" in getattr(answer, "reason", "")
    assert swap.exchange.journal.requests("POST *") == []


async def test_a_quantity_that_no_float_holds_is_not_sent(floor: CcxtFloor) -> None:
    assert floor.session is not None
    known = replace(floor.session.instruments[floor.symbol], amount_step=None, min_amount=None)
    floor.session.instruments = {floor.symbol: known}
    answer = await floor.venue.submit(floor.order(quantity="1.0000000000000000001"))
    assert "more digits" in getattr(answer, "reason", "")
    answer = await floor.venue.submit(floor.order(quantity="0.0100001"))
    assert "would go out as 0.01" in getattr(answer, "reason", "")


async def test_a_key_of_another_program_is_told_as_it_is(floor: CcxtFloor) -> None:
    assert floor.exchange is not None
    market = "swap" if floor.is_swap else "spot"
    floor.exchange.by_hand.order(market, "BTCUSDT", "SELL", "0.01")
    assert await floor.told() == [], "polls look after our own orders only"
    (fill,) = await floor.venue.fills(floor.symbol, floor.now_ms - 1_000)
    assert fill.side is SELL
