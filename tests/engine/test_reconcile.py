"""Rounds of the reconciler: when the engine is reconciled, and what a failing venue does."""

import time
from dataclasses import replace
from decimal import Decimal

import pytest

from cts_tui.engine.risk import check_entry
from cts_tui.model.records import Signal
from cts_tui.model.trading import Direction, OrderPurpose, OrderStatus, Side, SignalKind
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal

from .scene import Scene
from .venue_double import SWAP, VenueDouble, money
from .world import T0

D = Decimal
PARTS = ["open_orders", "balances", "positions"]


@pytest.fixture
def scene(database: Database, journal: Journal) -> Scene:
    return Scene(database, journal)


def refusal(scene: Scene) -> str:
    """Why no live entry may go out now; empty when one may."""
    scene.price("100")
    signal = Signal(
        "any", SWAP, "1m", T0, Direction.LONG, SignalKind.ENTRY, D(100), "a test", "stream"
    )
    situation = replace(scene.context.entry_situation(signal), is_stale=False)
    found = check_entry(situation)
    return "" if found is None else found.reason


async def test_s7_no_live_entry_before_the_first_complete_round(scene: Scene) -> None:
    assert "not reconciled" in refusal(scene)
    scene.venue.failing = {"open_orders"}
    await scene.look()
    assert "not reconciled" in refusal(scene)
    scene.venue.failing = set()
    await scene.look(1)
    assert refusal(scene) == ""
    assert scene.reconciler.summary()["time_ms"] == scene.now_ms


@pytest.mark.parametrize("part", PARTS)
async def test_an_error_in_one_part_stops_no_other(scene: Scene, part: str) -> None:
    scene.venue.failing = {part}
    await scene.look()
    assert set(PARTS) <= set(scene.venue.asked)
    assert not scene.context.is_reconciled
    assert part in (scene.reconciler.figures.last_error or "")


@pytest.mark.parametrize("part", PARTS)
async def test_a_failed_round_is_forgiven_for_two_intervals(scene: Scene, part: str) -> None:
    await scene.look()
    scene.venue.failing = {part}
    await scene.look(30)
    assert scene.context.is_reconciled
    await scene.look(29)
    assert scene.context.is_reconciled
    await scene.look(1)
    assert not scene.context.is_reconciled
    assert "not reconciled" in refusal(scene)


async def test_it_is_not_reconciled_any_more_when_no_round_ends(scene: Scene) -> None:
    await scene.look()
    scene.context.clock.advance(60_000)  # type: ignore[attr-defined]
    assert not scene.context.is_reconciled


async def test_a_clock_that_is_set_back_makes_no_old_round_a_new_one(scene: Scene) -> None:
    await scene.look()
    scene.context.clock.advance(-3_600_000)  # type: ignore[attr-defined]
    assert "not reconciled" in refusal(scene)
    await scene.look()
    assert refusal(scene) == ""


async def test_after_a_reconnect_it_compares_anew_before_the_next_entry(scene: Scene) -> None:
    await scene.look()
    scene.reconciler.again()
    assert "not reconciled" in refusal(scene)
    await scene.look()
    assert refusal(scene) == ""
    scene.context.live_venue = VenueDouble(scene.venue.traits)
    assert "not reconciled" in refusal(scene)
    await scene.look()
    assert refusal(scene) == ""
    scene.context.live_venue = None
    assert "not reconciled" in refusal(scene)
    await scene.look()
    assert not scene.context.is_reconciled


async def test_s9_without_the_lease_it_leaves_the_account_to_the_next_engine(scene: Scene) -> None:
    scene.hold("1")
    scene.context.lease_until = time.monotonic() - 1
    await scene.looks(0, 3, 30)
    assert not scene.venue.asked
    assert not scene.context.is_reconciled
    assert len(scene.context.book) == 1


