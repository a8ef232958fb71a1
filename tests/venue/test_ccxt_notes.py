"""Every row of the shared notes on ccxt that concerns orders: what it comes to, and the truth.

The truth is what the exchange has accepted and what its journal received.
"""

from dataclasses import replace
from typing import Any

import pytest

from cts_tui.errors import (
    AuthenticationError,
    MaintenanceError,
    RateLimitedError,
    RetryableError,
    UnknownOutcome,
)
from cts_tui.exchange.faults import INSUFFICIENT
from cts_tui.model.trading import OrderStatus
from cts_tui.venue.venue import Accepted, Rejected
from tests.loopback.faults import ABSENT
from tests.loopback.fixtures import until

from .scene import EVERYWHERE, Scene

AMBIGUOUS = {
    "timeout": ("hang", {}),
    "504": ("status", {"status": 504, "body": "gateway time-out"}),
    "reset": ("reset", {}),
    "500": ("status", {"status": 500, "body": "{}"}),
    "502": ("status", {"status": 502, "body": "<html>bad gateway</html>"}),
    "503": ("status", {"status": 503, "body": "{}"}),
    "server error": ("status", {"status": 400, "code": -1000, "message": "An unknown error"}),
    "server busy": ("status", {"status": 503, "code": -1001, "message": "Internal error"}),
    "truncated": ("truncated", {}),
    "HTML with 200": ("html", {}),
    "malformed with 200": ("malformed", {}),
    "empty with 200": ("empty", {}),
}


@pytest.mark.parametrize("accepts", [True, False], ids=["taken", "not taken"])
@pytest.mark.parametrize("case", AMBIGUOUS)
async def test_what_may_have_arrived_is_unknown_and_the_search_tells_the_truth(
    scene: Scene, case: str, accepts: bool
) -> None:
    kind, settings = AMBIGUOUS[case]
    scene.fail(kind, accepts=accepts, **settings)
    order = scene.floor.order()
    with pytest.raises(UnknownOutcome):
        await scene.venue.submit(order)
    assert scene.sent == 1, "nothing repeats an order by itself"
    search = await scene.venue.find(order)
    if accepts:
        assert scene.accepted == [order.client_order_id]
        assert search.report is not None
        assert (search.report.status, search.report.filled) == (OrderStatus.FILLED, order.quantity)
        (fill,) = await scene.floor.told()
        assert fill.client_order_id == order.client_order_id
    else:
        assert scene.accepted == []
        assert (search.report, search.asked) == (None, EVERYWHERE)
    assert scene.sent == 1


async def test_an_order_that_is_accepted_late_is_found_later(scene: Scene) -> None:
    scene.fail("late", seconds=600)
    order = scene.floor.order()
    with pytest.raises(UnknownOutcome):
        await scene.venue.submit(order)
    search = await scene.venue.find(order)
    assert (search.report, search.asked) == (None, EVERYWHERE), "absence is no evidence yet"
    assert scene.venue.traits.absence_window_s > 0
    scene.exchange.release_late()
    await until(lambda: scene.accepted)
    assert await scene.floor.status(order) is OrderStatus.FILLED
    assert (await scene.floor.told())[0].client_order_id == order.client_order_id


@pytest.mark.parametrize(
    "settings", [{"fields": {"orderId": None}}, {"fields": {"orderId": ABSENT}}]
)
async def test_an_answer_without_an_id_is_no_acceptance(
    scene: Scene, settings: dict[str, Any]
) -> None:
    scene.fail("fields", **settings)
    order = scene.floor.order()
    with pytest.raises(UnknownOutcome):
        await scene.venue.submit(order)
    assert scene.accepted == [order.client_order_id]
    assert await scene.floor.status(order) is OrderStatus.FILLED


