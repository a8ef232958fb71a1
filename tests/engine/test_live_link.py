"""What an earlier engine left at an exchange is taken up: forgotten is nothing, nor repeated."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from cts_tui.engine.connection import ConnectionEngine
from cts_tui.model.market import Source, Tick
from cts_tui.model.trading import Direction, OrderPurpose, OrderStatus, PositionStatus
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal

from .live_world import LiveWorld
from .small_exchange import LATE, LOST, SPOT, TAKEN, SmallExchange
from .world import SYMBOL, stored

Restart = Callable[[LiveWorld], ConnectionEngine]


@pytest.fixture
def live(database: Database, journal: Journal) -> LiveWorld:
    return LiveWorld(database, journal)


@pytest.fixture
def restart(database: Database, journal: Journal) -> Restart:
    """Return the engine that follows one that is gone, as it is before its first cycle."""

    def make(world: LiveWorld) -> ConnectionEngine:
        engine = ConnectionEngine(
            world.setup,
            [world.spec],
            settings=world.settings,
            database=database,
            journal=journal,
            store_id="a-store",
            clock=world.clock,
        )
        engine._restore()
        engine.context.live_venue = world.venue
        return engine

    return make


async def settle(engine: ConnectionEngine, world: LiveWorld, seconds: int, times: int) -> None:
    for _ in range(times):
        world.clock.advance(seconds * 1000)
        for processor in engine.pipeline.watching:
            await processor.run_cycle()
        await engine.pipeline.execution.run_cycle()


@pytest.mark.parametrize("ending", [TAKEN, LOST])
async def test_s5_an_order_that_may_have_been_sent_is_unknown_until_the_venue_tells(
    live: LiveWorld, restart: Restart, ending: str
) -> None:
    live.venue.will(ending)
    live.venue.is_mute = live.venue.is_down = True
    order = await live.enter()
    await live.rows("orders")
    live.venue.is_down = False
    engine = restart(live)
    execution = engine.pipeline.execution
    assert execution.working.has_unknown(order.symbol)
    assert execution.is_entering((order.strategy, order.symbol, order.timeframe))
    await settle(engine, live, 30, 8)
    assert not execution.working.has_unknown(order.symbol)
    assert len(engine.context.book) == (ending == TAKEN)
    assert live.venue.sent.count(order) <= 1
    for position in engine.context.book:
        assert position.holding.held == order.quantity
        assert position.stop_order_id in [one.client_order_id for one in live.venue.resting()]


async def test_an_intent_that_was_never_sent_ends_rejected(
    live: LiveWorld, restart: Restart
) -> None:
    async def hang(order: Any) -> Any:
        await asyncio.Event().wait()

    live.venue.submit = hang  # type: ignore[method-assign]
    await live.minute()
    live.pipeline.execution.request(live.entry(Direction.LONG))
    await live.run()
    (row,) = stored(live.database, "orders")
    assert row["status"] in (OrderStatus.INTENT, OrderStatus.SUBMITTING)
    live.venue.submit = SmallExchange.submit.__get__(live.venue)  # type: ignore[method-assign]
    engine = restart(live)
    await settle(engine, live, 30, 8)
    engine.context.recorder.flush()
    await live.journal.flush()
    (row,) = stored(live.database, "orders")
    assert row["status"] == OrderStatus.REJECTED
    assert live.venue.sent == []


async def test_a_position_is_taken_up_with_its_stop_and_its_close_under_way(
    live: LiveWorld, restart: Restart
) -> None:
    await live.enter()
    stop = live.position.stop_order_id
    live.venue.fills_at_once = False
    await live.leave()
    await live.rows("positions")
    engine = restart(live)
    (position,) = engine.context.book
    assert position.status is PositionStatus.CLOSING
    assert position.stop_order_id == stop
    (exit_,) = live.sent(OrderPurpose.EXIT)
    live.venue.fill(exit_.client_order_id, str(exit_.quantity), "101")
    await settle(engine, live, 5, 3)
    assert not len(engine.context.book)
    assert len(live.sent(OrderPurpose.EXIT)) == 1
    assert live.venue.resting() == []


async def test_a_fill_of_an_order_that_ended_long_ago_is_booked_once(
    live: LiveWorld, restart: Restart
) -> None:
    await live.enter()
    await live.leave()
    await live.run(1, cycles=2)
    before = await live.rows("positions")
    engine = restart(live)
    for fill in live.venue.trades:
        engine.pipeline.execution.ledger.book(fill)
    engine.context.recorder.flush()
    assert await live.rows("positions") == before
    assert len(await live.rows("fills")) == 2


async def test_a_late_fill_takes_up_a_position_from_the_store(
    live: LiveWorld, restart: Restart
) -> None:
    live.venue.fills_at_once = False
    order = await live.enter()
    live.venue.fill(order.client_order_id, "0.4", "100")
    await live.run()
    live.venue.fills_at_once = True
    await live.leave()
    await live.run(1, cycles=2)
    await live.rows("positions")
    engine = restart(live)
    fill = live.venue.fill(order.client_order_id, "0.6", "100")
    engine.pipeline.execution.ledger.book(fill)
    (position,) = engine.context.book
    assert (position.holding.entered, position.holding.held) == (order.quantity, fill.quantity)
    assert position.exit_attempts == 1


async def test_an_entry_that_is_told_of_again_keeps_no_dust_open(
    live: LiveWorld, restart: Restart
) -> None:
    live.venue.fees_in_base, live.venue.price = True, Decimal(300)
    live.venue.traits = SPOT
    await live.enter()
    live.venue.will(TAKEN)
    live.venue.is_mute = True
    await live.leave()
    live.venue.trades, trades = [], live.venue.trades
    await live.rows("positions")
    engine = restart(live)
    live.venue.trades = trades
    await settle(engine, live, 5, 3)
    engine.context.recorder.flush()
    (row,) = await live.rows("positions")
    assert row["status"] == PositionStatus.CLOSED_WITH_DUST
    assert not len(engine.pipeline.execution.working)


async def test_an_old_entry_that_is_told_of_again_frees_no_holder(
    live: LiveWorld, restart: Restart
) -> None:
    await live.enter()
    await live.leave()
    live.venue.will(LOST)
    order = await live.enter()
    await live.rows("orders")
    engine = restart(live)
    for fill in live.venue.trades:
        engine.pipeline.execution.ledger.book(fill)
    holder = (order.strategy, order.symbol, order.timeframe)
    assert engine.pipeline.execution.is_entering(holder)


async def test_an_order_that_was_given_up_before_a_restart_is_booked_when_it_fills_after_all(
    live: LiveWorld, restart: Restart
) -> None:
    live.venue.will(LATE)
    order = await live.enter()
    await live.run(30, cycles=8)
    assert (await live.stored_order(order))["status"] == OrderStatus.REJECTED
    await live.run(30, cycles=20)
    engine = restart(live)
    live.venue.is_mute = True
    live.venue.let_in()
    live.venue.trades = [replace(fill, client_order_id="") for fill in live.venue.trades]
    await settle(engine, live, 5, 2)
    (position,) = engine.context.book
    assert (position.key, position.holding.held) == (order.client_order_id, order.quantity)
    engine.context.recorder.flush()
    assert (await live.stored_order(order))["status"] == OrderStatus.FILLED


async def test_orders_that_the_venue_ended_are_not_looked_for_after_a_restart(
    live: LiveWorld, restart: Restart
) -> None:
    live.venue.will("reject")
    await live.enter()
    await live.rows("orders")
    engine = restart(live)
    asked: list[str] = []

    async def fills(symbol: str, since_ms: int) -> Any:
        asked.append(symbol)
        return []

    live.venue.fills = fills  # type: ignore[method-assign]
    await settle(engine, live, 30, 2)
    assert asked == []


async def statuses(world: LiveWorld, engine: ConnectionEngine) -> list[str]:
    """Return what became of every signal, oldest first."""
    engine.context.recorder.flush()
    return [row["status"] for row in await world.rows("signals")]


async def test_a_signal_whose_order_was_out_when_the_engine_died_gets_its_fate(
    live: LiveWorld, restart: Restart
) -> None:
    live.venue.will(TAKEN)
    live.venue.is_mute = live.venue.is_down = True
    await live.enter()
    await live.rows("orders")
    live.venue.is_down = False
    engine = restart(live)
    assert await statuses(live, engine) == ["new"]
    await settle(engine, live, 5, 3)
    assert await statuses(live, engine) == ["executed"]


async def test_a_signal_that_was_not_acted_on_before_the_engine_died_is_refused(
    live: LiveWorld, restart: Restart
) -> None:
    await live.minute()
    live.entry()
    await live.rows("signals")
    assert await statuses(live, restart(live)) == ["refused"]


async def test_a_signal_whose_order_had_ended_before_the_engine_died_gets_its_fate(
    live: LiveWorld, restart: Restart
) -> None:
    await live.enter()
    await live.rows("signals")
    with live.database.write() as transaction:
        transaction.exec_driver_sql("UPDATE signals SET status = 'new'")
    assert await statuses(live, restart(live)) == ["executed"]


async def test_a_rules_exit_that_the_engine_died_over_is_carried_out(
    live: LiveWorld, restart: Restart
) -> None:
    await live.enter()
    live.exit_by_rule()
    await live.rows("signals")
    engine = restart(live)
    engine.context.market.apply(
        [Tick(SYMBOL, live.clock.now_ms(), live.venue.price, Source.STREAM)], live.clock.now_ms()
    )
    await settle(engine, live, 1, 3)
    assert not len(engine.context.book)
    assert await statuses(live, engine) == ["executed", "executed"]
    (row,) = await live.rows("positions")
    assert row["exit_reason"] == "rule"


async def test_a_rules_exit_whose_position_is_gone_is_refused(
    live: LiveWorld, restart: Restart
) -> None:
    await live.enter()
    live.exit_by_rule()
    await live.leave()
    await live.rows("signals")
    assert await statuses(live, restart(live)) == ["executed", "refused"]
