"""What is not ours becomes ours, or is shown no more, because the trader asks for it (S7)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from cts_tui.engine.desired import DesiredState
from cts_tui.engine.guard_orders import wishes
from cts_tui.engine.steering import Steering
from cts_tui.model.external import ExternalKind, ExternalWish
from cts_tui.model.trading import Direction, OrderPurpose, OrderStatus, OrderType, Side
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal

from .scene import Scene

D = Decimal
LONG, SHORT = Direction.LONG, Direction.SHORT
ADOPT, IGNORE = ExternalWish.ADOPT, ExternalWish.IGNORE


@pytest.fixture
def scene(database: Database, journal: Journal) -> Scene:
    return Scene(database, journal)


@pytest.fixture
def spot(database: Database, journal: Journal) -> Scene:
    return Scene(database, journal, "spot")


async def test_an_adopted_position_has_rows_that_add_up_and_a_stop_at_once(
    scene: Scene,
) -> None:
    scene.there(SHORT, "2", "100")
    scene.price("100.5")
    await scene.looks(0, 3)
    await scene.wish(ADOPT)
    await scene.look(1)
    (position,) = list(scene.context.book)
    assert (position.side, position.holding.held, position.is_live) == (SHORT, D(2), True)
    assert (position.protection.stop, position.protection.target) == (D(102), D(97))
    (row,) = await scene.rows("positions")
    (order,) = await scene.rows("orders")
    (fill,) = await scene.rows("fills")
    assert row["key"] == order["client_order_id"] == fill["client_order_id"]
    assert row["entered"] == order["filled"] == fill["quantity"] == D(2)
    assert row["entry_cost"] == D(200)
    assert (order["status"], order["side"]) == ("filled", "sell")
    (external,) = await scene.rows("externals")
    assert (external["status"], external["wish"]) == ("adopted", None)
    (event,) = await scene.events("is adopted as a position", "stop 102", "target 97")
    assert (event["before"], event["after"]) == ("external", "adopted")
    guard = scene.world.pipeline.guard
    assert guard is not None
    assert guard._woken.is_set()
    await guard.run_cycle()
    (stop,) = scene.venue.sent
    assert (stop.purpose, stop.price, stop.quantity) == (OrderPurpose.STOP, D(102), D(2))
    scene.report(f"v-{stop.client_order_id}", Side.BUY, client_order_id=stop.client_order_id)
    await scene.looks(3, 30)
    assert scene.context.is_reconciled
    assert len(scene.context.book) == 1


@pytest.mark.parametrize("price", ["104", "97", "110"])
async def test_a_position_beyond_its_levels_is_not_closed_by_being_adopted(
    scene: Scene, price: str
) -> None:
    scene.there(LONG, "1", "100")
    scene.price(price)
    await scene.looks(0, 3)
    await scene.wish(ADOPT)
    await scene.look(1)
    (position,) = list(scene.context.book)
    assert position.holding.entry_price == D(100)
    assert position.protection.touched_at(D(price)) is None
    assert position.protection.stop == D(price) * D("0.98")
    assert await scene.events("measured from the last price")


async def test_without_the_venues_price_the_last_real_one_is_the_entry(scene: Scene) -> None:
    scene.there(LONG, "1", None)
    await scene.looks(0, 3)
    await scene.wish(ADOPT)
    await scene.look(1)
    assert len(scene.context.book) == 0
    assert await scene.events("is not adopted", "price")
    (row,) = await scene.rows("externals")
    assert (row["status"], row["wish"]) == ("external", None)
    scene.price("50")
    scene.context.clock.advance(10_000)  # type: ignore[attr-defined]
    await scene.wish(ADOPT)
    await scene.look(1)
    (position,) = list(scene.context.book)
    assert position.holding.entry_price == D(50)


async def test_a_wish_that_is_read_again_before_its_answer_is_stored_adopts_nothing_twice(
    scene: Scene,
) -> None:
    scene.there(LONG, "1", "100")
    await scene.looks(0, 3)
    await scene.wish(ADOPT)
    scene.pass_on()
    await scene.reconciler.run_cycle()
    key = ("position", f"{scene.symbol}/long")
    scene.reconciler.decide({key: ADOPT})  # type: ignore[dict-item]
    await scene.looks(1, 3)
    assert len(scene.context.book) == 1
    assert len(await scene.events("is adopted as")) == 1


async def test_what_is_adopted_may_be_closed_by_hand_again(scene: Scene) -> None:
    scene.there(LONG, "1", "100")
    await scene.looks(0, 3)
    await scene.wish(ADOPT)
    await scene.look(1)
    scene.venue.held.clear()
    scene.venue.traded = [scene.trade(Side.SELL, "1", "101", after_s=1)]
    await scene.looks(3, 3)
    (row,) = await scene.rows("positions")
    assert (row["status"], row["pnl"]) == ("closed", D(1))
    scene.there(LONG, "3", "100")
    await scene.looks(3, 3)
    (external,) = await scene.rows("externals")
    assert (external["status"], external["quantity"]) == ("external", D(3))


async def test_an_adopted_order_is_ours_by_the_venues_id_and_opens_a_position(scene: Scene) -> None:
    scene.report("x-1", Side.BUY, "2", price=D(90))
    await scene.look()
    await scene.wish(ADOPT)
    await scene.look(1)
    (order,) = await scene.rows("orders")
    assert (order["venue_order_id"], order["status"], order["purpose"]) == ("x-1", "open", "entry")
    assert (order["type"], order["price"], order["quantity"]) == ("limit", D(90), D(2))
    assert [one.client_order_id for one in scene.venue.followed] == [order["client_order_id"]]
    (external,) = await scene.rows("externals")
    assert external["status"] == "adopted"
    scene.venue.traded = [
        scene.trade(Side.BUY, "2", "90", client="web-1", order="x-1", trade="x", after_s=1)
    ]
    report = scene.venue.resting.pop("x-1")
    ended = replace(report, status=OrderStatus.FILLED, filled=D(2))
    scene.venue.ended[order["client_order_id"]] = ended
    scene.there(LONG, "2", "90")
    await scene.looks(3, 3)
    (position,) = list(scene.context.book)
    assert (position.holding.held, position.protection.stop) == (D(2), D("88.2"))
    assert (await scene.rows("orders"))[0]["status"] == "filled"
    assert not scene.venue.cancelled


async def test_an_order_that_had_filled_in_part_brings_its_fills_along(scene: Scene) -> None:
    scene.report("x-1", Side.BUY, "2", filled=D("0.5"), status=OrderStatus.PARTIALLY_FILLED)
    scene.there(LONG, "0.5", "90")
    scene.venue.traded = [scene.trade(Side.BUY, "0.5", "90", client="web-1", order="x-1")]
    await scene.look()
    with scene.database.read() as transaction:
        from cts_tui.store import externals

        await scene.world.journal.flush()
        (view,) = externals.views(transaction)
    assert view.kind == "order"
    await scene.wish(ADOPT)
    await scene.looks(3, 3)
    (position,) = list(scene.context.book)
    assert position.holding.held == D("0.5")
    (order,) = await scene.rows("orders")
    assert (order["status"], order["filled"]) == ("partially_filled", D("0.5"))
    assert scene.context.is_reconciled


async def test_a_stop_placed_by_hand_becomes_the_stop_of_the_position_it_protects(
    scene: Scene,
) -> None:
    position = scene.hold("1", "100")
    scene.there(LONG, "1", "100")
    scene.report(
        "x-1", Side.SELL, "1", type=OrderType.STOP, price=D(95), reduce_only=True
    )  # fmt: skip
    await scene.look()
    await scene.wish(ADOPT)
    await scene.look(1)
    assert position.protection.stop == D(95)
    (wished,) = wishes(position, scene.venue).values()
    (working,) = scene.execution.working.of_position(position.key, OrderPurpose.STOP)
    assert wished.is_met_by(working.order)
    guard = scene.world.pipeline.guard
    assert guard is not None
    await guard.run_cycle()
    assert position.stop_order_id == working.order.client_order_id
    assert not scene.venue.sent
    assert not scene.venue.cancelled


@pytest.mark.parametrize(
    ("kind", "why"), [(OrderType.STOP, "no position"), (OrderType.LIMIT, "it closes a position")]
)
async def test_an_order_that_closes_what_is_not_ours_is_not_adopted(
    scene: Scene, kind: OrderType, why: str
) -> None:
    scene.report("x-1", Side.SELL, "1", type=kind, price=D(95), reduce_only=True)
    await scene.look()
    await scene.wish(ADOPT)
    await scene.look(1)
    assert await scene.rows("orders") == []
    (row,) = await scene.rows("externals")
    assert (row["status"], row["wish"]) == ("external", None)
    assert await scene.events("is not adopted", why)


async def test_a_sale_on_spot_opens_no_short(spot: Scene) -> None:
    spot.report("x-1", Side.SELL, "1", price=D(120))
    await spot.look()
    await spot.wish(ADOPT)
    await spot.look(1)
    assert await spot.rows("orders") == []


async def test_what_is_ignored_is_shown_no_more_and_stays_so(scene: Scene) -> None:
    scene.report("x-1", Side.SELL, "1", price=D(120))
    await scene.look()
    await scene.wish(IGNORE)
    scene.context.live_venue = None  # nothing has to be asked for that
    await scene.look(1)
    (row,) = await scene.rows("externals")
    assert (row["status"], row["wish"]) == ("ignored", None)
    scene.context.live_venue = scene.venue
    await scene.looks(30, 30)
    (row,) = await scene.rows("externals")
    assert row["status"] == "ignored"
    assert scene.reconciler.summary()["externals"] == 0


async def test_what_cannot_be_looked_at_is_adopted_once_it_can(scene: Scene) -> None:
    scene.there(LONG, "1", "100")
    await scene.looks(0, 3)
    await scene.wish(ADOPT)
    scene.venue.failing = {"positions"}
    await scene.look(1)
    assert len(scene.context.book) == 0
    scene.venue.failing = set()
    await scene.reconciler.run_cycle()
    assert len(scene.context.book) == 1


async def test_what_is_gone_is_not_adopted(scene: Scene) -> None:
    scene.report("x-1", Side.BUY)
    await scene.look()
    await scene.wish(ADOPT)
    scene.venue.resting.clear()
    await scene.look(1)
    assert await scene.rows("orders") == []
    (row,) = await scene.rows("externals")
    assert (row["status"], row["wish"]) == ("gone", None)


async def test_wishes_reach_the_reconciler_from_the_desired_state(scene: Scene) -> None:
    scene.report("x-1", Side.SELL, "1", price=D(120))
    await scene.look()
    setup = scene.context.setup
    wishes = {setup.id: {(ExternalKind.ORDER, "x-1"): IGNORE}}
    desired = DesiredState(
        [setup], (), {}, is_killed=False, is_stop_requested=False, external_wishes=wishes
    )
    Steering(scene.context, scene.world.pipeline).apply(desired.wishes_for(setup))
    await scene.look()
    (row,) = await scene.rows("externals")
    assert row["status"] == "ignored"


async def test_an_adopted_entry_rests_until_it_fills_or_entries_are_stopped(scene: Scene) -> None:
    scene.report("x-1", Side.BUY, "2", price=D(90))
    await scene.look()
    await scene.wish(ADOPT)
    await scene.look(1)
    entries = scene.world.pipeline.entries
    assert entries is not None
    await scene.look(3_600)
    await entries.resting.run_cycle()
    assert not scene.venue.cancelled
    scene.context.is_killed = True
    await entries.resting.run_cycle()
    assert len(scene.venue.cancelled) == 1