@pytest.mark.parametrize(("status", "retry_after_s"), [(429, 7), (429, None), (418, 7)], ids=str)
async def test_a_rate_limit_is_no_order(
    scene: Scene, status: int, retry_after_s: int | None
) -> None:
    scene.fail(
        "status", status=status, code=-1003, message="Way too many", retry_after_s=retry_after_s
    )
    with pytest.raises(RateLimitedError) as said:
        await scene.venue.submit(scene.floor.order())
    assert said.value.wait_s > 0
    if retry_after_s:
        assert said.value.wait_s == pytest.approx(retry_after_s, abs=1)
    assert scene.accepted == []


async def test_a_wrong_secret_is_said_and_nothing_exists(scene: Scene) -> None:
    assert scene.floor.session is not None
    scene.floor.session.client.secret = "wrong"
    with pytest.raises(AuthenticationError) as said:
        await scene.venue.submit(scene.floor.order())
    assert "wrong" not in str(said.value)
    assert scene.accepted == []
    for ask in (scene.venue.balances, lambda: scene.venue.open_orders([scene.floor.symbol])):
        with pytest.raises(AuthenticationError):
            await ask()
    with pytest.raises(AuthenticationError):
        await scene.venue.find(scene.floor.order())


async def test_a_wrong_clock_is_retryable_and_put_right(scene: Scene) -> None:
    scene.exchange.clock_skew_ms = 30_000
    order = scene.floor.order()
    with pytest.raises(RetryableError):
        await scene.venue.submit(order)
    assert scene.accepted == []
    assert isinstance(await scene.venue.submit(order), Accepted), "the clock was measured again"
    assert scene.accepted == [order.client_order_id]


async def test_too_little_money_is_a_refusal_with_its_code(scene: Scene) -> None:
    answer = await scene.venue.submit(scene.floor.order(quantity="1000"))
    assert isinstance(answer, Rejected)
    assert (answer.code, scene.accepted) == (INSUFFICIENT, [])
    assert answer.reason


@pytest.mark.parametrize(
    ("changes", "instrument"),
    [
        ({"quantity": "0.00001", "price": "49000"}, {"min_cost": None}),
        ({"price": "49000.05"}, {"price_step": None}),
    ],
    ids=["min notional", "precision"],
)
async def test_what_the_exchange_knows_better_is_a_refusal(
    scene: Scene, changes: dict[str, str], instrument: dict[str, None]
) -> None:
    session, symbol = scene.floor.session, scene.floor.symbol
    assert session is not None
    known = replace(session.instruments[symbol], **instrument)
    session.instruments = {**session.instruments, symbol: known}
    answer = await scene.venue.submit(scene.floor.limit(**{"price": "49000", **changes}))
    assert isinstance(answer, Rejected)
    assert answer.reason
    assert scene.accepted == []


async def test_a_dead_orders_id_stays_taken_and_the_first_is_found(scene: Scene) -> None:
    order = scene.floor.limit("40000")
    venue_order_id = await scene.floor.submit(order)
    assert await scene.venue.cancel(order)
    with pytest.raises(UnknownOutcome):
        await scene.venue.submit(order)
    report = (await scene.venue.find(order)).report
    assert report is not None
    assert (report.venue_order_id, report.status) == (venue_order_id, OrderStatus.CANCELLED)
    assert scene.accepted == [order.client_order_id]


async def test_maintenance_is_never_taken_for_success(scene: Scene) -> None:
    scene.exchange.is_in_maintenance = True
    with pytest.raises((MaintenanceError, UnknownOutcome)):
        await scene.venue.submit(scene.floor.order())
    with pytest.raises(RetryableError):
        await scene.venue.balances()
    assert scene.accepted == []


async def test_a_delisted_market_is_refused_there_and_unknown_after_a_reload(
    scene: Scene,
) -> None:
    scene.exchange.delist("BTCUSDT", "swap" if scene.floor.is_swap else "spot")
    there = await scene.venue.submit(scene.floor.order())
    assert isinstance(there, Rejected)
    assert scene.floor.session is not None
    await scene.floor.session.reload_markets()
    assert scene.venue.instrument(scene.floor.symbol) is None
    here = await scene.venue.submit(scene.floor.order())
    assert isinstance(here, Rejected)
    assert "no market" in here.reason
    assert (scene.sent, scene.accepted) == (1, [])
