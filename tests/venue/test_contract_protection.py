"""The numbered cases go on: stops and targets, positions, instruments, preparing."""

from dataclasses import replace
from decimal import Decimal

import pytest

from cts_tui.model.trading import Direction, OrderStatus, OrderType, Side

from .contract import QUANTITY, Open

BUY, SELL = Side.BUY, Side.SELL


@pytest.mark.parametrize(
    ("type_", "trigger", "beyond"),
    [(OrderType.STOP, "49000", "48900"), (OrderType.TAKE_PROFIT, "51000", "51100")],
)
async def test_v18_a_stop_and_a_target_close_when_they_are_touched(
    opened: Open, type_: OrderType, trigger: str, beyond: str
) -> None:
    floor = await opened()
    await floor.filled(floor.order(BUY))
    order = floor.order(SELL, type_, price=trigger, reduce_only=floor.is_swap)
    if floor.venue.traits.matches_touches:
        await floor.trade(beyond)
        await floor.submit(order)
    else:
        await floor.submit(order)
        assert await floor.told() == []
        (report,) = await floor.venue.open_orders([floor.symbol])
        assert (report.type, report.price) == (type_, Decimal(trigger))
        assert report.client_order_id == order.client_order_id
        await floor.trade(beyond)
    (fill,) = await floor.told()
    assert (fill.client_order_id, fill.quantity) == (order.client_order_id, QUANTITY)
    assert await floor.status(order) is OrderStatus.FILLED
    assert await floor.resting() == []


async def test_v19_a_stop_that_rests_can_be_found_and_cancelled(opened: Open) -> None:
    floor = await opened()
    if not floor.venue.traits.has_stop:
        pytest.skip("no stop rests here")
    await floor.filled(floor.order(BUY))
    stop = floor.order(SELL, OrderType.STOP, price="49000", reduce_only=floor.is_swap)
    venue_order_id = await floor.submit(stop)
    assert await floor.status(stop) is OrderStatus.OPEN
    assert await floor.venue.cancel(replace(stop, venue_order_id=venue_order_id))
    assert await floor.resting() == []
    assert await floor.status(stop) is OrderStatus.CANCELLED
    await floor.trade("48000")
    assert await floor.told() == []


async def test_v20_a_swap_keeps_a_position_and_reduce_only_never_turns_it(opened: Open) -> None:
    floor = await opened()
    await floor.filled(floor.order(BUY))
    held = await floor.venue.positions([floor.symbol])
    if not floor.is_swap:
        assert held == []
        return
    (position,) = held
    assert (position.side, position.quantity) == (Direction.LONG, QUANTITY)
    assert position.entry_price == Decimal(50_000)
    await floor.submit(floor.order(SELL, quantity="0.03", reduce_only=True))
    await floor.trade("50000")
    await floor.told()
    assert await floor.venue.positions([floor.symbol]) == []


async def test_v21_an_instrument_is_known_and_another_is_not(opened: Open) -> None:
    floor = await opened()
    instrument = floor.venue.instrument(floor.symbol)
    assert instrument is not None
    assert (instrument.base, instrument.quote) == ("BTC", "USDT")
    assert instrument.amount_step == Decimal("0.00001")
    assert floor.venue.instrument("NONE/USDT") is None


async def test_v22_preparing_twice_changes_nothing(opened: Open) -> None:
    floor = await opened()
    for _ in range(2):
        await floor.venue.prepare(floor.symbol, leverage=5, margin_mode="isolated")
    await floor.filled(floor.order(BUY))
    for position in await floor.venue.positions([floor.symbol]):
        assert position.margin_mode in ("isolated", None)
        assert position.leverage in (5, None)
