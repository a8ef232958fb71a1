"""S6: a live position has a stop at the venue, sized to what is held; bare seconds are measured."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from cts_tui.engine.requests import ExitRequest
from cts_tui.model.trading import (
    Direction,
    ExitReason,
    OrderPurpose,
    OrderStatus,
    OrderType,
    PositionStatus,
)
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal

from .live_world import LiveWorld
from .small_exchange import LOST, REJECT, SPOT, SWAP, TAKEN, SmallExchange
from .world import spoken

Live = Callable[..., LiveWorld]
STOPS, TARGETS = OrderType.STOP, OrderType.TAKE_PROFIT


@pytest.fixture
def live(database: Database, journal: Journal) -> Live:
    def make(**options: Any) -> LiveWorld:
        return LiveWorld(database, journal, **options)

    return make


def spot(**options: Any) -> SmallExchange:
    return SmallExchange(**{"traits": SPOT} | options)


@pytest.mark.parametrize(("side", "stop"), [(Direction.LONG, "98"), (Direction.SHORT, "102")])
async def test_s6_a_stop_and_a_target_are_placed_once_the_entry_has_filled(
    live: Live, side: Direction, stop: str
) -> None:
    world = live()
    order = await world.enter(side)
    (resting,) = world.venue.resting(STOPS)
    assert (resting.price, resting.quantity) == (Decimal(stop), order.quantity)
    assert resting.reduce_only
    assert len(world.venue.resting(TARGETS)) == 1
    assert world.position.unprotected_since_ms is None
    (row,) = await world.rows("positions")
    assert row["stop_order_id"] == resting.client_order_id


async def test_s6_a_stop_grows_with_the_fills_of_its_entry(live: Live) -> None:
    world = live(venue=SmallExchange(fills_at_once=False))
    order = await world.enter()
    for filled in ("0.3", "0.7"):
        world.venue.fill(order.client_order_id, filled, "100")
        await world.run(1, cycles=3)
    (resting,) = world.venue.resting(STOPS)
    assert resting.quantity == order.quantity == 1


async def test_s6_a_stop_that_is_refused_is_tried_again_and_alarmed(live: Live) -> None:
    world = live(unprotected_alarm_s=3)
    world.venue.will("accept", *[REJECT] * 6)
    await world.enter()
    await world.run(1, cycles=4)
    assert world.position.unprotected_since_ms is not None
    assert any("no stop at the venue" in message for message in await world.told())
    await world.run(5, cycles=5)
    assert len(world.venue.resting(STOPS)) == 1
    assert any("confirmed after" in message for message in await world.told())


async def test_s6_a_stop_that_was_refused_waits_no_hour_because_the_clock_was_set_back(
    live: Live,
) -> None:
    world = live()
    world.venue.will("accept", *[REJECT] * 2)
    await world.enter()
    assert world.venue.resting(STOPS) == []
    world.clock.advance(-3_600_000)
    await world.run(1, cycles=5)
    assert len(world.venue.resting(STOPS)) == 1


async def test_s6_a_position_that_stays_bare_is_closed_where_so_wished(live: Live) -> None:
    world = live(unprotected_close_s=2)
    world.venue.will("accept", *[REJECT] * 4)
    await world.enter()
    await world.run(1, cycles=4)
    assert world.is_flat
    (row,) = await world.rows("positions")
    assert row["exit_reason"] == "unprotected"


async def test_s6_a_stop_that_the_venue_drops_is_placed_anew(live: Live) -> None:
    world = live()
    await world.enter()
    first = world.position.stop_order_id
    assert first is not None
    world.venue.end(first, OrderStatus.EXPIRED)
    await world.run(1, cycles=2)
    (resting,) = world.venue.resting(STOPS)
    assert resting.client_order_id == world.position.stop_order_id != first


@pytest.mark.parametrize("ending", [LOST, TAKEN])
async def test_s6_on_swaps_a_stop_with_an_unknown_outcome_is_followed_by_another_one(
    live: Live, ending: str
) -> None:
    world = live(venue=SmallExchange(is_mute=True))
    order = await world.enter()
    world.venue.will(ending)
    world.venue.is_mute = False
    for fill in world.venue.trades:
        world.pipeline.execution.ledger.book(fill)
    await world.run(2, cycles=3)
    assert world.position.stop_order_id is not None
    await world.run(30, cycles=10)
    (resting,) = world.venue.resting(STOPS)
    assert resting.quantity == order.quantity


@pytest.mark.parametrize("make", [SmallExchange, spot])
async def test_s6_a_trailing_stop_moves_and_one_rests(
    live: Live, make: Callable[[], SmallExchange]
) -> None:
    spec = spoken(trailing_stop_pct="1", take_profit_pct="0", stop_loss_pct="2")
    world = live(venue=make(), spec=spec)
    await world.enter()
    for price in ("101", "105", "110"):
        await world.price(price)
        await world.minute()
        await world.run(1, cycles=2)
    (resting,) = world.venue.resting(STOPS)
    assert resting.price == Decimal("108.9")
    assert resting.client_order_id == world.position.stop_order_id


@pytest.mark.parametrize("make", [SmallExchange, spot])
async def test_the_guards_of_a_closed_position_are_cancelled(
    live: Live, make: Callable[[], SmallExchange]
) -> None:
    world = live(venue=make())
    await world.enter()
    await world.leave()
    await world.run(1, cycles=2)
    assert world.is_flat
    assert world.venue.resting() == []
    assert not len(world.pipeline.execution.working)


async def test_a_stop_that_fired_closes_the_position_and_the_target_goes(live: Live) -> None:
    world = live()
    order = await world.enter()
    stop = world.position.stop_order_id
    assert stop is not None
    world.venue.fill(stop, str(order.quantity), "97.9")
    await world.run(1, cycles=2)
    (row,) = await world.rows("positions")
    assert (row["status"], row["exit_reason"]) == ("closed", "stop_loss")
    assert world.venue.resting() == []


async def test_on_spot_an_exit_sells_only_what_its_stop_has_left(live: Live) -> None:
    world = live(venue=spot())
    await world.enter()
    stop = world.position.stop_order_id
    assert stop is not None
    world.venue.is_mute = True
    world.venue.fill(stop, "0.4", "98")
    world.venue.is_mute = False
    await world.leave()
    (exit_,) = world.sent(OrderPurpose.EXIT)
    assert exit_.quantity == Decimal("0.6")
    assert world.is_flat


async def test_on_spot_nothing_is_sold_where_the_stop_has_sold_it_all(live: Live) -> None:
    world = live(venue=spot())
    order = await world.enter()
    stop = world.position.stop_order_id
    assert stop is not None
    world.venue.is_mute = True
    world.venue.fill(stop, str(order.quantity), "98")
    await world.leave()
    assert world.sent(OrderPurpose.EXIT) == []
    (row,) = await world.rows("positions")
    assert (row["status"], row["exit_reason"]) == ("closed", "stop_loss")


async def test_on_spot_an_exit_waits_while_the_venue_does_not_say_what_its_stop_sold(
    live: Live,
) -> None:
    world = live(venue=spot())
    await world.enter()
    world.venue.is_down = True
    await world.leave()
    assert world.sent(OrderPurpose.EXIT) == []
    assert world.position.status is PositionStatus.OPEN
    world.venue.is_down = False
    await world.run(2)
    await world.leave()
    assert world.is_flat


async def test_on_spot_no_target_locks_the_balance_that_the_stop_needs(live: Live) -> None:
    world = live(venue=spot(traits=replace(SPOT, has_target=True)))
    world.venue.will("accept", REJECT)
    await world.enter()
    await world.run(2, cycles=3)
    (resting,) = world.venue.resting()
    assert resting.type is STOPS


async def test_an_entry_goes_out_once_nothing_rests_for_the_position_before(live: Live) -> None:
    world = live()
    await world.enter()
    sent: list[int] = []

    async def submit(order: Any, real: Any = world.venue.submit) -> Any:
        if order.purpose is OrderPurpose.ENTRY:
            sent.append(len(world.venue.resting()))
        return await real(order)

    world.venue.submit = submit  # type: ignore[method-assign]
    execution = world.pipeline.execution
    await world.minute()
    execution.request(ExitRequest(world.position, ExitReason.MANUAL))
    await execution.run_cycle()
    assert world.is_flat
    assert len(world.venue.resting()) == 2
    execution.request(world.entry())
    await execution.run_cycle()
    assert sent == [0]


async def test_a_stop_that_fires_late_reduces_the_position_that_the_venue_reduced(
    live: Live,
) -> None:
    world = live(spec=spoken(take_profit_pct="0"))
    first = await world.enter()
    stop = world.position.stop_order_id
    assert stop is not None
    await world.leave()
    second = await world.enter()
    assert first.client_order_id != second.client_order_id
    world.venue.reports[stop] = replace(world.venue.reports[stop], status=OrderStatus.OPEN)
    world.venue.fill(stop, "0.4", "99", fee="0")
    await world.run()
    assert world.position.key == second.client_order_id
    assert world.position.holding.held == Decimal("0.6")
    rows = {row["key"]: row for row in await world.rows("positions")}
    assert rows[first.client_order_id]["exited"] == first.quantity


async def test_a_stop_whose_entry_is_still_at_work_is_no_orphan(live: Live) -> None:
    world = live(venue=SmallExchange(fills_at_once=False))
    order = await world.enter()
    world.venue.fill(order.client_order_id, "0.4", "100")
    await world.run(1, cycles=2)
    world.context.book.remove(world.position)  # as after a restart that does not know of it yet
    await world.guard.run_cycle()
    assert len(world.venue.resting(STOPS)) == 1


async def test_where_the_venue_has_no_stop_the_desks_own_runs_without_an_alarm(live: Live) -> None:
    world = live(venue=SmallExchange(traits=replace(SWAP, has_stop=False)))
    await world.enter()
    await world.run()
    assert world.position.unprotected_since_ms is None
    assert world.position.stop_order_id is None
