"""Every venue passes the same numbered cases: paper, and ccxt on the loopback exchange."""

from dataclasses import replace
from decimal import Decimal

import pytest

from cts_tui.model.trading import OrderStatus, OrderType, Side
from cts_tui.venue.venue import Accepted, Rejected

from .contract import QUANTITY, Open

pytestmark = pytest.mark.asyncio
BUY, SELL = Side.BUY, Side.SELL


async def test_v01_a_market_order_fills_at_the_markets_price(opened: Open) -> None:
    floor = await opened()
    await floor.trade("50000")
    for side in (BUY, SELL):
        fill = await floor.filled(floor.order(side))
        assert (fill.side, fill.quantity, fill.price) == (side, QUANTITY, Decimal(50_000))
        assert (fill.symbol, fill.fee) == (floor.symbol, 0)


async def test_v02_answer_fill_and_search_name_the_same_order(opened: Open) -> None:
    floor = await opened()
    order = floor.order()
    venue_order_id = await floor.submit(order)
    await floor.trade("50000")
    (fill,) = await floor.told()
    report = (await floor.venue.find(order)).report
    assert report is not None
    assert {fill.venue_order_id, report.venue_order_id} == {venue_order_id}
    assert {fill.client_order_id, report.client_order_id} == {order.client_order_id}
    assert (report.status, report.filled) == (OrderStatus.FILLED, QUANTITY)
    assert report.average_price == fill.price


async def test_v03_the_fee_is_charged_on_the_filled_notional(opened: Open) -> None:
    floor = await opened(fee_pct="0.1")
    fill = await floor.filled(floor.order(SELL))
    assert (fill.fee, fill.fee_currency) == (Decimal("0.5"), "USDT")


async def test_v04_a_limit_order_rests_until_the_market_comes_to_its_price(opened: Open) -> None:
    floor = await opened()
    await floor.trade("50000")
    order = floor.limit("49000")
    await floor.submit(order)
    await floor.trade("49500")
    assert await floor.told() == []
    assert await floor.resting() == [order.client_order_id]
    (report,) = await floor.venue.open_orders([floor.symbol])
    assert (report.type, report.status) == (OrderType.LIMIT, OrderStatus.OPEN)
    assert (report.quantity, report.price, report.filled) == (QUANTITY, Decimal(49_000), 0)
    await floor.trade("48900")
    (fill,) = await floor.told()
    assert (fill.client_order_id, fill.price) == (order.client_order_id, Decimal(49_000))
    assert await floor.resting() == []


@pytest.mark.parametrize(("side", "price"), [(BUY, "51000"), (SELL, "49000")])
async def test_v05_a_limit_order_that_is_marketable_fills_at_the_better_price(
    opened: Open, side: Side, price: str
) -> None:
    floor = await opened()
    fill = await floor.filled(floor.limit(price, side))
    assert fill.price == Decimal(50_000)


async def test_v06_an_ioc_order_never_rests(opened: Open) -> None:
    floor = await opened()
    order = floor.ioc("49000")
    await floor.submit(order)
    await floor.trade("50000")
    assert await floor.told() == []
    assert await floor.resting() == []
    assert await floor.status(order) in (OrderStatus.EXPIRED, OrderStatus.CANCELLED)
    (report,) = [one for one in floor.reports if one.client_order_id == order.client_order_id]
    assert report.status.is_final
    assert (await floor.filled(floor.ioc("50500"))).price == Decimal(50_000)


async def test_v07_a_cancelled_order_never_fills(opened: Open) -> None:
    floor = await opened()
    gone, kept = floor.limit("49000"), floor.limit("49000")
    for order in (gone, kept):
        await floor.submit(order)
    await floor.trade("50000")
    assert await floor.venue.cancel(gone)
    await floor.trade("49000")
    assert [fill.client_order_id for fill in await floor.told()] == [kept.client_order_id]
    assert await floor.status(gone) is OrderStatus.CANCELLED


async def test_v08_what_is_not_there_cannot_be_cancelled(opened: Open) -> None:
    floor = await opened()
    assert not await floor.venue.cancel(floor.order())
    known_nowhere = replace(floor.order(), venue_order_id="999999999")
    assert not await floor.venue.cancel(known_nowhere)
    order = floor.order()
    venue_order_id = await floor.submit(order)
    await floor.trade("50000")
    assert not await floor.venue.cancel(order)
    assert not await floor.venue.cancel(replace(order, venue_order_id=venue_order_id))
    resting = floor.limit("40000")
    await floor.submit(resting)
    assert await floor.venue.cancel(resting)
    assert not await floor.venue.cancel(resting)


async def test_v09_a_fill_is_told_once_and_its_trade_id_is_its_own(opened: Open) -> None:
    floor = await opened()
    for side in (BUY, BUY, SELL):
        await floor.filled(floor.order(side))
    assert await floor.told() == []
    assert len({fill.venue_trade_id for fill in floor.fills}) == len(floor.fills) == 3


