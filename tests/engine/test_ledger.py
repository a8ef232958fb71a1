"""Each fill counts once, whoever tells it and whenever; nothing that is told is lost."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from cts_tui.engine.book import LivePosition
from cts_tui.model.trading import Direction, OrderPurpose, OrderStatus, PositionStatus
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal
from cts_tui.venue.venue import Updates

from .live_world import LiveWorld
from .small_exchange import SPOT, SmallExchange
from .world import spoken

Live = Callable[..., LiveWorld]


@pytest.fixture
def live(database: Database, journal: Journal) -> Live:
    def make(**options: Any) -> LiveWorld:
        return LiveWorld(database, journal, **options)

    return make


async def test_a_fill_that_is_told_twice_counts_once(live: Live) -> None:
    world = live()
    order = await world.enter()
    (fill,) = world.venue.trades
    for _ in range(3):
        world.pipeline.execution.ledger.book(fill)
    assert world.position.holding.held == order.quantity
    assert len(await world.rows("fills")) == 1


async def test_a_fill_with_the_venues_id_alone_finds_its_order(live: Live) -> None:
    world = live(venue=SmallExchange(is_mute=True))
    order = await world.enter()
    (fill,) = world.venue.trades
    world.pipeline.execution.ledger.book(replace(fill, client_order_id=""))
    assert world.position.key == order.client_order_id
    (row,) = await world.rows("fills")
    assert row["client_order_id"] == order.client_order_id


@pytest.mark.parametrize("side", Direction)
async def test_pnl_is_what_the_fills_made(live: Live, side: Direction) -> None:
    world = live()
    order = await world.enter(side)
    await world.price("110")
    await world.leave()
    assert world.is_flat
    (row,) = await world.rows("positions")
    assert order.quantity is not None
    gross = order.quantity * 10 * side.sign
    fees = order.quantity * Decimal(210) / 1000
    assert (row["status"], row["pnl"], row["fees"]) == ("closed", gross - fees, fees)


async def test_a_fee_in_base_leaves_dust_that_frees_the_slot(live: Live) -> None:
    world = live(venue=SmallExchange(SPOT, Decimal(300), fees_in_base=True))
    order = await world.enter()
    await world.leave()
    assert world.is_flat
    (row,) = await world.rows("positions")
    assert row["status"] == PositionStatus.CLOSED_WITH_DUST
    assert (order.quantity, row["exited"]) == (Decimal("0.333"), Decimal("0.332"))
    await world.enter()
    assert not world.is_flat


async def test_one_message_that_cannot_be_booked_keeps_up_no_other(live: Live) -> None:
    world = live(venue=SmallExchange(is_mute=True))
    order = await world.enter()
    (fill,) = world.venue.trades
    broken = replace(fill, price="what", venue_trade_id="broken")  # type: ignore[arg-type]
    world.pipeline.execution.ledger.take(Updates((), (broken, fill)))
    assert world.context.book.get(order.client_order_id) is not None
    assert "could not be booked" in str(world.pipeline.execution.figures.last_error)


async def test_a_late_fill_of_the_entry_takes_up_its_closed_position(live: Live) -> None:
    world = live(venue=SmallExchange(fills_at_once=False), spec=spoken(take_profit_pct="0"))
    order = await world.enter()
    world.venue.fill(order.client_order_id, "0.4", "100", fee="0")
    world.venue.end(order.client_order_id, OrderStatus.EXPIRED)
    await world.run()
    world.venue.fills_at_once = True
    await world.price("110")
    await world.leave()
    assert world.is_flat
    world.venue.reports[order.client_order_id] = replace(
        world.venue.reports[order.client_order_id], status=OrderStatus.OPEN
    )
    world.venue.fill(order.client_order_id, "0.2", "90", fee="0")
    await world.run()
    assert (world.position.key, world.position.holding.held) == (
        order.client_order_id,
        Decimal("0.2"),
    )
    (row,) = await world.rows("positions")
    assert (row["status"], row["pnl"], row["closed_at"]) == ("open", None, None)
    await world.leave()
    (row,) = await world.rows("positions")
    paid = sum(fill.fee for fill in world.venue.trades)
    assert row["pnl"] == Decimal("0.6") * 110 - 40 - 18 - paid


async def test_a_late_order_of_a_holder_that_has_a_position_again_gets_its_own(live: Live) -> None:
    world = live(venue=SmallExchange())
    first = await world.enter()
    position = world.position
    ghost = LivePosition(
        key="cts-ghost",
        strategy=position.strategy,
        symbol=position.symbol,
        timeframe=position.timeframe,
        entry_time_ms=position.entry_time_ms,
        holding=position.holding,
        protection=position.protection,
        source="stream",
        is_live=True,
    )
    book = world.context.book
    book.add(ghost)
    assert book.held(ghost.holder) is position
    book.remove(position)
    assert book.held(ghost.holder) is ghost
    assert book.closed(first.client_order_id) is position
    book.remove(ghost)
    assert book.held(ghost.holder) is None


async def test_an_exit_that_is_refused_because_the_stop_was_faster_opens_nothing(
    live: Live,
) -> None:
    world = live()
    await world.enter()
    await world.run()
    (stop,) = world.sent(OrderPurpose.STOP)

    async def submit(order: Any, real: Any = world.venue.submit) -> Any:
        world.venue.fill(stop.client_order_id, str(stop.quantity), "98")
        world.pipeline.execution.book_fills()
        world.venue.will("reject")
        return await real(order)

    world.venue.submit = submit  # type: ignore[method-assign]
    await world.leave()
    assert world.is_flat
    (row,) = await world.rows("positions")
    assert (row["status"], row["exit_reason"]) == ("closed", "stop_loss")
    assert row["pnl"] is not None
