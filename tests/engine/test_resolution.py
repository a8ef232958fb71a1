"""S5: what became of an order is known by the venue's evidence alone, however late it comes."""

from collections.abc import Callable
from typing import Any

import pytest

from cts_tui.model.trading import OrderPurpose, OrderStatus
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal

from .live_world import LiveWorld
from .small_exchange import LATE, LOST, TAKEN, SmallExchange

Live = Callable[..., LiveWorld]


@pytest.fixture
def live(database: Database, journal: Journal) -> Live:
    def make(**options: Any) -> LiveWorld:
        return LiveWorld(database, journal, **options)

    return make


async def test_s5_an_order_that_was_taken_is_found_and_its_position_opens(live: Live) -> None:
    world = live(venue=SmallExchange(is_mute=True))
    world.venue.will(TAKEN)
    order = await world.enter()
    await world.run(1, cycles=2)
    assert (await world.stored_order(order))["status"] == OrderStatus.FILLED
    assert world.position.holding.held == order.quantity
    assert any("found at the venue" in message for message in await world.told())


async def test_s5_absence_is_evidence_only_after_the_window_and_several_looks(live: Live) -> None:
    world = live()
    world.venue.will(LOST)
    order = await world.enter()
    await world.run(1, cycles=50)
    assert (await world.stored_order(order))["status"] == OrderStatus.UNKNOWN
    await world.run(30, cycles=4)
    row = await world.stored_order(order)
    assert row["status"] == OrderStatus.REJECTED
    assert "never arrived" in row["answer"]
    await world.enter()
    assert not world.is_flat


async def test_s5_a_venue_that_cannot_tell_gives_no_evidence(live: Live) -> None:
    world = live()
    world.venue.will(LOST)
    world.venue.is_down = True
    order = await world.enter()
    await world.run(60, cycles=10)
    assert (await world.stored_order(order))["status"] == OrderStatus.UNKNOWN
    assert "the exchange is down" in str(world.resolver.figures.last_error)


@pytest.mark.parametrize(
    "venue",
    [{"places": ("order",)}, {"places": ("order", "trades"), "silent": ("closed orders",)}],
)
async def test_s5_some_places_alone_give_no_evidence(live: Live, venue: dict[str, Any]) -> None:
    world = live(venue=SmallExchange(**venue))
    world.venue.will(LOST)
    order = await world.enter()
    await world.run(60, cycles=10)
    assert (await world.stored_order(order))["status"] == OrderStatus.UNKNOWN


@pytest.mark.parametrize("is_mute", [True, False])
async def test_s5_late_acceptance_is_caught_within_the_window(live: Live, is_mute: bool) -> None:
    world = live(venue=SmallExchange(is_mute=is_mute))
    world.venue.will(LATE)
    order = await world.enter()
    await world.run(5, cycles=4)
    world.venue.let_in()
    await world.run(30, cycles=2)
    assert world.position.key == order.client_order_id
    assert (await world.stored_order(order))["status"] == OrderStatus.FILLED


async def test_s5_even_an_order_that_was_given_up_is_taken_up_when_it_fills(live: Live) -> None:
    world = live()
    world.venue.will(LATE)
    order = await world.enter()
    await world.run(30, cycles=8)
    assert (await world.stored_order(order))["status"] == OrderStatus.REJECTED
    world.venue.let_in()
    await world.run(1, cycles=2)
    assert (await world.stored_order(order))["status"] == OrderStatus.FILLED
    assert world.position.holding.held == order.quantity
    assert world.venue.resting()[0].client_order_id == world.position.stop_order_id


async def test_a_late_order_whose_holder_has_entered_again_has_a_position_of_its_own(
    live: Live,
) -> None:
    world = live()
    world.venue.will(LATE)
    first = await world.enter()
    await world.run(30, cycles=8)
    second = await world.enter()
    world.venue.let_in()
    await world.run(1, cycles=2)
    held = {position.key: position.holding.held for position in world.context.book}
    assert held == {order.client_order_id: order.quantity for order in (first, second)}
    assert len({report.client_order_id for report in world.venue.resting()}) == 4


async def test_a_market_order_that_the_venue_says_nothing_of_is_asked_for(live: Live) -> None:
    world = live(venue=SmallExchange(is_mute=True))
    order = await world.enter()
    assert world.is_flat
    await world.run(1, cycles=4)
    assert world.position.holding.held == order.quantity


async def test_an_order_that_had_arrived_and_is_gone_has_not_never_arrived(live: Live) -> None:
    world = live(venue=SmallExchange(is_mute=True, fills_at_once=False))
    order = await world.enter()
    world.venue.reports.clear()
    await world.run(30, cycles=12)
    row = await world.stored_order(order)
    assert row["status"] == OrderStatus.CANCELLED
    assert "it is gone" in row["answer"]
    assert world.sent(OrderPurpose.ENTRY) == [order]
