"""Orders that come in after nothing was found of them, at an exchange in Binance's dialect."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from cts_tui.engine.requests import ExitRequest
from cts_tui.model.trading import ExitReason, OrderPurpose, OrderStatus, OrderType, Side
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal
from tests.conftest import Until

from .loopback_bench import Bench, Open, opener

D = Decimal


@pytest.fixture
def opened(database: Database, journal: Journal) -> Open:
    """Open a bench on a market, `spot` or `swap`."""
    return opener(database, journal)


async def with_late_stop(bench: Bench, quantity: str = "0.5") -> Any:
    """Hold a position whose stop the exchange has answered with 504 and not taken in yet."""
    position = await bench.enter(quantity)
    bench.exchange.faults.add("POST /*rder", "late", seconds=3600, status=504)
    await bench.guard.run_cycle()
    (stop,) = bench.world.pipeline.execution.working.of_position(position.key, OrderPurpose.STOP)
    assert stop.order.status is OrderStatus.UNKNOWN
    return position, stop


async def sell(bench: Bench, position: Any) -> None:
    """Sell a position, as its exit waits for its stop no longer."""
    bench.clock.shift_ms += 2_000
    execution = bench.world.pipeline.execution
    execution.request(ExitRequest(position, ExitReason.MANUAL))
    await execution.run_cycle()
    await execution._dispatch.close()
    await bench.looks(0)


def arrived(bench: Bench, client_order_id: str) -> Callable[[], bool]:
    def has_arrived() -> bool:
        return client_order_id in {order.client_id for order in bench.exchange.accepted}

    return has_arrived


async def booked(bench: Bench, name: str) -> list[Any]:
    """Return the fills that are booked under an order."""
    rows = await bench.world.rows("fills")
    return [row for row in rows if row["client_order_id"] == name]


async def test_a_late_stop_on_spot_is_cancelled_by_its_client_id_before_it_sells_again(
    opened: Open, until: Until
) -> None:
    async with opened("spot") as bench:
        bench.exchange.spot.balance("BTC").free = D(3)  # the trader's own
        position, stop = await with_late_stop(bench)
        name = stop.order.client_order_id
        await sell(bench, position)
        assert not len(bench.context.book)
        bench.exchange.release_late()
        await until(arrived(bench, name), "the stop comes in")
        bench.clock.shift_ms += 1_000
        await bench.guard.run_cycle()
        (row,) = [row for row in await bench.world.rows("orders") if row["client_order_id"] == name]
        assert (row["status"], row["filled"]) == ("cancelled", 0)
        assert [order.status for order in bench.exchange.spot.orders.values()][-2:] == [
            "FILLED",
            "CANCELED",
        ]
        cancels = [one for one in bench.changes if one.method == "DELETE"]
        assert {one.params.get("origClientOrderId") for one in cancels} == {name}


async def test_what_a_late_stop_on_spot_sold_again_is_booked_as_its_own(
    opened: Open, until: Until
) -> None:
    async with opened("spot") as bench:
        bench.exchange.spot.balance("BTC").free = D(3)
        position, stop = await with_late_stop(bench)
        name = stop.order.client_order_id
        await sell(bench, position)
        bench.exchange.release_late()
        await until(arrived(bench, name), "the stop comes in")
        await bench.trade("48000")  # before anybody could call it off
        await bench.looks(60, 30)
        for _ in range(5):
            bench.clock.shift_ms += 30_000
            await bench.resolver.run_cycle()
        (own,) = await booked(bench, name)
        assert own["quantity"] == stop.order.quantity
        (row,) = await bench.world.rows("positions")
        venues = bench.exchange.spot.fills
        assert row["exited"] == sum(one.quantity for one in venues if one.side == "SELL")
        events = [row["message"] for row in await bench.world.rows("events")]
        assert any("beyond its position" in message for message in events)


@pytest.mark.parametrize("market", ["spot", "swap"])
async def test_an_entry_that_was_given_up_and_fills_unheard_is_booked_as_its_own(
    opened: Open, until: Until, market: str
) -> None:
    """Trades bear the venue's order id alone: whose it is, the venue is asked."""
    async with opened(market) as bench:
        bench.exchange.faults.add("POST /*rder", "late", seconds=3600, status=504)
        await bench.send(bench.order("cts-entry", Side.BUY, "0.5"))
        for _ in range(6):
            bench.clock.shift_ms += 30_000
            await bench.resolver.run_cycle()
        (row,) = await bench.world.rows("orders")
        assert (row["status"], row["answer"][:10]) == ("rejected", "given up: ")
        bench.exchange.release_late()
        await until(arrived(bench, "cts-entry"), "the entry comes in")
        await bench.looks(10)
        (row,) = await bench.world.rows("orders")
        assert (row["client_order_id"], row["status"]) == ("cts-entry", "filled")
        assert len(await booked(bench, "cts-entry")) == 1
        (position,) = list(bench.context.book)
        assert position.holding.entered == D("0.5")
        await bench.guard.run_cycle()
        assert position.stop_order_id is not None


async def test_a_late_exit_is_no_close_by_somebody_else(opened: Open, until: Until) -> None:
    async with opened("swap") as bench:
        position = await bench.enter("0.5")
        bench.exchange.faults.add("POST /*rder", "late", seconds=3600, status=504)
        exit_ = bench.order(
            "cts-exit", Side.SELL, "0.5", reduce_only=True, purpose=OrderPurpose.EXIT,
            position_key=position.key, reason="manual",
        )  # fmt: skip
        await bench.send(exit_)
        for _ in range(6):
            bench.clock.shift_ms += 30_000
            await bench.resolver.run_cycle()
        bench.exchange.release_late()
        await until(arrived(bench, "cts-exit"), "the exit comes in")
        await bench.looks(10, 3, 10)
        rows = {row["client_order_id"]: row for row in await bench.world.rows("orders")}
        assert set(rows) == {"cts-entry", "cts-exit"}
        assert rows["cts-exit"]["filled"] == D("0.5")
        (row,) = await bench.world.rows("positions")
        assert (row["status"], row["exit_reason"]) == ("closed", "manual")
        fills = bench.exchange.swap.fills
        assert row["pnl"] == sum(fill.realized - fill.fee for fill in fills)


@pytest.mark.parametrize("kind", [OrderType.MARKET, OrderType.STOP])
@pytest.mark.parametrize("market", ["spot", "swap"])
async def test_an_order_is_cancelled_by_its_client_id_alone(
    opened: Open, market: str, kind: OrderType
) -> None:
    async with opened(market) as bench:
        await bench.enter("0.5")
        order = bench.order(
            "cts-lost", Side.SELL, "0.1", type=kind, reduce_only=True, price=D(49000),
            purpose=OrderPurpose.STOP,
        )  # fmt: skip
        assert not await bench.venue.cancel(order)
        if kind is OrderType.STOP:
            await bench.venue.submit(order)
            assert await bench.venue.cancel(order)
            assert not await bench.venue.cancel(order)
        by_name = [one for one in bench.changes if one.method == "DELETE"]
        assert by_name
        assert not any("orderId" in one.params or "algoId" in one.params for one in by_name)