async def test_v10_fills_are_told_in_the_order_in_which_they_happened(opened: Open) -> None:
    floor = await opened()
    await floor.trade("50000")
    near, far = floor.limit("49000"), floor.limit("48000")
    for order in (far, near):
        await floor.submit(order)
    await floor.trade("49000")
    await floor.trade("48000")
    told = [fill.client_order_id for fill in await floor.told()]
    assert told == [near.client_order_id, far.client_order_id]


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": None},
        {"quantity": Decimal(0)},
        {"quantity": Decimal(-1)},
        {"quantity": Decimal("NaN")},
        {"quantity": Decimal("Infinity")},
        {"type": OrderType.LIMIT},
        {"type": OrderType.LIMIT, "price": Decimal(0)},
        {"type": OrderType.STOP, "price": Decimal(-1)},
        {"type": OrderType.TAKE_PROFIT, "price": Decimal("NaN")},
        {"price": Decimal(50_000)},
    ],
    ids=str,
)
async def test_v11_a_malformed_order_is_rejected_with_the_reason_and_does_not_exist(
    opened: Open, changes: dict[str, object]
) -> None:
    floor = await opened()
    order = replace(floor.order(), **changes)
    await floor.trade("50000")
    answer = await floor.venue.submit(order)
    assert isinstance(answer, Rejected)
    assert answer.reason
    await floor.trade("50000")
    assert await floor.told() == []
    assert not await floor.venue.cancel(order)


@pytest.mark.parametrize(
    ("changes", "figures"),
    [
        ({"quantity": "0.010001"}, ("0.010001 BTC", "step 0.00001")),
        ({"quantity": "0.000001"}, ("0.000001 BTC", "0.00001")),
        ({"price": "49000.05"}, ("49000.05", "step 0.1")),
        ({"quantity": "0.0001"}, ("4.9 USDT", "minimum 5")),
    ],
    ids=str,
)
async def test_v12_an_order_off_the_steps_or_too_small_is_refused_in_figures(
    opened: Open, changes: dict[str, str], figures: tuple[str, ...]
) -> None:
    floor = await opened()
    answer = await floor.venue.submit(floor.limit(**{"price": "49000", **changes}))
    assert isinstance(answer, Rejected)
    for figure in figures:
        assert figure in answer.reason
    assert await floor.resting() == []


async def test_v13_a_client_order_id_makes_one_order_only(opened: Open) -> None:
    floor = await opened()
    order = floor.limit("40000")
    first = await floor.submit(order)
    try:
        second: object = await floor.venue.submit(order)
    except Exception as error:  # noqa: BLE001 - an exchange says that it knows the order
        second = error
    assert not isinstance(second, Accepted)
    report = (await floor.venue.find(order)).report
    assert report is not None
    assert report.venue_order_id == first
    assert await floor.resting() == [order.client_order_id]


async def test_v14_an_order_that_was_never_sent_is_found_nowhere(opened: Open) -> None:
    floor = await opened()
    search = await floor.venue.find(floor.order())
    assert search.report is None
    assert search.asked[-3:] == ("open orders", "closed orders", "trades")


async def test_v15_fills_since_a_time_are_complete(opened: Open) -> None:
    floor = await opened()
    for side in (BUY, SELL, BUY):
        await floor.filled(floor.order(side))
    fills = await floor.venue.fills(floor.symbol, floor.now_ms - 60_000)
    assert [fill.venue_trade_id for fill in fills] == [one.venue_trade_id for one in floor.fills]
    assert await floor.venue.fills(floor.symbol, fills[-1].time_ms + 1) == []


async def test_v16_balances_move_with_the_fills(opened: Open) -> None:
    floor = await opened()
    before = await floor.venue.balances()
    await floor.filled(floor.order(BUY))
    after = await floor.venue.balances()
    if floor.is_swap:
        assert after.total["USDT"] == before.total["USDT"]
        return
    assert after.total["BTC"] - before.total["BTC"] == QUANTITY
    assert before.total["USDT"] - after.total["USDT"] == 500
    await floor.submit(floor.limit("40000"))
    locked = await floor.venue.balances()
    assert locked.used == {"USDT": Decimal(400)}
    assert locked.free["USDT"] == after.total["USDT"] - 400


async def test_v17_a_resting_order_is_amended_in_place_or_left_alone(opened: Open) -> None:
    floor = await opened()
    order = floor.limit("49000")
    order = replace(order, venue_order_id=await floor.submit(order))
    await floor.trade("50000")
    moved = await floor.venue.amend(order, price=Decimal(48_500), quantity=Decimal("0.02"))
    assert moved is floor.venue.traits.can_amend
    (report,) = await floor.venue.open_orders([floor.symbol])
    told = (report.venue_order_id, report.client_order_id, report.price, report.quantity)
    price, quantity = ("48500", "0.02") if moved else ("49000", "0.01")
    own = (order.venue_order_id, order.client_order_id)
    assert told == (*own, Decimal(price), Decimal(quantity))
    off_step = await floor.venue.amend(order, price=Decimal("48500.05"), quantity=QUANTITY)
    assert not off_step
