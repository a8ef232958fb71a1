"""Orders and fills by Bybit's one private stream, which tells of spot and linear alike."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from cts_tui.model.trading import OrderStatus, OrderType, Side
from cts_tui.venue.ccxt_venue import CcxtVenue
from tests.loopback.fixtures import until
from tests.venue.test_ccxt_streams import (
    Followed,
    running,
    test_a_stop_that_triggers_is_told_under_our_name,
    test_an_outage_ends_nothing,
    test_messages_that_come_doubled_or_disordered_count_once,
    test_what_a_cut_stream_missed_is_fetched,
)

from .floors import venue_floor

__all__ = [
    "test_a_stop_that_triggers_is_told_under_our_name",
    "test_an_outage_ends_nothing",
    "test_messages_that_come_doubled_or_disordered_count_once",
    "test_what_a_cut_stream_missed_is_fetched",
]


@pytest.fixture(params=["spot", "swap"])
async def followed(request: pytest.FixtureRequest) -> AsyncIterator[Followed]:
    async with AsyncExitStack() as stack:
        floor = await venue_floor(request.param, stack)
        scene = Followed(floor)
        assert isinstance(floor.venue, CcxtVenue)
        await stack.enter_async_context(running(floor.venue))
        await until(lambda: is_subscribed(scene), "the private stream")
        yield scene


def is_subscribed(scene: Followed) -> bool:
    heard = {name for one in scene.exchange.sockets.of("any user") for name in one.streams}
    return heard >= {"order", "execution"}


async def test_what_happens_on_the_other_kind_of_market_is_not_ours(followed: Followed) -> None:
    floor = followed.floor
    order = floor.order()
    await floor.submit(order)
    await followed.has_filled(order)
    other = "spot" if floor.is_swap else "swap"
    followed.exchange.by_hand.order(other, "BTCUSDT", "BUY", "0.02")
    followed.exchange.by_hand.order(other, "BTCUSDT", "BUY", "0.02", price="40000")
    last = floor.order(Side.SELL)
    await floor.submit(last)
    await followed.has_filled(last)
    assert {fill.client_order_id for fill in floor.fills} == {
        order.client_order_id,
        last.client_order_id,
    }
    ours = {one.client_order_id for one in floor.reports}
    assert ours == {order.client_order_id, last.client_order_id}


async def test_a_resting_order_is_told_as_it_goes(followed: Followed) -> None:
    floor = followed.floor
    order = floor.order(Side.BUY, OrderType.LIMIT, price="49000")
    await floor.submit(order)
    await followed.has_status(order, OrderStatus.OPEN)
    await floor.trade("48999")
    await followed.has_status(order, OrderStatus.FILLED)
