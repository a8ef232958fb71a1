"""An account in one-way mode nets both sides of a symbol: two strategies must not hold them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cts_tui.engine.requests import EntryRequest
from cts_tui.model.trading import Direction, OrderPurpose
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal

from .live_world import LiveWorld
from .small_exchange import LATE, SmallExchange

Live = Callable[..., LiveWorld]


@pytest.fixture
def live(database: Database, journal: Journal) -> Live:
    def make(**options: Any) -> LiveWorld:
        return LiveWorld(database, journal, **options)

    return make


def of_another(request: EntryRequest) -> EntryRequest:
    """Return the same request in the name of another strategy."""
    return EntryRequest(replace(request.signal, strategy="other"), request.spec)


@pytest.mark.parametrize("is_hedged", [False, True])
async def test_another_strategy_does_not_take_the_other_side(live: Live, is_hedged: bool) -> None:
    world = live(venue=SmallExchange(is_hedged=is_hedged))
    await world.enter(Direction.LONG)
    await world.minute()
    world.pipeline.execution.request(of_another(world.entry(Direction.SHORT)))
    await world.run()
    assert len(world.sent(OrderPurpose.ENTRY)) == (2 if is_hedged else 1)


async def test_another_strategy_may_take_the_same_side(live: Live) -> None:
    world = live()
    await world.enter(Direction.LONG)
    await world.minute()
    world.pipeline.execution.request(of_another(world.entry(Direction.LONG)))
    await world.run()
    assert len(world.context.book) == 2


async def test_both_sides_that_a_late_order_left_are_closed_by_more_than_reducing(
    live: Live,
) -> None:
    world = live()
    world.venue.will(LATE)
    await world.enter(Direction.SHORT)
    await world.run(30, cycles=8)
    await world.enter(Direction.LONG)
    world.venue.let_in()
    await world.run(1)
    assert {position.side for position in world.context.book} == set(Direction)
    (long,) = [one for one in world.context.book if one.side is Direction.LONG]
    world.pipeline.execution.request(world.exit_of(long))
    await world.run()
    world.pipeline.execution.request(world.exit_of(world.position))
    await world.run()
    assert world.is_flat
    assert [order.reduce_only for order in world.sent(OrderPurpose.EXIT)] == [False, True]
