"""Stops are taken away before a spot exit; one that comes in late is called off, and what it did
is booked as its own and told.
"""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from cts_tui.errors import RetryableError
from cts_tui.model.records import Order
from cts_tui.model.trading import OrderPurpose, OrderStatus, OrderType, PositionStatus
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal

from .live_world import LiveWorld
from .small_exchange import LATE, SPOT, TAKEN, SmallExchange

Live = Callable[..., LiveWorld]
D = Decimal


@pytest.fixture
def live(database: Database, journal: Journal) -> Live:
    def make(**options: Any) -> LiveWorld:
        return LiveWorld(database, journal, venue=SmallExchange(SPOT), **options)

    return make


async def with_late_stop(world: LiveWorld) -> Order:
    """Hold a position whose stop was sent, but has not come in; return the stop."""
    world.venue.will("accept", LATE)
    await world.enter()
    (stop,) = world.sent(OrderPurpose.STOP)
    assert (await world.stored_order(stop))["status"] == OrderStatus.UNKNOWN
    return stop


async def sold(world: LiveWorld) -> None:
    """Have a position with a late stop sold, as its exit waits for the stop no longer."""
    await world.run(2, cycles=2)
    await world.leave()
    assert world.is_flat


async def test_on_spot_an_exit_waits_a_moment_for_a_stop_that_may_come_in(live: Live) -> None:
    world = live()
    await with_late_stop(world)
    await world.leave()
    assert world.sent(OrderPurpose.EXIT) == []
    assert world.position.status is PositionStatus.OPEN
    world.venue.let_in()
    await world.run(1)
    await world.leave()
    (exit_,) = world.sent(OrderPurpose.EXIT)
    assert exit_.quantity == 1
    assert world.is_flat
    assert world.venue.resting() == []


async def test_on_spot_an_exit_does_not_wait_for_ever_for_its_stop(live: Live) -> None:
    world = live()
    await with_late_stop(world)
    await sold(world)
    (exit_,) = world.sent(OrderPurpose.EXIT)
    assert exit_.quantity == 1


async def test_a_stop_is_looked_for_in_every_place_before_it_is_let_be(live: Live) -> None:
    world = live()
    await with_late_stop(world)
    world.venue.silent = ("trades",)
    await world.run(2, cycles=2)
    await world.leave()
    assert not world.is_flat
    await world.run(5, cycles=2)
    await world.leave()
    assert world.is_flat


async def test_a_stop_that_comes_in_after_the_exit_is_called_off_at_once(live: Live) -> None:
    world = live()
    stop = await with_late_stop(world)
    await sold(world)
    world.venue.is_mute = True
    world.venue.let_in()
    assert len(world.venue.resting(OrderType.STOP)) == 1
    await world.run(1)
    assert world.venue.resting() == []
    row = await world.stored_order(stop)
    assert (row["status"], row["filled"]) == ("cancelled", 0)
    assert any("came in late and was called off" in message for message in await world.told())


async def test_what_may_come_in_is_called_off_again_and_again_less_often(live: Live) -> None:
    world = live()
    await with_late_stop(world)
    await sold(world)
    asked: list[int] = []

    async def cancel(order: Order) -> bool:
        asked.append(world.clock.now_ms())
        return False

    world.venue.cancel = cancel  # type: ignore[method-assign]
    await world.run(0.5, cycles=80)
    pauses = [round((later - one) / 1000, 1) for one, later in pairwise(asked)]
    assert pauses[0] == 1
    assert pauses == sorted(pauses)
    assert 15 < len(asked) < 40
    await world.run(30, cycles=4)  # it is given up by now
    asked.clear()
    await world.run(1, cycles=5)
    assert asked == []


async def test_what_a_late_stop_sold_a_second_time_is_booked_as_its_own_and_told(
    live: Live,
) -> None:
    world = live()
    stop = await with_late_stop(world)
    await sold(world)
    world.venue.let_in()
    world.venue.fill(stop.client_order_id, "0.4", "97")
    await world.run(1, cycles=3)
    assert world.is_flat
    assert world.venue.resting() == []
    row = await world.stored_order(stop)
    assert (row["status"], row["filled"]) == ("cancelled", D("0.4"))
    (position,) = await world.rows("positions")
    assert (position["status"], position["exited"]) == ("closed", D("1.4"))
    # bought 1 at 100, sold 1 at 100, and 0.4 that had cost 100 each at 97; fees 0.1 % of all
    assert position["pnl"] == D("-1.2") - D("0.1") - D("0.1") - D("0.0388")
    told = await world.told()
    assert any("sold 0.4 BTC/USDT at 97 beyond its position" in message for message in told)


async def test_a_stop_on_a_swap_that_comes_in_late_does_not_reduce_the_next_position(
    database: Database, journal: Journal
) -> None:
    world = LiveWorld(database, journal)
    world.venue.will("accept", LATE)
    await world.enter()
    await world.leave()
    assert world.is_flat
    world.venue.is_mute = True
    world.venue.let_in()
    await world.run(1)
    assert world.venue.resting() == []


async def test_an_exit_during_the_restart_of_its_stop_sells_once(live: Live) -> None:
    """The stop was taken though no answer came: the exit cancels it and sells all, once."""
    world = live()
    world.venue.is_mute = True
    world.venue.will("accept", TAKEN)
    await world.enter()
    await world.run(2)
    await world.leave()
    await world.run(2, cycles=3)
    assert world.is_flat
    assert world.venue.resting() == []
    bought_less_sold = (await world.venue.balances()).total["BTC"]
    assert bought_less_sold == 0


async def test_s6_an_answer_that_hangs_keeps_no_other_position_without_its_stop(
    live: Live,
) -> None:
    world = live()
    hanging, real = asyncio.Event(), world.venue.submit

    async def submit(order: Order) -> Any:
        if order.purpose is OrderPurpose.STOP and not hanging.is_set():
            hanging.set()
            await asyncio.Event().wait()
        return await real(order)

    world.venue.submit = submit  # type: ignore[method-assign]
    first = await world.enter()
    assert hanging.is_set()
    world.spec = world.spec.__class__(name="second", size=world.spec.size)
    second = await world.enter()
    held = {position.key: position.stop_order_id for position in world.context.book}
    assert held[first.client_order_id] is None
    assert held[second.client_order_id] is not None
    await world.guard._beside.close()


async def test_a_failing_cancel_is_counted_and_tried_again(live: Live) -> None:
    world = live()
    await with_late_stop(world)
    await sold(world)

    async def cancel(order: Order) -> bool:
        raise RetryableError("no answer", 0.1)

    real, world.venue.cancel = world.venue.cancel, cancel  # type: ignore[method-assign]
    await world.run(1)
    assert "no answer" in str(world.guard.figures.last_error)
    world.venue.cancel = real  # type: ignore[method-assign]
    world.venue.let_in()
    await world.run(2, cycles=2)
    assert world.venue.resting() == []
