"""Positions that the account holds otherwise than believed, and how that is explained."""

from dataclasses import replace
from decimal import Decimal

import pytest

from cts_tui.model.trading import Direction, OrderPurpose, OrderStatus, OrderType, Side
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal

from .scene import Scene
from .venue_double import money

D = Decimal
LONG, SHORT = Direction.LONG, Direction.SHORT


@pytest.fixture
def scene(database: Database, journal: Journal) -> Scene:
    return Scene(database, journal)


@pytest.fixture
def spot(database: Database, journal: Journal) -> Scene:
    return Scene(database, journal, "spot")


async def test_what_agrees_is_reconciled_at_the_first_look(scene: Scene) -> None:
    scene.hold("1")
    scene.there(LONG, "1")
    assert not scene.context.is_reconciled
    await scene.look()
    assert scene.context.is_reconciled
    assert await scene.events("reconciled") == []
    assert not scene.venue.sent


async def test_one_look_alone_is_never_believed(scene: Scene) -> None:
    scene.hold("1")
    await scene.looks(0, 1.9)
    assert len(scene.context.book) == 1
    assert not scene.context.is_reconciled
    assert scene.reconciler.interval_s < 30
    scene.there(LONG, "1")  # it was a hiccup of the venue
    await scene.look(1)
    assert len(scene.context.book) == 1
    assert scene.context.is_reconciled
    scene.venue.held.clear()
    await scene.look(3)  # the looks before do not count any more
    assert len(scene.context.book) == 1


async def test_a_position_closed_by_hand_is_booked_with_the_venues_fills(scene: Scene) -> None:
    scene.hold("1", "100")
    scene.venue.traded = [
        scene.trade(Side.SELL, "0.4", "103", trade="a", fee="0.02", after_s=1),
        scene.trade(Side.SELL, "0.6", "104", trade="b", fee="0.03", after_s=1),
    ]
    await scene.looks(2, 3)
    (row,) = await scene.rows("positions")
    assert (row["status"], row["exit_reason"]) == ("closed", "external")
    assert row["pnl"] == D("0.4") * 3 + D("0.6") * 4 - D("0.05")
    exits = [order for order in await scene.rows("orders") if order["purpose"] == "exit"]
    assert [(one["status"], one["filled"], one["venue_order_id"]) for one in exits] == [
        ("filled", D(1), "w-1")
    ]
    (event,) = await scene.events("the venue holds less", "somebody else")
    assert (event["before"], event["after"]) == ("held 1", "held 0")
    await scene.look(1)
    assert scene.context.is_reconciled
    assert not scene.venue.sent


async def test_the_same_fill_never_closes_twice(scene: Scene) -> None:
    scene.hold("1", key="cts-a", strategy="a")
    scene.hold("1", key="cts-b", strategy="b")
    scene.there(LONG, "1")
    scene.venue.traded = [scene.trade(Side.SELL, "1", "104", after_s=1)]
    await scene.looks(2, 3)
    assert [position.key for position in scene.context.book] == ["cts-b"]
    scene.venue.held.clear()
    scene.venue.traded.append(scene.trade(Side.SELL, "1", "90", order="w-2", trade="w-t2"))
    await scene.looks(3, 3)
    closed = await scene.rows("positions")
    assert sorted(row["pnl"] for row in closed) == [D(-10), D(4)]
    trades = [row["venue_trade_id"] for row in await scene.rows("fills")]
    assert len(trades) == len(set(trades))


async def test_a_part_that_was_closed_leaves_the_rest_open(scene: Scene) -> None:
    position = scene.hold("1", "100")
    scene.there(LONG, "0.7")
    scene.venue.traded = [scene.trade(Side.SELL, "0.3", "110", after_s=1)]
    await scene.looks(2, 3, 1)
    assert position.holding.held == D("0.7")
    assert scene.context.is_reconciled
    scene.venue.held.clear()
    scene.venue.traded.append(scene.trade(Side.SELL, "0.7", "90", trade="w-t2"))  # the same order
    await scene.looks(3, 3)
    (row,) = await scene.rows("positions")
    assert row["pnl"] == D("0.3") * 10 - D("0.7") * 10


async def test_a_fill_that_closed_more_than_ours_is_booked_in_part_with_its_part_of_the_fee(
    scene: Scene,
) -> None:
    scene.hold("1", "100")
    scene.venue.traded = [scene.trade(Side.SELL, "4", "101", fee="0.4", after_s=1)]
    await scene.looks(2, 3)
    (row,) = await scene.rows("positions")
    assert row["pnl"] == D(1) - D("0.1")


async def test_what_no_fill_explains_is_closed_at_the_last_real_price_and_said_to_be_an_estimate(
    scene: Scene,
) -> None:
    scene.hold("1", "100")
    scene.price("97")
    await scene.looks(0, 3, 6)
    assert len(scene.context.book) == 1  # the venue may be slow to tell
    await scene.looks(30, 30)
    (row,) = await scene.rows("positions")
    assert (row["status"], row["pnl"], row["exit_reason"]) == ("closed", D(-3), "external")
    assert await scene.events("estimate", "97")


async def test_fills_that_come_late_are_waited_for(scene: Scene) -> None:
    scene.hold("1", "100")
    fill = scene.trade(Side.SELL, "1", "105", after_s=1)
    await scene.looks(2, 3, 6)
    scene.venue.traded = [fill]
    await scene.look(1)
    (row,) = await scene.rows("positions")
    assert row["pnl"] == D(5)
    assert not await scene.events("estimate")


async def test_fills_of_before_the_entry_explain_nothing(scene: Scene) -> None:
    scene.venue.traded = [scene.trade(Side.SELL, "1", "105")]
    scene.context.clock.advance(1_000)  # type: ignore[attr-defined]
    scene.hold("1", "100")
    await scene.looks(0, 3, 6)
    assert len(scene.context.book) == 1


