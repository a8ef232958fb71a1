"""Each order goes out once, its intent on the disk before, and every answer has its place."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from cts_tui.errors import StoreError
from cts_tui.model.trading import OrderPurpose, OrderStatus
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal

from .live_world import LiveWorld
from .small_exchange import LOST, REJECT, RETRY, TAKEN, SmallExchange
from .world import stored

Live = Callable[..., LiveWorld]


@pytest.fixture
def live(database: Database, journal: Journal) -> Live:
    def make(**options: Any) -> LiveWorld:
        return LiveWorld(database, journal, **options)

    return make


async def test_s4_an_intent_is_in_the_store_before_the_venue_hears_of_it(live: Live) -> None:
    world = live()
    seen: list[Any] = []

    async def submit(order: Any, real: Any = world.venue.submit) -> Any:
        seen.append([row["status"] for row in stored(world.database, "orders")])
        return await real(order)

    world.venue.submit = submit  # type: ignore[method-assign]
    await world.enter()
    assert seen[0] == [OrderStatus.INTENT]


async def test_s4_an_order_whose_intent_cannot_be_recorded_is_not_sent(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = live()

    async def refuse(_orders: object) -> None:
        raise StoreError("disk full")

    monkeypatch.setattr(world.context.recorder, "record_intents", refuse)
    await world.minute()
    world.pipeline.execution.request(world.entry())
    await world.run()
    assert world.venue.sent == []


@pytest.mark.parametrize("ending", [REJECT, RETRY])
async def test_an_order_that_did_not_arrive_frees_its_holder(live: Live, ending: str) -> None:
    world = live()
    world.venue.will(ending)
    order = await world.enter()
    assert (await world.stored_order(order))["status"] == OrderStatus.REJECTED
    again = await world.enter()
    assert again.client_order_id != order.client_order_id
    assert world.position.key == again.client_order_id


async def test_s5_an_unknown_outcome_blocks_entries_on_the_symbol_and_is_not_sent_again(
    live: Live,
) -> None:
    world = live()
    world.venue.will(LOST)
    order = await world.enter()
    assert (await world.stored_order(order))["status"] == OrderStatus.UNKNOWN
    await world.enter()
    assert world.sent(OrderPurpose.ENTRY) == [order]


async def test_how_long_orders_take_to_be_acknowledged_is_measured(live: Live) -> None:
    world = live()
    acknowledged = world.pipeline.execution.sender.acknowledged
    assert acknowledged.as_row() == {"count": 0, "p50_ms": None, "p99_ms": None}
    world.venue.will(REJECT)
    await world.enter()
    assert acknowledged.as_row()["count"] == 0, "a refusal is none"
    await world.enter()
    row = acknowledged.as_row()
    assert row["count"] == len(world.venue.sent) - 1
    assert 0 <= row["p50_ms"] <= row["p99_ms"]


@pytest.mark.parametrize("ending", [REJECT, RETRY, TAKEN])
async def test_what_the_stream_told_before_the_answer_holds(live: Live, ending: str) -> None:
    world = live()
    await world.minute()

    async def submit(order: Any, real: Any = world.venue.submit) -> Any:
        await real(order)  # taken and filled, and the stream tells at once
        world.pipeline.execution.book_fills()
        world.venue.will(ending)
        world.venue.submit = real
        return await real(replace(order, client_order_id="cts-other"))

    world.venue.submit = submit  # type: ignore[method-assign]
    world.pipeline.execution.request(world.entry())
    await world.run()
    order = world.venue.sent[0]
    assert (await world.stored_order(order))["status"] == OrderStatus.FILLED
    assert world.position.holding.held == order.quantity
    assert not world.pipeline.execution.working.has_unknown(order.symbol)


async def test_an_order_is_over_in_the_store_only_once_its_fills_are_booked(live: Live) -> None:
    world = live(venue=SmallExchange(is_mute=True))
    order = await world.enter()
    report = world.venue.reports[order.client_order_id]
    world.pipeline.execution.ledger.report(report)
    assert (await world.stored_order(order))["status"] == OrderStatus.OPEN
    for fill in world.venue.trades:
        world.pipeline.execution.ledger.book(fill)
    row = await world.stored_order(order)
    assert (row["status"], row["filled"]) == (OrderStatus.FILLED, order.quantity)


async def test_a_cancelled_order_ends_with_what_had_filled_before(live: Live) -> None:
    world = live(venue=SmallExchange(fills_at_once=False))
    order = await world.enter()
    world.venue.is_mute = True
    world.venue.fill(order.client_order_id, "0.3", "100")
    working = world.pipeline.execution.working.find(order.client_order_id)
    assert working is not None
    assert await world.pipeline.execution.sender.cancel(working, "a test")
    assert not working.order.status.is_final
    await world.run(1)
    row = await world.stored_order(order)
    assert (row["status"], row["filled"]) == (OrderStatus.CANCELLED, Decimal("0.3"))
    assert world.position.holding.held == Decimal("0.3")


async def test_a_signal_whose_order_is_unknown_gets_its_fate_once_it_is_found(live: Live) -> None:
    world = live(venue=SmallExchange(is_mute=True))
    world.venue.will(TAKEN)
    await world.enter()
    assert await fates(world) == [("new", "a test")]
    await world.run(1, cycles=3)
    assert await fates(world) == [("executed", "a test")]


async def test_a_signal_whose_order_never_arrived_is_refused_with_what_was_found(
    live: Live,
) -> None:
    world = live()
    world.venue.will(LOST)
    await world.enter()
    await world.run(30, cycles=8)
    ((status, reason),) = await fates(world)
    assert status == "refused"
    assert "never arrived" in reason


async def test_a_limit_entry_that_is_found_is_moved_like_any_other(live: Live) -> None:
    world = live(entry_order="limit", limit_wait_s=10, limit_reprices=1)
    world.venue.will(TAKEN)
    world.venue.is_mute = True
    await world.enter()
    world.venue.is_mute = False
    await world.run(1, cycles=3)
    await world.run(10, cycles=3)
    assert len(world.sent(OrderPurpose.ENTRY)) == 2


@pytest.mark.parametrize("ending", [REJECT, RETRY])
async def test_a_rules_exit_that_is_refused_is_tried_again(live: Live, ending: str) -> None:
    world = live()
    await world.enter()
    world.venue.will(ending)
    await leave_by_rule(world)
    assert not world.is_flat
    await world.run(1)
    assert world.is_flat
    assert [status for status, _ in await fates(world)] == ["executed"] * 2


async def test_a_rules_exit_that_never_arrived_is_sent_anew_once_that_is_certain(
    live: Live,
) -> None:
    world = live()
    await world.enter()
    world.venue.will(LOST)
    await leave_by_rule(world)
    await world.run(1, cycles=2)
    assert len(world.sent(OrderPurpose.EXIT)) == 1
    await world.run(10, cycles=8)
    assert world.is_flat
    assert len(world.sent(OrderPurpose.EXIT)) == 2


async def test_what_a_rules_exit_has_left_is_sold_too(live: Live) -> None:
    world = live(venue=SmallExchange(fills_at_once=False))
    entry = await world.enter()
    world.venue.fill(entry.client_order_id, "1", "100")
    await world.run()
    await leave_by_rule(world)
    (exit_,) = world.sent(OrderPurpose.EXIT)
    world.venue.fill(exit_.client_order_id, "0.4", "100")
    world.venue.end(exit_.client_order_id, OrderStatus.EXPIRED)
    await world.run(1, cycles=3)
    assert [order.quantity for order in world.sent(OrderPurpose.EXIT)] == [1, Decimal("0.6")]


async def test_a_rules_exit_waits_for_a_fresh_price(live: Live) -> None:
    world = live()
    await world.enter()
    world.clock.advance(600_000)
    request = world.exit_by_rule()
    world.pipeline.execution.request(request)
    await world.pipeline.execution.run_cycle()
    assert world.sent(OrderPurpose.EXIT) == []
    await world.run(1, cycles=2)
    assert world.is_flat


async def test_a_rules_exit_of_a_made_up_candle_is_refused_for_good(live: Live) -> None:
    world = live()
    await world.enter()
    request = world.exit_by_rule()
    assert request.signal is not None
    invented = replace(request, signal=replace(request.signal, source="synthetic"))
    world.pipeline.execution.request(invented)
    await world.run(1, cycles=3)
    assert not world.is_flat
    assert [status for status, _ in await fates(world)][-1] == "refused"


async def leave_by_rule(world: LiveWorld) -> None:
    world.pipeline.execution.request(world.exit_by_rule())
    await world.run()


async def fates(world: LiveWorld) -> list[tuple[str, str]]:
    """Return what became of every signal, oldest first."""
    return [(row["status"], row["reason"]) for row in await world.rows("signals")]
