"""What an exchange does to its market data, and what the feed makes of it: nothing is lost."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from cts_tui.errors import ConfigError
from cts_tui.market.ccxt_feed import CcxtFeed
from cts_tui.market.ccxt_feed_intake import FeedBounds

from .floors import (
    BOUNDS,
    ONE_BY_ONE,
    LoopbackFloor,
    Told,
    Until,
    is_gapless,
    loopback_floor,
    open_session,
    reading,
)

BTC = "BTC/USDT"


@pytest.fixture
async def floor(until: Until) -> AsyncIterator[LoopbackFloor]:
    async with loopback_floor(until) as floor:
        for symbol in floor.symbols:
            await floor.feed.history(symbol, "1m", 20)
        yield floor


async def streaming(floor: LoopbackFloor, until: Until) -> None:
    """Wait until the streams are up and have told the forming candles: time will jump."""
    await until(lambda: floor.feed.source == "stream", "streams")
    forming = floor.feed._intake.assemblies.values()
    await until(lambda: all(one.newest_heard_ms for one in forming), "forming candles")
    await until(lambda: floor.exchange.sockets.of("spot market"), "a socket")


async def nothing_is_missing(floor: LoopbackFloor, told: Told, until: Until, count: int) -> None:
    """Wait for `count` candles of each symbol: those of the exchange, one after another."""
    await until(lambda: all(len(told.candles(s)) >= count for s in floor.symbols), "candles")
    for symbol in floor.symbols:
        candles = told.candles(symbol)
        truth = {candle.time_ms: candle for candle in floor.truth(symbol)}
        assert is_gapless(candles)
        assert candles == [truth[candle.time_ms] for candle in candles]
    assert told.error is None


async def test_closed_candles_come_by_stream_and_need_no_rest(
    floor: LoopbackFloor, until: Until
) -> None:
    patient = FeedBounds(grace_s=30.0)
    floor.feed = CcxtFeed(floor.session, floor.symbols, "1m", floor.clock, patient)
    async with reading(floor.feed) as told:
        await streaming(floor, until)
        asked = len(floor.exchange.journal.requests("GET /api/v3/klines"))
        for count in range(4):
            await floor.pass_minute()
            await until(lambda count=count: len(told.candles(BTC)) > count, "a candle")
        await nothing_is_missing(floor, told, until, 4)
        assert set(told.sources(BTC)) == {"stream"}
        assert len(floor.exchange.journal.requests("GET /api/v3/klines")) == asked
        figures = floor.feed.figures()
    assert (figures["reconnects"], figures["stalls"], figures["refused"]) == (0, 0, {})


async def test_a_cut_stream_is_filled_by_rest_and_comes_back(
    floor: LoopbackFloor, until: Until
) -> None:
    async with reading(floor.feed) as told:
        await streaming(floor, until)
        await floor.pass_minute()
        floor.trade(60_000)
        assert floor.exchange.sockets.cut()
        await floor.pass_minute()
        await until(lambda: floor.feed.figures()["reconnects"], "the break")
        await floor.pass_minute()
        await until(lambda: floor.feed.figures()["is_streaming"], "the new stream")
        await floor.pass_minute()
        await nothing_is_missing(floor, told, until, 4)


async def test_a_stall_that_still_answers_pings_is_found_and_replaced(
    floor: LoopbackFloor, until: Until
) -> None:
    async with reading(floor.feed) as told:
        await streaming(floor, until)
        await floor.pass_minute()
        floor.exchange.sockets.stall("spot market")
        price = 60_000

        def has_found() -> bool:
            nonlocal price
            price += 1
            floor.trade(price)
            return bool(floor.feed.figures()["stalls"])

        await until(has_found, "the stall")
        await floor.pass_minute()
        await until(lambda: floor.feed.source == "stream", "a new stream")
        await floor.pass_minute()
        await nothing_is_missing(floor, told, until, 3)
    assert "silent" in floor.feed.figures()["last_error"]


async def test_a_stall_of_prices_is_found_while_bids_and_asks_go_on(
    floor: LoopbackFloor, until: Until
) -> None:
    def are_quotes(socket: Any) -> bool:
        return any("bookTicker" in name for name in socket.streams)

    async with reading(floor.feed) as told:
        await streaming(floor, until)
        sockets = floor.exchange.sockets
        await until(lambda: any(map(are_quotes, sockets.open)), "quotes apart")
        for socket in sockets.open:
            socket.is_stalled = not are_quotes(socket)
        price = 60_000

        def has_found() -> bool:
            nonlocal price
            price += 1
            floor.trade(price)
            return bool(floor.feed.figures()["stalls"])

        await until(has_found, "the stall")
        await until(lambda: told.ticks(BTC)[-1].price >= 60_000, "prices by REST")


async def test_while_every_stream_stalls_prices_come_by_rest(
    floor: LoopbackFloor, until: Until
) -> None:
    async with reading(floor.feed) as told:
        await streaming(floor, until)
        floor.exchange.sockets.stall("spot market", new_too=True)
        price = 60_000

        def is_told() -> bool:
            nonlocal price
            price += 1
            floor.trade(price, "BTCUSDT")
            return sum(tick.source == "rest" for tick in told.ticks(BTC)) > 10

        await until(is_told, "prices by REST")
        assert floor.feed.figures()["stalls"]


async def test_a_quiet_market_is_not_a_stall(until: Until) -> None:
    async with loopback_floor(until) as floor:
        floor.exchange.heartbeat_s = 3_600.0
        async with reading(floor.feed) as told:
            await streaming(floor, until)
            state = lambda: floor.feed.figures()["symbols"][BTC]["state"]  # noqa: E731
            await until(lambda: state() == "quiet", "quiet")
            heard = told.batches
            await until(lambda: told.batches > heard, "a sign of life")
            figures = floor.feed.figures()
    assert (figures["stalls"], figures["reconnects"]) == (0, 0)


async def test_an_outage_is_survived_without_a_gap(floor: LoopbackFloor, until: Until) -> None:
    async with reading(floor.feed) as told:
        await streaming(floor, until)
        await floor.pass_minute()
        async with floor.exchange.gone():
            await until(lambda: floor.feed.figures()["reconnects"], "the break")
            await floor.pass_minute()
            await floor.pass_minute()
            await until(lambda: floor.feed.figures()["last_error"], "the outage")
        await until(lambda: len(told.candles(BTC)) >= 3, "the gap filled")
        await until(lambda: floor.feed.source == "stream", "a new stream")
        await floor.pass_minute()
        await nothing_is_missing(floor, told, until, 4)


async def test_a_storm_of_429_is_survived(floor: LoopbackFloor, until: Until) -> None:
    async with reading(floor.feed) as told:
        await streaming(floor, until)
        storm = floor.exchange.faults.add(
            "GET /api/v3/*", "status", status=429, retry_after_s=1, times=None
        )
        floor.exchange.sockets.cut()
        await floor.pass_minute()
        await until(lambda: storm.hits >= 2, "the storm")
        floor.exchange.faults.clear()
        await floor.pass_minute()
        await nothing_is_missing(floor, told, until, 2)
    assert storm.hits < 20, "it held back"


@pytest.mark.parametrize(
    ("route", "kind", "settings"),
    [
        ("STREAM btcusdt@kline_1m", "malformed", {"times": 3}),
        ("STREAM btcusdt@kline_1m", "double", {"times": None}),
        ("STREAM btcusdt@kline_1m", "drop", {"times": 3}),
        ("STREAM btcusdt@kline_1m", "reorder", {"times": 3}),
        ("STREAM btcusdt@kline_1m", "fields", {"fields": {"k.c": "NaN"}, "times": 4}),
        ("STREAM btcusdt@kline_1m", "fields", {"fields": {"k.h": None}, "times": None}),
        ("STREAM btcusdt@kline_1m", "fields", {"fields": {"k.v": "-1"}, "times": None}),
        ("STREAM btcusdt@kline_1m", "fields", {"fields": {"k.l": "0"}, "times": None}),
        ("GET /api/v3/klines", "html", {"times": 2}),
        ("GET /api/v3/klines", "empty", {"times": 2}),
        ("GET /api/v3/klines", "malformed", {"times": 2}),
        ("GET /api/v3/klines", "candles", {"mode": "double", "times": None}),
        ("GET /api/v3/klines", "candles", {"mode": "shuffle", "times": None}),
        ("GET /api/v3/klines", "fields", {"fields": {"4": None}, "times": 1}),
    ],
)
async def test_s12_spoilt_candles_never_reach_the_pipeline_and_nothing_is_missing(
    floor: LoopbackFloor, until: Until, route: str, kind: str, settings: dict[str, Any]
) -> None:
    async with reading(floor.feed) as told:
        await streaming(floor, until)
        rule = floor.exchange.faults.add(route, kind, **settings)
        if route.startswith("GET"):
            floor.exchange.sockets.cut()
        for _ in range(3):
            await floor.pass_minute()
        await until(lambda: rule.hits, "the fault")
        if kind == "fields" and route.startswith("GET"):
            await floor.pass_minute()  # the next question comes two seconds later
        await nothing_is_missing(floor, told, until, 3)
        if kind == "fields" and "k.c" not in settings["fields"]:
            assert floor.feed.figures()["refused"] or route.startswith("GET")


@pytest.mark.parametrize("value", [None, "0", "NaN", "-5", "__absent__"])
async def test_s12_a_price_that_the_exchange_did_not_say_is_no_tick(
    floor: LoopbackFloor, until: Until, value: str | None
) -> None:
    floor.exchange.faults.add("STREAM btcusdt@*icker", "fields", fields={"c": value}, times=None)
    floor.exchange.faults.add(
        "GET /api/v3/ticker/*", "fields", fields={"lastPrice": value}, symbol="BTCUSDT", times=None
    )
    async with reading(floor.feed) as told:
        if value != "NaN":  # ccxt chokes on it: that stream breaks, and REST takes over
            await streaming(floor, until)
        floor.trade(61_000)
        await until(lambda: any(tick.price == 61_000 for tick in told.ticks("ETH/USDT")), "others")
        if value != "NaN":
            await until(lambda: floor.feed.figures()["refused"], "a refusal")
        assert told.ticks(BTC) == []
    assert told.error is None


async def test_a_frozen_rest_ticker_without_a_time_grows_old(until: Until) -> None:
    async with loopback_floor(
        until, {"has": {"watchTickers": False, "watchTicker": False}}
    ) as floor:
        timeless = {"closeTime": None}
        floor.exchange.faults.add("GET /api/v3/ticker/*", "fields", fields=timeless, times=None)
        async with reading(floor.feed) as told:
            await until(lambda: told.ticks(BTC), "a price")
            floor.exchange.market.freeze("BTCUSDT")
            await floor.pass_minute()
            asked = len(floor.exchange.journal.requests("GET /api/v3/ticker*"))
            await until(
                lambda: len(floor.exchange.journal.requests("GET /api/v3/ticker*")) > asked + 3
            )
            assert told.ticks(BTC)[-1].time_ms < floor.clock.now_ms() - 50_000


async def test_one_bad_symbol_does_not_cost_the_others(floor: LoopbackFloor, until: Until) -> None:
    floor.exchange.delist("ETHUSDT")
    async with reading(floor.feed) as told:
        await until(lambda: told.ticks(BTC), "prices")
        await floor.pass_minute()
        await floor.pass_minute()
        await until(lambda: len(told.candles(BTC)) >= 2, "candles")
        assert told.error is None
        assert floor.feed.figures()["symbols"]["ETH/USDT"]["note"]


async def test_symbols_can_come_and_go_while_the_feed_runs(
    floor: LoopbackFloor, until: Until
) -> None:
    async with reading(floor.feed) as told:
        await streaming(floor, until)
        floor.feed.watch((BTC, "SOL/USDT"), {"ETH/USDT": "it no longer fits"})
        await until(lambda: told.ticks("SOL/USDT"), "the new one")
        told.events.clear()
        await floor.pass_minute()
        floor.trade(200, "SOLUSDT")
        await floor.pass_minute()
        await until(lambda: told.candles("SOL/USDT") and told.candles(BTC), "candles")
        assert told.ticks("ETH/USDT") == []
        assert floor.feed.figures()["symbols"]["ETH/USDT"]["state"] == "halted"


async def test_a_feed_on_a_session_that_has_fed_before_believes_no_leftovers(
    floor: LoopbackFloor, until: Until
) -> None:
    async with reading(floor.feed):
        await streaming(floor, until)
        floor.trade(60_500)
    again = CcxtFeed(floor.session, floor.symbols, "1m", floor.clock, BOUNDS)
    for symbol in floor.symbols:
        await again.history(symbol, "1m", 20)
    floor.feed = again
    floor.trade(60_900)
    async with reading(again) as told:
        await floor.pass_minute()
        await streaming(floor, until)
        await floor.pass_minute()
        await nothing_is_missing(floor, told, until, 2)


async def test_a_swap_is_fed_as_well(until: Until) -> None:
    async with loopback_floor(until, market="swap") as floor:
        feed = CcxtFeed(floor.session, ("BTC/USDT:USDT",), "1m", floor.clock, BOUNDS)
        async with reading(feed) as told:
            await until(lambda: feed.source == "stream", "streams")
            for _ in range(3):
                await floor.pass_minute()
            await until(lambda: len(told.candles("BTC/USDT:USDT")) >= 2, "candles")
            await until(lambda: told.ticks("BTC/USDT:USDT")[-1].bid, "bid and ask")


async def test_a_timeframe_that_the_exchange_lacks_is_refused_with_those_it_has(
    until: Until,
) -> None:
    async with loopback_floor(until) as floor:
        with pytest.raises(ConfigError, match=r"no 7m candles: choose one of .*1m.*1h"):
            CcxtFeed(floor.session, floor.symbols, "7m", floor.clock)


async def test_an_exchange_that_tells_one_symbol_at_a_time_is_asked_in_turns(until: Until) -> None:
    overlay = {"has": {**ONE_BY_ONE["has"], "watchTicker": False, "watchOHLCV": False}}
    async with loopback_floor(until, overlay) as floor, reading(floor.feed) as told:
        await until(lambda: all(told.ticks(symbol) for symbol in floor.symbols), "prices")
        assert {tick.source for tick in told.ticks(BTC)} == {"rest"}


async def test_closing_leaves_the_session_to_others(floor: LoopbackFloor, until: Until) -> None:
    async with reading(floor.feed):
        await streaming(floor, until)
    assert await floor.session.call("fetch_ticker", BTC)
    other = await open_session(floor.exchange)
    await other.close()