@pytest.mark.parametrize("said", [OrderStatus.UNKNOWN, OrderStatus.FILLED, None])
async def test_a_stop_that_fired_under_another_id_closes_its_position_as_a_stop(
    scene: Scene, said: OrderStatus | None
) -> None:
    scene.hold("1", "100")
    stop = scene.order(
        "cts-stop", Side.SELL, OrderPurpose.STOP, type=OrderType.STOP, price=D(98),
        reason="stop_loss",
    )  # fmt: skip
    scene.work(stop)
    if said is not None:
        report = scene.report("gone", Side.SELL, type=OrderType.STOP, price=D(98), status=said)
        scene.venue.ended["cts-stop"] = replace(report, filled=D(0))
    scene.venue.resting.clear()
    scene.venue.traded = [scene.trade(Side.SELL, "1", "97.9", fee="0.1", after_s=1)]
    await scene.looks(2, 3, 8)
    (row,) = await scene.rows("positions")
    assert (row["status"], row["exit_reason"]) == ("closed", "stop_loss")
    assert row["pnl"] == D("-2.2")
    (order,) = [one for one in await scene.rows("orders") if one["purpose"] == "stop"]
    assert (order["status"], order["filled"]) == ("filled", D(1))
    assert await scene.events("its own stop or target, under another id")
    assert not [one for one in await scene.rows("orders") if one["purpose"] == "exit"]


async def test_a_stop_that_the_venue_cancelled_did_not_close_it(scene: Scene) -> None:
    scene.hold("1", "100")
    stop = scene.order(
        "cts-stop", Side.SELL, OrderPurpose.STOP, type=OrderType.STOP, price=D(98),
        reason="stop_loss",
    )  # fmt: skip
    scene.work(stop)
    report = scene.report("gone", Side.SELL, status=OrderStatus.CANCELLED)
    scene.venue.resting.clear()
    scene.venue.ended["cts-stop"] = report
    scene.venue.traded = [scene.trade(Side.SELL, "1", "97", after_s=1)]
    await scene.looks(2, 3, 8)
    (row,) = await scene.rows("positions")
    assert row["exit_reason"] == "external"


async def test_an_order_on_its_way_keeps_its_symbol_from_being_judged(scene: Scene) -> None:
    scene.hold("1", "100")
    exit_ = scene.order("cts-exit", Side.SELL, OrderPurpose.EXIT, status=OrderStatus.UNKNOWN)
    scene.work(exit_)
    await scene.looks(0, 3, 30, 30)
    assert len(scene.context.book) == 1
    assert await scene.events("the venue holds less") == []


async def test_what_the_venue_holds_beyond_ours_is_external_and_left_alone(scene: Scene) -> None:
    scene.hold("1", "100")
    scene.there(LONG, "3", "106")
    await scene.look()
    assert await scene.rows("externals") == []
    await scene.look(3)
    (row,) = await scene.rows("externals")
    assert (row["kind"], row["side"], row["quantity"]) == ("position", "long", D(2))
    assert row["price"] == D(109)  # (3 × 106 − 1 × 100) / 2
    assert row["status"] == "external"
    assert scene.context.is_reconciled
    assert not scene.venue.sent
    assert not scene.venue.cancelled
    assert scene.reconciler.summary()["externals"] == 1
    scene.venue.held.clear()
    scene.there(LONG, "1")
    await scene.look(3)
    (row,) = await scene.rows("externals")
    assert row["status"] == "gone"
    assert len(await scene.events("is gone")) == 1


async def test_a_position_turned_round_by_hand_is_closed_and_the_rest_is_external(
    scene: Scene,
) -> None:
    scene.hold("1", "100")
    scene.there(SHORT, "2", "102")
    scene.venue.traded = [scene.trade(Side.SELL, "3", "102", after_s=1)]
    await scene.looks(2, 3)
    (position,) = await scene.rows("positions")
    assert (position["status"], position["pnl"]) == ("closed", D(2))
    (external,) = await scene.rows("externals")
    assert (external["side"], external["quantity"]) == ("short", D(2))


async def test_hedged_accounts_are_compared_side_by_side(scene: Scene) -> None:
    scene.hold("1", "100", LONG, "cts-a", "a")
    scene.hold("1", "100", SHORT, "cts-b", "b")
    scene.there(LONG, "1", is_hedged=True)
    scene.venue.traded = [scene.trade(Side.BUY, "1", "95", after_s=1)]
    await scene.looks(2, 3)
    assert [position.key for position in scene.context.book] == ["cts-a"]
    closed = [row for row in await scene.rows("positions") if row["status"] == "closed"]
    assert [row["pnl"] for row in closed] == [D(5)]


async def test_a_spot_balance_below_what_is_held_was_sold_elsewhere(spot: Scene) -> None:
    spot.hold("1", "100")
    spot.venue.money = money(BTC="0.25", USDT="900")
    spot.venue.traded = [spot.trade(Side.SELL, "0.75", "110", after_s=1)]
    await spot.looks(2, 3, 1)
    (row,) = await spot.rows("positions")
    assert (row["status"], row["exited"]) == ("open", D("0.75"))
    assert row["exit_value"] == D("82.5")
    assert spot.context.is_reconciled


@pytest.mark.parametrize("total", ["1", "0.9995", "50"])
async def test_a_spot_balance_that_is_enough_or_short_by_dust_is_no_difference(
    spot: Scene, total: str
) -> None:
    spot.hold("1", "100")
    spot.venue.money = money(BTC=total)
    await spot.looks(0, 3, 30)
    assert len(spot.context.book) == 1
    assert spot.context.is_reconciled
    assert await spot.rows("externals") == []
