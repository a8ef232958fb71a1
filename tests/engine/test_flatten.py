"""Flatten: everything of a connection is closed at market, again until the exchange confirms."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cts_tui.clock import utc_from_ms
from cts_tui.engine.flatten import Flattener
from cts_tui.model.trading import OrderPurpose, OrderType
from cts_tui.store import risk
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal

from .live_world import LiveWorld
from .small_exchange import LOST, REJECT, RETRY, SmallExchange
from .world import ENTER_LONG, World, spoken

Live = Callable[..., LiveWorld]


@pytest.fixture
def live(database: Database, journal: Journal) -> Live:
    def make(**options: Any) -> LiveWorld:
        return LiveWorld(database, journal, **options)

    return make


def flattener(world: World) -> Flattener:
    assert world.pipeline.flattener is not None
    return world.pipeline.flattener


def ask(world: World) -> int:
    """Write the row, and return when it was asked for."""
    with world.database.write() as transaction:
        risk.request_flatten(transaction, world.setup.id, utc_from_ms(world.clock.now_ms()))
    with world.database.read() as transaction:
        return risk.flatten_requests(transaction)[world.setup.id]


async def is_cleared(world: World) -> bool:
    await world.rows("events")
    with world.database.read() as transaction:
        return risk.flatten_requests(transaction) == {}


async def test_everything_on_paper_is_closed_and_the_row_cleared(
    world: Callable[..., World],
) -> None:
    run = world(spoken("a"), spoken("b"))
    await run.flat(100, ENTER_LONG)
    await run.flat(100)
    assert len(run.context.book) == 2
    flattener(run).begin(ask(run))
    await run.flat(100)
    assert run.context.entries_stopped
    await run.flat(100)
    await run.flat(100)
    assert len(run.context.book) == 0
    assert {row["exit_reason"] for row in await run.rows("positions")} == {"flatten"}
    assert await is_cleared(run)
    messages = [row["message"] for row in await run.rows("events") if row["kind"] == "risk"]
    assert messages == ["closing everything at market", "everything is closed: 2 positions"]
    assert not run.context.entries_stopped


async def test_no_entry_goes_out_while_everything_is_closed(world: Callable[..., World]) -> None:
    run = world(spoken())
    flattener(run).begin(run.clock.now_ms())
    run.context.is_flattening = True
    await run.flat(100, ENTER_LONG)
    (signal,) = await run.rows("signals")
    assert signal["reason"] == "everything of this connection is being closed"


@pytest.mark.parametrize("endings", [(), (REJECT,) * 3, (RETRY,) * 3, (LOST,)])
async def test_a_live_exit_is_tried_again_until_nothing_is_left(
    live: Live, endings: tuple[str, ...]
) -> None:
    world = live()
    await world.enter()
    requested_ms = ask(world)
    world.venue.will(*endings)
    flattener(world).begin(requested_ms)
    await world.run(31, cycles=12)
    assert world.is_flat
    assert world.venue.resting() == []
    assert all(order.reduce_only for order in world.sent(OrderPurpose.EXIT))
    assert all(order.type is OrderType.MARKET for order in world.sent(OrderPurpose.EXIT))
    assert await is_cleared(world)


async def test_flattening_waits_for_the_exchange_to_confirm(live: Live) -> None:
    world = live()
    await world.enter()
    flattener(world).begin(ask(world))
    world.context.reconciled = lambda: False
    await world.run(1, cycles=4)
    assert world.is_flat
    assert world.context.is_flattening
    world.context.reconciled = lambda: True
    world.venue.is_down = True
    await world.run(20, cycles=3)
    assert not await is_cleared(world)
    world.venue.is_down = False
    await world.run(20, cycles=3)
    assert await is_cleared(world)


async def test_it_works_when_live_was_turned_off(live: Live) -> None:
    world = live()
    await world.enter()
    world.context.setup = replace(world.context.setup, live=False)
    flattener(world).begin(ask(world))
    await world.run(1, cycles=4)
    assert world.is_flat
    (exit_,) = world.sent(OrderPurpose.EXIT)
    assert exit_.is_live


async def test_entries_that_rest_are_cancelled_first(live: Live) -> None:
    world = live(venue=SmallExchange(fills_at_once=False), entry_order="limit", limit_wait_s=600)
    await world.enter()
    flattener(world).begin(ask(world))
    await world.run(1, cycles=4)
    assert world.venue.resting() == []
    assert await is_cleared(world)


async def test_s11_it_survives_a_restart(live: Live, database: Database, journal: Journal) -> None:
    world = live()
    await world.enter()
    requested_ms = ask(world)
    world.venue.will(*[REJECT] * 2)
    flattener(world).begin(requested_ms)
    await world.run()
    assert not world.is_flat
    with database.read() as transaction:
        assert risk.flatten_requests(transaction) == {world.setup.id: requested_ms}


async def test_a_row_that_is_still_there_begins_nothing_anew(world: Callable[..., World]) -> None:
    run = world(spoken())
    requested_ms = ask(run)
    flattener(run).begin(requested_ms)
    await run.flat(100)
    flattener(run).begin(requested_ms)
    assert not run.context.is_flattening
    run.clock.advance(5)
    await run.rows("events")
    flattener(run).begin(None)
    flattener(run).begin(ask(run))
    assert run.context.is_flattening