async def test_a_fill_that_was_missed_is_booked_once(scene: Scene) -> None:
    order = scene.order("cts-entry", Side.BUY, OrderPurpose.ENTRY, "2")
    scene.work(order)
    scene.venue.traded = [
        scene.fill(order, "100", "1.5", "a"),
        scene.fill(order, "101", "0.5", "b"),
    ]
    scene.there(Direction.LONG, "2")
    await scene.looks(10, 30)
    (position,) = list(scene.context.book)
    assert (position.holding.held, position.holding.entry_cost) == (D(2), D("200.5"))
    assert len(await scene.rows("fills")) == 2
    first, second = await scene.events("a fill was missed")
    assert (first["before"], first["after"]) == ("filled 0", "filled 1.5")
    assert (second["before"], second["after"]) == ("filled 1.5", "filled 2")


async def test_a_fill_of_a_moment_ago_is_booked_without_a_word(scene: Scene) -> None:
    order = scene.order("cts-entry", Side.BUY, OrderPurpose.ENTRY)
    scene.work(order)
    scene.venue.traded = [scene.fill(order, "100")]
    scene.there(Direction.LONG, "1")
    await scene.look()
    assert len(scene.context.book) == 1
    assert await scene.events("missed") == []


async def test_fills_are_known_by_the_venues_order_id_alone(scene: Scene) -> None:
    order = scene.order("cts-entry", Side.BUY, OrderPurpose.ENTRY)
    scene.work(order)
    scene.venue.traded = [replace(scene.fill(order, "100"), client_order_id="")]
    scene.there(Direction.LONG, "1")
    await scene.look()
    (fill,) = await scene.rows("fills")
    assert fill["client_order_id"] == "cts-entry"


async def test_fills_of_others_are_no_business_of_ours(scene: Scene) -> None:
    scene.hold("1")
    scene.there(Direction.LONG, "1")
    scene.venue.traded = [
        scene.trade(Side.BUY, "1", "100", trade="x"),
        scene.trade(Side.SELL, "1", "100", trade="y", client="cts-of-another-scene", order="w-2"),
    ]
    await scene.looks(10, 30)
    assert len(await scene.rows("fills")) == 1
    assert scene.context.is_reconciled


async def test_what_is_held_is_not_judged_while_fills_cannot_be_read(scene: Scene) -> None:
    scene.hold("1")
    scene.venue.failing = {"fills"}
    await scene.looks(0, 3, 30, 30)
    assert len(scene.context.book) == 1
    assert not scene.context.is_reconciled


async def test_balances_are_kept_and_live_entries_are_sized_by_them(scene: Scene) -> None:
    scene.venue.money = money(USDT="1234.5", BNB="2")
    await scene.look()
    kept = {row["currency"]: row["total"] for row in await scene.rows("balances")}
    assert kept == {"USDT": D("1234.5"), "BNB": D(2)}
    assert scene.context.account.equity(("any", SWAP, "1m"), is_live=True) == D("1234.5")
    scene.venue.money = money(USDT="1000")
    await scene.look(30)
    kept = {row["currency"]: row["total"] for row in await scene.rows("balances")}
    assert kept == {"USDT": D(1000), "BNB": D(0)}


async def test_a_late_fill_of_an_order_that_had_ended_is_booked(scene: Scene) -> None:
    order = scene.order("cts-entry", Side.BUY, OrderPurpose.ENTRY, "2")
    working = scene.work(order)
    scene.execution.sender.end(working, OrderStatus.CANCELLED, "given up")
    scene.hold("1", key="cts-b", strategy="b")  # the symbol is looked at
    scene.venue.traded = [scene.fill(order, "100", "1.5", "a")]
    scene.there(Direction.LONG, "2.5")
    await scene.looks(10, 3)
    rows = {row["client_order_id"]: row["filled"] for row in await scene.rows("orders")}
    assert rows["cts-entry"] == D("1.5")
    assert sum(position.holding.held for position in scene.context.book) == D("2.5")
