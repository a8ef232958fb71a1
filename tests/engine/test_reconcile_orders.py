"""Orders that rest at the venue against those that the engine believes to rest there."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from cts_tui.model.trading import OrderPurpose, OrderStatus, OrderType, Side
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal

from .scene import Scene

D = Decimal


@pytest.fixture
def scene(database: Database, journal: Journal) -> Scene:
    return Scene(database, journal)


def limit(scene: Scene, key: str, **changes: Any) -> Any:
    return scene.order(
        key, Side.BUY, OrderPurpose.ENTRY, type=OrderType.LIMIT, price=D(90), **changes
    )


def rests(scene: Scene, key: str, **changes: Any) -> Any:
    """Have an order of ours rest at the venue."""
    return scene.report(f"v-{key}", Side.BUY, client_order_id=key, **changes)


async def order_row(scene: Scene, key: str) -> Any:
    (row,) = [row for row in await scene.rows("orders") if row["client_order_id"] == key]
    return row


async def test_an_order_of_ours_that_rests_is_moved_along(scene: Scene) -> None:
    working = scene.work(limit(scene, "cts-a", status=OrderStatus.UNKNOWN, venue_order_id=None))
    rests(scene, "cts-a")
    await scene.look()
    assert working.order.status is OrderStatus.OPEN
    assert working.order.venue_order_id == "v-cts-a"
    assert await scene.rows("externals") == []
    assert scene.context.is_reconciled


@pytest.mark.parametrize("ended", [OrderStatus.REJECTED, OrderStatus.CANCELLED])
async def test_a_late_entry_is_revived_and_called_off_at_once(
    scene: Scene, ended: OrderStatus
) -> None:
    working = scene.work(limit(scene, "cts-a", venue_order_id=None))
    scene.execution.sender.end(working, ended, "it never arrived")
    rests(scene, "cts-a")
    await scene.look(10)
    (cancelled,) = scene.venue.cancelled
    assert cancelled.venue_order_id == "v-cts-a"
    (event,) = await scene.events("rests at the venue although it had ended")
    assert (event["before"], event["after"]) == (ended, "open")
    assert await scene.events("cancelled: it came in after it had been given up")
    assert scene.world.pipeline.resolver is not None
    await scene.world.pipeline.resolver.run_cycle()
    assert (await order_row(scene, "cts-a"))["status"] == "cancelled"
    assert await scene.rows("externals") == []


async def test_a_late_entry_is_known_from_the_store_after_a_restart(scene: Scene) -> None:
    working = scene.work(limit(scene, "cts-a", venue_order_id=None))
    scene.execution.sender.end(working, OrderStatus.REJECTED, "it never arrived")
    await scene.rows("orders")
    scene.execution.working._ended.clear()
    rests(scene, "cts-a")
    await scene.look(10)
    assert len(scene.venue.cancelled) == 1
    assert await scene.rows("externals") == []


async def test_what_had_filled_of_a_late_entry_is_booked(scene: Scene) -> None:
    order = limit(scene, "cts-a", venue_order_id=None)
    working = scene.work(order)
    scene.execution.sender.end(working, OrderStatus.REJECTED, "it never arrived")
    report = rests(scene, "cts-a", filled=D("0.25"), status=OrderStatus.PARTIALLY_FILLED)
    order = replace(order, venue_order_id=report.venue_order_id)
    scene.venue.traded = [scene.fill(order, "90", "0.25")]
    await scene.look(10)
    assert scene.world.pipeline.resolver is not None
    await scene.world.pipeline.resolver.run_cycle()
    (position,) = list(scene.context.book)
    assert position.holding.held == D("0.25")
    row = await order_row(scene, "cts-a")
    assert (row["status"], row["filled"]) == ("cancelled", D("0.25"))


async def test_a_listing_that_is_a_moment_old_revives_nothing(scene: Scene) -> None:
    working = scene.work(limit(scene, "cts-a"))
    rests(scene, "cts-a")
    scene.execution.sender.end(working, OrderStatus.CANCELLED, "by the trader")
    await scene.look()
    assert working.order.status is OrderStatus.CANCELLED
    assert not scene.venue.cancelled


async def test_an_order_that_vanished_is_looked_for_at_once(scene: Scene) -> None:
    working = scene.work(limit(scene, "cts-a"))
    rests(scene, "cts-a")
    resolver = scene.world.pipeline.resolver
    assert resolver is not None
    await scene.look(1)
    await resolver.run_cycle()
    assert "find" not in scene.venue.asked
    report = scene.venue.resting.pop("v-cts-a")
    scene.venue.ended["cts-a"] = replace(report, status=OrderStatus.CANCELLED)
    await scene.look(1)
    await resolver.run_cycle()
    assert working.order.status is OrderStatus.CANCELLED
    (event,) = await scene.events("now cancelled")
    assert (event["before"], event["after"]) == ("open", "cancelled")


@pytest.mark.parametrize("client", ["web-1", "", "cts-of-another-store"])
async def test_s7_an_order_that_is_not_ours_is_shown_and_left_alone(
    scene: Scene, client: str
) -> None:
    scene.report("x-1", Side.SELL, "0.5", price=D(120), client_order_id=client)
    await scene.looks(0, 30)
    (row,) = await scene.rows("externals")
    assert (row["kind"], row["venue_key"], row["side"]) == ("order", "x-1", "sell")
    assert (row["quantity"], row["price"], row["status"]) == (D("0.5"), D(120), "external")
    assert row["last_seen_at"] > row["first_seen_at"]
    assert len(await scene.events("not ours")) == 1
    assert scene.context.is_reconciled
    assert not scene.venue.cancelled
    assert not scene.venue.sent
    scene.venue.resting.clear()
    await scene.look(30)
    (row,) = await scene.rows("externals")
    assert row["status"] == "gone"
    scene.report("x-1", Side.SELL, "0.5", price=D(120), client_order_id=client)
    await scene.look(30)
    (row,) = await scene.rows("externals")
    assert row["status"] == "external"


async def test_a_nameless_order_may_be_ours_while_an_answer_is_waited_for(scene: Scene) -> None:
    scene.work(limit(scene, "cts-a", status=OrderStatus.SUBMITTING, venue_order_id=None))
    scene.report("x-1", Side.BUY, client_order_id="")
    await scene.look()
    assert await scene.rows("externals") == []


async def test_externals_are_known_again_after_a_restart(
    scene: Scene, database: Database, journal: Journal
) -> None:
    from cts_tui.store import externals

    scene.report("x-1", Side.SELL)
    await scene.look()
    await scene.rows("externals")
    with database.read() as transaction:
        known = externals.known(transaction, scene.context.setup.id)
    scene.reconciler.externals._known.clear()
    scene.reconciler.externals.restore(known)
    await scene.look(30)
    assert len(await scene.events("not ours")) == 1
    scene.venue.resting.clear()
    await scene.look(30)
    (row,) = await scene.rows("externals")
    assert row["status"] == "gone"
