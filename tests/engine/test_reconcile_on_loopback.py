"""Reconciliation against an exchange that speaks Binance's dialect, through ccxt as it is."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal

import pytest

from cts_tui.model.external import ExternalWish
from cts_tui.model.trading import OrderPurpose, OrderStatus, OrderType, Side
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal
from cts_tui.venue.ccxt_venue import CcxtVenue

from .loopback_bench import Open, opener

D = Decimal
Until = Callable[..., Awaitable[None]]


@pytest.fixture
def opened(database: Database, journal: Journal) -> Open:
    """Open a bench on a market, `spot` or `swap`."""
    return opener(database, journal)


async def test_order_and_position_placed_by_hand_are_shown_untouched_and_adopted_on_request(
    opened: Open,
) -> None:
    async with opened("swap") as bench:
        bench.exchange.by_hand.position("BTCUSDT", "-0.4", "50100")
        bench.exchange.by_hand.order("swap", "BTCUSDT", "BUY", "0.1", price="48000")
        bench.exchange.by_hand.stop("swap", "BTCUSDT", "BUY", "0.4", "51500")
        await bench.looks(0, 3, 30)
        shown = {row["kind"]: row for row in await bench.world.rows("externals")}
        assert len(await bench.world.rows("externals")) == 3
        assert (shown["position"]["side"], shown["position"]["quantity"]) == ("short", D("0.4"))
        assert {row["status"] for row in shown.values()} == {"external"}
        assert bench.context.is_reconciled
        assert bench.changes == []
        await bench.wish(ExternalWish.ADOPT)
        await bench.looks(1, 3)
        rows = await bench.world.rows("externals")
        assert {row["status"] for row in rows} == {"adopted"}
        position = next(iter(bench.context.book))
        assert position.holding.entry_price == D(50100)
        assert position.protection.stop == D(51500)  # the stop placed by hand
        await bench.guard.run_cycle()
        assert position.stop_order_id is not None
        (placed,) = bench.changes  # a target; the stop rests already
        assert placed.params["type"] == "TAKE_PROFIT_MARKET"
        for order in bench.exchange.swap.open_orders("BTCUSDT"):
            assert order.status == "NEW"
        await bench.trade("48000")  # the adopted order fills and opens a position
        await bench.looks(3, 3)
        assert [(one.side, one.holding.held) for one in bench.context.book] == [
            ("short", D("0.4")),
            ("long", D("0.1")),
        ]
        assert bench.context.is_reconciled


async def test_a_limit_order_by_hand_on_spot_is_shown_untouched_and_adopted(opened: Open) -> None:
    async with opened("spot") as bench:
        bench.exchange.by_hand.order("spot", "BTCUSDT", "BUY", "0.1", price="48000")
        await bench.looks(0, 30)
        (row,) = await bench.world.rows("externals")
        assert (row["kind"], row["status"], row["price"]) == ("order", "external", D(48000))
        assert bench.changes == []
        await bench.wish(ExternalWish.ADOPT)
        await bench.looks(1, 3)
        (order,) = await bench.world.rows("orders")
        assert (order["status"], order["venue_order_id"]) == ("open", row["venue_key"])
        assert bench.changes == []
        await bench.trade("48000")
        await bench.looks(3, 3)
        (position,) = list(bench.context.book)
        assert position.holding.entered == D("0.1")
        assert bench.context.is_reconciled


async def test_fills_that_no_stream_told_of_are_booked_as_the_venue_has_them(opened: Open) -> None:
    async with opened("swap") as bench:
        position = await bench.enter("0.5")
        (venues,) = bench.exchange.swap.fills
        assert position.holding.entry_price == venues.price
        assert position.holding.fees == venues.fee
        await bench.looks(30, 30)
        assert len(await bench.world.rows("fills")) == 1
        assert bench.context.is_reconciled


async def test_a_liquidation_closes_the_position_with_the_venues_pnl(opened: Open) -> None:
    async with opened("swap") as bench:
        await bench.enter("0.5")
        bench.exchange.liquidity["BTCUSDT"] = D("0.3")  # in several fills
        await bench.trade("45000")
        bench.exchange.by_hand.order(
            "swap", "BTCUSDT", "SELL", "0.5", price="44900", client_id="autoclose-1",
            reduce_only=True,
        )  # fmt: skip
        await bench.trade("45100")
        assert bench.exchange.swap.held() == []
        await bench.looks(3, 3, 3)
        (row,) = await bench.world.rows("positions")
        assert (row["status"], row["exit_reason"]) == ("closed", "external")
        fills = bench.exchange.swap.fills
        assert len(fills) == 3
        assert row["pnl"] == sum(fill.realized - fill.fee for fill in fills)
        assert bench.context.is_reconciled


async def test_a_stop_that_fired_unheard_closes_the_position_as_a_stop(opened: Open) -> None:
    async with opened("swap") as bench:
        position = await bench.enter("0.5")
        await bench.guard.run_cycle()
        assert position.stop_order_id
        await bench.trade("48900")
        assert bench.exchange.swap.held() == []
        await bench.looks(3, 3, 10)
        (row,) = await bench.world.rows("positions")
        assert (row["status"], row["exit_reason"]) == ("closed", "stop_loss")
        fills = bench.exchange.swap.fills
        assert row["pnl"] == sum(fill.realized - fill.fee for fill in fills)


async def test_a_stop_that_fired_under_an_id_that_nobody_knows_closes_it_as_a_stop(
    opened: Open,
) -> None:
    async with opened("swap") as bench:
        position = await bench.enter("0.5")
        await bench.guard.run_cycle()
        assert position.stop_order_id
        bench.exchange.algo.orders.clear()  # the venue keeps nothing of a stop that fired
        await bench.trade("48900")
        bench.exchange.by_hand.order(
            "swap", "BTCUSDT", "SELL", "0.5", client_id="sys-77", reduce_only=True
        )
        await bench.looks(3, 3, 10)
        (row,) = await bench.world.rows("positions")
        assert (row["status"], row["exit_reason"]) == ("closed", "stop_loss")
        fills = bench.exchange.swap.fills
        assert row["pnl"] == sum(fill.realized - fill.fee for fill in fills)


async def test_a_sale_by_hand_on_spot_closes_the_position_with_the_venues_pnl(
    opened: Open,
) -> None:
    async with opened("spot") as bench:
        bench.exchange.spot.fee_currency = "USDT"
        await bench.enter("0.5")
        await bench.trade("51000")
        bench.exchange.by_hand.order("spot", "BTCUSDT", "SELL", "0.5")
        await bench.looks(3, 3)
        (row,) = await bench.world.rows("positions")
        assert (row["status"], row["exit_reason"]) == ("closed", "external")
        assert row["pnl"] == bench.exchange.spot.balance("USDT").free - 100_000


async def test_an_entry_that_arrives_after_it_was_given_up_is_called_off(
    opened: Open, until: Until
) -> None:
    async with opened("swap") as bench:
        bench.exchange.faults.add("POST /fapi/v1/order", "late", seconds=0.3)
        limit = bench.order("cts-late", Side.BUY, "0.1", type=OrderType.LIMIT, price=D(48000))
        working = await bench.send(limit)
        assert working.order.status is OrderStatus.UNKNOWN
        bench.world.pipeline.execution.sender.end(working, OrderStatus.REJECTED, "never arrived")
        await bench.looks(0)
        await until(lambda: bench.exchange.accepted, "the order arrives")
        await bench.looks(30)
        (order,) = bench.exchange.swap.orders.values()
        assert order.status == "CANCELED"
        bench.context.clock.shift_ms += 1000
        await bench.resolver.run_cycle()
        (row,) = await bench.world.rows("orders")
        assert row["status"] == "cancelled"
        assert await bench.world.rows("externals") == []
        told = [event["message"] for event in await bench.world.rows("events")]
        assert any("rests at the venue although it had ended" in message for message in told)


async def test_guards_and_entries_of_ours_are_never_external(opened: Open) -> None:
    async with opened("swap") as bench:
        await bench.enter("0.5")
        await bench.guard.run_cycle()
        limit = bench.order(
            "cts-rests", Side.BUY, "0.1", type=OrderType.LIMIT, price=D(48000),
            position_key="cts-rests", strategy="other", purpose=OrderPurpose.ENTRY,
        )  # fmt: skip
        await bench.send(limit)
        await bench.looks(3, 3, 30)
        assert await bench.world.rows("externals") == []
        assert bench.context.is_reconciled


async def test_a_stream_that_is_cut_has_the_account_compared_anew(
    opened: Open, until: Until
) -> None:
    async with opened("swap") as bench:
        await bench.looks(0)
        session = bench.venue._session
        venue = CcxtVenue(session, (bench.symbol,), interrupted=bench.reconciler.again)
        following = asyncio.create_task(venue.run())
        sockets = bench.exchange.sockets
        await until(lambda: "swap user" in {one.label for one in sockets.open}, "it follows")
        assert bench.context.is_reconciled
        sockets.cut("swap user")
        await until(lambda: not bench.context.is_reconciled, "it is to compare anew")
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        await bench.looks(0)
        assert bench.context.is_reconciled
