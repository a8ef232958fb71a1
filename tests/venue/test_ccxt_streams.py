"""Orders and fills by stream: each once, whatever the stream does, and nothing lost at a cut."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from decimal import Decimal

import pytest

from cts_tui.model.records import Order
from cts_tui.model.trading import OrderStatus, OrderType, Side
from cts_tui.venue import ccxt_order_stream
from cts_tui.venue.ccxt_venue import CcxtVenue
from tests.loopback import LoopbackExchange
from tests.loopback.fixtures import until

from .floors import CcxtFloor, ccxt_floor


class Followed:
    """A floor whose venue follows its orders in the background."""

    def __init__(self, floor: CcxtFloor) -> None:
        assert floor.exchange is not None
        self.floor = floor
        self.exchange: LoopbackExchange = floor.exchange

    def gathered(self) -> Callable[[Order], Decimal]:
        """Return what tells how much of an order has been told as filled."""

        def told(order: Order) -> Decimal:
            updates = self.floor.venue.take_updates()
            self.floor.fills += updates.fills
            self.floor.reports += updates.orders
            own = [one for one in self.floor.fills if one.client_order_id == order.client_order_id]
            return sum((fill.quantity for fill in own), Decimal(0))

        return told

    async def has_filled(self, order: Order) -> None:
        """Wait until all fills of an order were told."""
        told = self.gathered()
        await until(lambda: told(order) >= (order.quantity or 0), f"fills of {order}")

    async def has_status(self, order: Order, status: OrderStatus) -> None:
        """Wait until an order's status was told."""
        told = self.gathered()

        def is_told() -> bool:
            told(order)
            return any(
                (one.client_order_id, one.status) == (order.client_order_id, status)
                for one in self.floor.reports
            )

        await until(is_told, f"{status} of {order}")

    def once(self) -> None:
        """Fail where a trade was told twice."""
        ids = [fill.venue_trade_id for fill in self.floor.fills]
        assert len(ids) == len(set(ids))


@asynccontextmanager
async def running(venue: CcxtVenue) -> AsyncIterator[None]:
    task = asyncio.create_task(venue.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture(params=["spot", "swap"])
async def followed(request: pytest.FixtureRequest) -> AsyncIterator[Followed]:
    async with AsyncExitStack() as stack:
        floor = await ccxt_floor(request.param, stack)
        assert isinstance(floor.venue, CcxtVenue)
        scene = Followed(floor)
        await stack.enter_async_context(running(floor.venue))
        label = f"{request.param} user"
        await until(lambda: label in {one.label for one in scene.exchange.sockets.open}, label)
        yield scene


async def test_a_fill_comes_by_stream_without_any_poll(followed: Followed) -> None:
    order = followed.floor.limit("49000")
    await followed.floor.submit(order)
    followed.exchange.journal.records.clear()
    await followed.floor.trade("49000")
    await followed.has_filled(order)
    await followed.has_status(order, OrderStatus.FILLED)
    assert followed.exchange.journal.requests("GET *") == []
    followed.once()


async def test_a_stop_that_triggers_is_told_under_our_name(followed: Followed) -> None:
    floor = followed.floor
    entry = floor.order()
    await floor.submit(entry)
    await followed.has_filled(entry)
    stop = floor.order(Side.SELL, OrderType.STOP, price="49000", reduce_only=floor.is_swap)
    await floor.submit(stop)
    await floor.trade("48900")
    await followed.has_filled(stop)
    await followed.has_status(stop, OrderStatus.FILLED)
    followed.once()


@pytest.mark.parametrize("kind", ["double", "reorder"])
async def test_messages_that_come_doubled_or_disordered_count_once(
    followed: Followed, kind: str
) -> None:
    followed.exchange.faults.add("USER *", kind, times=None)
    order = followed.floor.limit("49000", quantity="0.03")
    followed.exchange.liquidity["BTCUSDT"] = Decimal("0.01")
    await followed.floor.submit(order)
    for _ in range(3):
        await followed.floor.trade("49000")
    followed.exchange.faults.clear()
    assert isinstance(followed.floor.venue, CcxtVenue)
    await followed.floor.venue.poll()
    await followed.has_filled(order)
    followed.once()
    last = [one for one in followed.floor.reports if one.client_order_id == order.client_order_id]
    filled = [report.filled for report in last]
    assert filled == sorted(filled), "no report takes back what an earlier one said"
    assert last[-1].status is OrderStatus.FILLED


async def test_what_a_cut_stream_missed_is_fetched(followed: Followed) -> None:
    order = followed.floor.limit("49000")
    await followed.floor.submit(order)
    followed.exchange.sockets.cut("* user")
    await followed.floor.trade("49000")
    await followed.has_filled(order)
    followed.once()
    again = followed.floor.order()
    await followed.floor.submit(again)
    await followed.has_filled(again)


async def test_a_silent_stream_is_made_up_for_by_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ccxt_order_stream, "_POLL_BESIDE_STREAM_S", 0.05)
    async with AsyncExitStack() as stack:
        floor = await ccxt_floor("spot", stack)
        assert floor.exchange is not None
        assert isinstance(floor.venue, CcxtVenue)
        scene = Followed(floor)
        await stack.enter_async_context(running(floor.venue))
        await until(lambda: scene.exchange.sockets.open)
        scene.exchange.sockets.stall("* user")
        order = floor.limit("49000")
        await floor.submit(order)
        await floor.trade("49000")
        await scene.has_filled(order)


async def test_an_outage_ends_nothing(followed: Followed) -> None:
    order = followed.floor.limit("49000")
    await followed.floor.submit(order)
    async with followed.exchange.gone():
        await followed.floor.trade("49000")
    await followed.has_filled(order)
    followed.once()


async def test_who_waits_is_woken() -> None:
    async with AsyncExitStack() as stack:
        floor = await ccxt_floor("spot", stack)
        assert floor.session is not None
        woken = asyncio.Event()
        venue = CcxtVenue(floor.session, [floor.symbol], wake=woken.set)
        await stack.enter_async_context(running(venue))
        assert floor.exchange is not None
        exchange = floor.exchange
        await until(lambda: exchange.sockets.open)
        await venue.submit(floor.limit("49000"))
        venue.take_updates()
        woken.clear()
        await floor.trade("49000")
        async with asyncio.timeout(20):
            await woken.wait()
        updates = venue.take_updates()
        assert updates.fills or updates.orders
