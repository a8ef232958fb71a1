"""The shared notes go on: garbage, lost cancels, partial fills, orders of others, outages."""

from dataclasses import replace
from decimal import Decimal

import pytest

from cts_tui.errors import CtsError, RetryableError
from cts_tui.model.trading import OrderStatus

from .scene import Scene

GARBAGE = ["html", "malformed", "empty", "truncated"]


@pytest.mark.parametrize("kind", GARBAGE)
async def test_an_answer_that_is_garbage_is_never_an_empty_answer(scene: Scene, kind: str) -> None:
    await scene.floor.submit(scene.floor.limit("40000"))
    symbols = [scene.floor.symbol]
    asks = [
        lambda: scene.venue.open_orders(symbols),
        lambda: scene.venue.fills(scene.floor.symbol, scene.floor.now_ms),
        scene.venue.balances,
    ]
    if scene.floor.is_swap:
        asks.append(lambda: scene.venue.positions(symbols))
    for ask in asks:
        rule = scene.exchange.faults.add("GET *", kind, times=None)
        with pytest.raises(RetryableError):
            await ask()
        scene.exchange.faults.remove(rule)
        await ask()  # or the breaker would keep the next one back
    assert len(await scene.venue.open_orders(symbols)) == 1


async def test_a_place_that_gives_garbage_has_not_been_asked(scene: Scene) -> None:
    order = scene.floor.order()
    path = "/fapi/v1/*rders" if scene.floor.is_swap else "/api/v3/*rders"
    scene.exchange.faults.add("GET " + path, "html", times=None)
    search = await scene.venue.find(order)
    assert (search.report, search.asked) == (None, ("order", "trades"))
    scene.exchange.faults.clear()
    scene.exchange.faults.add("GET *", "html", times=None)
    with pytest.raises(RetryableError):
        await scene.venue.find(order)


@pytest.mark.parametrize("accepts", [True, False])
async def test_a_lost_cancel_is_simply_asked_again(scene: Scene, accepts: bool) -> None:
    order = scene.floor.limit("40000")
    order = replace(order, venue_order_id=await scene.floor.submit(order))
    scene.exchange.faults.add("DELETE *", "reset", accepts=accepts, times=2)
    with pytest.raises(RetryableError):
        await scene.venue.cancel(order)
    scene.exchange.faults.clear()
    assert await scene.venue.cancel(order) is (not accepts)
    assert await scene.floor.status(order) is OrderStatus.CANCELLED


async def test_partly_filled_then_cancelled_says_both(scene: Scene) -> None:
    scene.exchange.liquidity["BTCUSDT"] = Decimal("0.004")
    order = scene.floor.limit("49000")
    await scene.floor.submit(order)
    await scene.floor.trade("49000")
    (fill,) = await scene.floor.told()
    assert fill.quantity == Decimal("0.004")
    assert await scene.floor.status(order) is OrderStatus.PARTIALLY_FILLED
    assert await scene.venue.cancel(order)
    report = (await scene.venue.find(order)).report
    assert report is not None
    assert (report.status, report.filled) == (OrderStatus.CANCELLED, Decimal("0.004"))
    await scene.floor.told()
    last = scene.floor.reports[-1]
    assert (last.status, last.filled) == (OrderStatus.CANCELLED, Decimal("0.004"))


async def test_a_price_that_is_answered_is_never_the_price_it_filled_at(scene: Scene) -> None:
    scene.fail("fields", fields={"price": "99999", "avgPrice": "99999"})
    fill = await scene.floor.filled(scene.floor.order())
    assert fill.price == Decimal(50_000)


async def test_orders_of_others_are_told_as_theirs(scene: Scene) -> None:
    market = "swap" if scene.floor.is_swap else "spot"
    scene.exchange.by_hand.order(market, "BTCUSDT", "BUY", "0.01", price="49000")
    (report,) = await scene.venue.open_orders([scene.floor.symbol])
    assert not report.client_order_id.startswith("cts")
    scene.exchange.market.trade("BTCUSDT", "49000")
    (fill,) = await scene.venue.fills(scene.floor.symbol, scene.floor.now_ms)
    assert not fill.client_order_id.startswith("cts")


async def test_nothing_but_kinds_of_our_errors_comes_out(scene: Scene) -> None:
    scene.exchange.outage()
    for call in (
        scene.venue.submit(scene.floor.order()),
        scene.venue.find(scene.floor.order()),
        scene.venue.balances(),
    ):
        with pytest.raises(CtsError):
            await call
    await scene.exchange.recover()


async def test_a_refused_connection_is_certainly_no_order(scene: Scene) -> None:
    scene.exchange.outage()
    with pytest.raises(RetryableError):
        await scene.venue.balances()  # finds the connection cut that was open so far
    with pytest.raises(RetryableError):
        await scene.venue.submit(scene.floor.order())
    await scene.exchange.recover()
    assert (scene.sent, scene.accepted) == (0, [])
