"""Fills that nobody told of: which symbols are asked for, and whose the nameless ones are."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from cts_tui.model.records import GIVEN_UP
from cts_tui.model.trading import OrderPurpose, OrderStatus, OrderType, Side
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal

from .scene import Scene

D = Decimal


@pytest.fixture
def scene(database: Database, journal: Journal) -> Scene:
    return Scene(database, journal)


def asked(scene: Scene) -> list[str]:
    """Have the venue note for which symbols it is asked for fills."""
    symbols: list[str] = []
    real = scene.venue.fills

    async def fills(symbol: str, since_ms: int) -> Any:
        symbols.append(symbol)
        return await real(symbol, since_ms)

    scene.venue.fills = fills  # type: ignore[method-assign]
    return symbols


def rest_on(scene: Scene, count: int) -> None:
    """Have an order rest on each of so many symbols."""
    for number in range(count):
        order = scene.order(
            f"cts-{number}", Side.BUY, OrderPurpose.ENTRY, type=OrderType.LIMIT, price=D(90),
            symbol=f"C{number:03}/USDT:USDT",
        )  # fmt: skip
        scene.work(order)


async def given_up(scene: Scene) -> Any:
    """Have an entry of ours given up; return it."""
    order = scene.order("cts-late", Side.BUY, OrderPurpose.ENTRY, venue_order_id=None)
    working = scene.work(replace(order, position_key="cts-late"))
    scene.execution.sender.end(working, OrderStatus.REJECTED, f"{GIVEN_UP}it never arrived")
    await scene.world.rows("orders")
    resolver = scene.world.pipeline.resolver
    assert resolver is not None
    resolver.on_given_up(working.order)
    return working


async def order_rows(scene: Scene) -> dict[str, Any]:
    return {row["client_order_id"]: row for row in await scene.rows("orders")}


async def test_with_many_symbols_a_round_asks_for_those_not_asked_for_longest(
    scene: Scene,
) -> None:
    rest_on(scene, 130)
    symbols = asked(scene)
    await scene.look()
    assert len(set(symbols)) == len(symbols) == 130  # nothing is known yet: all of them
    seen: set[str] = set()
    for _ in range(4):
        symbols.clear()
        await scene.look(30)
        assert len(symbols) == 40
        seen |= set(symbols)
    assert len(seen) == 130


async def test_after_a_cut_the_next_round_asks_for_all_that_is_at_work(scene: Scene) -> None:
    rest_on(scene, 60)
    symbols = asked(scene)
    await scene.looks(0, 30)
    symbols.clear()
    scene.reconciler.again()
    await scene.look(1)
    assert len(symbols) == 60


async def test_symbols_where_nothing_is_at_work_any_more_are_asked_for_a_while_a_few_a_round(
    scene: Scene,
) -> None:
    rest_on(scene, 60)
    symbols = asked(scene)
    await scene.look()
    for working in scene.execution.working:
        scene.execution.sender.end(working, OrderStatus.CANCELLED, "by the trader")
    symbols.clear()
    await scene.look(30)
    assert len(symbols) == 10
    symbols.clear()
    await scene.look(300)
    assert symbols == []


async def test_a_nameless_fill_of_an_order_that_was_given_up_is_booked_as_its_own(
    scene: Scene,
) -> None:
    await given_up(scene)
    scene.venue.names = {"w-1": "cts-late"}
    scene.venue.traded = [scene.trade(Side.BUY, "1", "100", order="w-1")]
    await scene.look(10)
    row = (await order_rows(scene))["cts-late"]
    assert (row["status"], row["filled"], row["venue_order_id"]) == ("filled", 1, "w-1")
    (position,) = list(scene.context.book)
    assert position.holding.held == 1


async def test_a_fill_that_was_nobodys_is_looked_at_anew_once_an_order_is_given_up(
    scene: Scene,
) -> None:
    order = scene.work(scene.order("cts-other", Side.BUY, OrderPurpose.ENTRY, "2"))
    scene.venue.names = {"w-1": "cts-late"}
    scene.venue.traded = [scene.trade(Side.BUY, "1", "100", order="w-1")]
    await scene.look()
    assert await scene.rows("fills") == []
    scene.execution.sender.end(order, OrderStatus.CANCELLED, "by the trader")
    await given_up(scene)
    await scene.look(30)
    assert len(await scene.rows("fills")) == 1


async def test_the_venue_is_asked_once_for_an_order_and_only_where_one_was_given_up(
    scene: Scene,
) -> None:
    scene.work(scene.order("cts-rests", Side.BUY, OrderPurpose.ENTRY, type=OrderType.LIMIT))
    scene.venue.traded = [scene.trade(Side.SELL, "0.1", "100", order="w-1", trade="a")]
    await scene.looks(0, 30)
    assert "name_of" not in scene.venue.asked
    await given_up(scene)
    scene.venue.names = {"w-1": "web-1"}
    scene.venue.traded += [scene.trade(Side.SELL, "0.1", "100", order="w-1", trade="b")]
    await scene.looks(0, 30, 30)
    assert scene.venue.asked.count("name_of") == 1
    assert await scene.rows("fills") == []


async def test_a_venue_that_cannot_name_an_order_is_asked_again(scene: Scene) -> None:
    await given_up(scene)
    scene.venue.names = {"w-1": "cts-late"}
    scene.venue.traded = [scene.trade(Side.BUY, "1", "100", order="w-1")]
    scene.venue.failing = {"name_of"}
    await scene.look(10)
    assert await scene.rows("fills") == []
    assert not scene.context.is_reconciled
    scene.venue.failing = set()
    await scene.look(3)
    assert len(await scene.rows("fills")) == 1


async def test_an_order_is_suspected_for_an_hour_after_it_was_given_up(scene: Scene) -> None:
    await given_up(scene)
    symbols = asked(scene)
    await scene.look(3_500)
    assert len(symbols) == 1
    await scene.look(200)
    assert len(symbols) == 1


async def test_a_fill_of_a_stop_that_is_being_looked_for_is_no_close_by_somebody_else(
    scene: Scene,
) -> None:
    scene.hold()
    stop = scene.order(
        "cts-stop", Side.SELL, OrderPurpose.STOP, type=OrderType.STOP, price=D(98),
        venue_order_id=None, status=OrderStatus.UNKNOWN,
    )  # fmt: skip
    scene.work(stop)
    scene.venue.names = {"w-1": "cts-stop"}
    scene.venue.traded = [scene.trade(Side.SELL, "1", "98", order="w-1")]
    await scene.looks(0, 5, 10)
    rows = await order_rows(scene)
    assert set(rows) == {"cts-entry", "cts-stop"}
    assert rows["cts-stop"]["filled"] == 1
