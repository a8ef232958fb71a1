"""Entries that rest: cancelled when entries stop, moved or given up when they waited."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from cts_tui.engine.requests import EntryRequest
from cts_tui.model.trading import OrderPurpose, OrderStatus, OrderType
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal

from .live_world import LiveWorld
from .small_exchange import LOST, RETRY, TAKEN, SmallExchange
from .world import World

Live = Callable[..., LiveWorld]


@pytest.fixture
def live(database: Database, journal: Journal) -> Live:
    def make(**options: Any) -> LiveWorld:
        venue = options.pop("venue", None) or SmallExchange(fills_at_once=False)
        return LiveWorld(database, journal, venue=venue, **{"entry_order": "limit"} | options)

    return make


def order_of(world: World, key: str) -> Any:
    working = world.pipeline.execution.working.find(key)
    assert working is not None
    return working.order


async def test_a_limit_entry_rests_below_the_price_on_its_steps(live: Live) -> None:
    world = live(limit_offset_pct=Decimal("0.25"))
    order = await world.enter()
    assert (order.type, order.price, order.quantity) == (
        OrderType.LIMIT,
        Decimal("99.7"),
        Decimal("1.003"),
    )
    assert len(world.venue.resting(OrderType.LIMIT)) == 1


@pytest.mark.parametrize("why", ["killed", "flattening", "live off"])
async def test_s11_entries_that_rest_are_cancelled_when_entries_stop(live: Live, why: str) -> None:
    world = live()
    order = await world.enter()
    assert world.venue.resting(OrderType.LIMIT)
    if why == "killed":
        world.context.is_killed = True
    elif why == "flattening":
        world.context.is_flattening = True
    else:
        world.context.setup = replace_live(world, is_live=False)
    await world.run()
    assert world.venue.resting() == []
    assert order_of(world, order.client_order_id).status is OrderStatus.CANCELLED
    assert not world.pipeline.execution.is_entering((order.strategy, order.symbol, "1m"))
    assert any("cancelled: " in message for message in await world.told())


def replace_live(world: World, *, is_live: bool) -> Any:
    from dataclasses import replace

    return replace(world.context.setup, live=is_live)


@pytest.mark.parametrize("ending", [LOST, TAKEN])
async def test_s5_an_entry_of_unknown_outcome_is_cancelled_once_it_is_found(
    live: Live, ending: str
) -> None:
    world = live()
    world.venue.will(ending)
    order = await world.enter()
    world.context.is_killed = True
    await world.run(31, cycles=8)
    assert world.venue.resting() == []
    assert order_of(world, order.client_order_id).status in (
        OrderStatus.CANCELLED,
        OrderStatus.REJECTED,
    )


async def test_a_cancel_that_fails_is_tried_again(live: Live) -> None:
    world = live()
    await world.enter()
    world.context.is_killed = True
    world.venue.is_down = True
    await world.run(cycles=3)
    assert world.venue.resting()
    world.venue.is_down = False
    await world.run()
    assert world.venue.resting() == []


async def test_an_entry_that_waited_is_given_up(live: Live) -> None:
    world = live(limit_wait_s=20)
    await world.enter()
    await world.run(19)
    assert len(world.venue.resting()) == 1
    await world.run(1)
    assert world.venue.resting() == []
    assert len(world.sent(OrderPurpose.ENTRY)) == 1


async def test_the_rest_of_an_entry_that_waited_is_sent_again_at_the_price_of_now(
    live: Live,
) -> None:
    world = live(limit_wait_s=20, limit_reprices=1)
    first = await world.enter()
    world.venue.fill(first.client_order_id, "0.4", "100", fee="0")
    await world.run()
    world.venue.price = Decimal("101")
    await world.run(20, cycles=3)
    second = world.sent(OrderPurpose.ENTRY)[-1]
    assert (second.price, second.quantity) == (Decimal(101), Decimal("0.6"))
    assert second.position_key == first.position_key
    world.venue.fill(second.client_order_id, "0.6", "101", fee="0")
    await world.run()
    assert world.position.holding.held == 1
    assert world.position.key == first.client_order_id
    await world.run(20, cycles=3)
    assert len(world.sent(OrderPurpose.ENTRY)) == 2


async def test_the_rest_is_not_sent_again_when_entries_are_stopped(live: Live) -> None:
    world = live(limit_wait_s=20, limit_reprices=3)
    await world.enter()
    world.context.blocked[world.setup.symbols[0]] = "halted"
    await world.run(20, cycles=3)
    assert len(world.sent(OrderPurpose.ENTRY)) == 1
    assert any("the rest is given up: halted" in message for message in await world.told())


async def test_what_enlarges_a_position_is_cancelled_before_it_is_closed(live: Live) -> None:
    world = live(limit_wait_s=600)
    order = await world.enter()
    world.venue.fill(order.client_order_id, "0.4", "100", fee="0")
    await world.run()
    world.venue.fills_at_once = True
    await world.leave()
    await world.run()
    assert world.is_flat
    assert order.client_order_id in world.venue.cancelled
    assert sum(one.quantity or 0 for one in world.sent(OrderPurpose.EXIT)) == Decimal("0.4")


async def test_on_paper_a_limit_entry_waits_for_its_price(world: Callable[..., World]) -> None:
    from .world import ENTER_LONG, spoken

    run = world(spoken(), entry_order="limit", limit_offset_pct=Decimal(1), limit_wait_s=600)
    await run.flat(100, ENTER_LONG)
    await run.flat(100)
    assert len(run.context.book) == 0
    await run.flat(98.5)
    (position,) = run.context.book
    assert position.holding.entry_price <= 99


async def test_s2_an_entry_recorded_before_live_was_turned_off_is_not_sent(live: Live) -> None:
    world = live()
    await world.minute()
    request = world.entry()
    world.venue.will(RETRY)
    execution = world.pipeline.execution
    commit = world.context.recorder.record_intents

    async def off_while_recording(orders: Any) -> None:
        await commit(orders)
        world.context.setup = replace_live(world, is_live=False)

    world.context.recorder.record_intents = off_while_recording  # type: ignore[method-assign]
    assert isinstance(request, EntryRequest)
    execution.request(request)
    await world.run()
    assert world.venue.sent == []
    (row,) = await world.rows("orders")
    assert (row["status"], row["answer"]) == ("cancelled", "live trading was turned off")
