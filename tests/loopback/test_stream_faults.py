"""Streams that are cut, stalled, garbled, doubled or reordered; and outages of everything."""

import asyncio
from contextlib import suppress
from decimal import Decimal
from typing import Any

import ccxt.pro as ccxt
import pytest

from tests.loopback import LoopbackExchange
from tests.loopback.fixtures import ccxt_client, exchange, symbol_of, until

__all__ = ["exchange"]
MARKETS = pytest.mark.parametrize("market", ["spot", "swap"])


def listen(client: Any) -> list[Any]:
    """Return the list in which every message that the client hears is kept."""
    heard: list[Any] = []
    handle = client.handle_message

    def keep(connection: Any, message: Any) -> None:
        heard.append(message)
        handle(connection, message)

    client.handle_message = keep
    return heard


def user_events(heard: list[Any], kind: str) -> list[Any]:
    """Return the user stream's messages of a kind."""
    events = [message.get("event", message) for message in heard if isinstance(message, dict)]
    return [event for event in events if event.get("e") == kind]


@MARKETS
async def test_a_cut_stream_raises_and_is_opened_anew(
    exchange: LoopbackExchange, market: str
) -> None:
    async with ccxt_client(exchange, market) as client:
        symbol = symbol_of(market)
        await client.watch_ticker(symbol)
        waiting = asyncio.create_task(client.watch_ticker(symbol))
        await asyncio.sleep(0)
        assert exchange.sockets.cut(f"{market} market") == 1
        with pytest.raises(ccxt.NetworkError):
            await waiting
        await until(lambda: not exchange.sockets.open)
        assert (await client.watch_ticker(symbol))["last"] == 50_000.0


@MARKETS
async def test_a_stalled_stream_is_silent_but_answers_pings(
    exchange: LoopbackExchange, market: str
) -> None:
    async with ccxt_client(exchange, market) as client:
        symbol = symbol_of(market)
        await client.watch_ticker(symbol)
        exchange.sockets.stall("* market")
        (connection,) = client.clients.values()
        before = connection.last_message_at
        waiting = asyncio.create_task(client.watch_ticker(symbol))
        exchange.market.trade("BTCUSDT", "51000")
        await connection.connection.ping()
        await until(lambda: connection.lastPong is not None, "pong")
        assert before is not None and not waiting.done()
        exchange.sockets.resume()
        exchange.market.trade("BTCUSDT", "52000")
        assert (await waiting)["last"] == 52_000.0


@MARKETS
async def test_a_stall_may_take_new_connections_too(
    exchange: LoopbackExchange, market: str
) -> None:
    exchange.sockets.stall("*", new_too=True)
    async with ccxt_client(exchange, market) as client:
        waiting = asyncio.create_task(client.watch_ticker(symbol_of(market)))
        await until(lambda: exchange.journal.requests("SEND *"))
        assert exchange.journal.requests("SEND *")[0].outcome == "stalled"
        assert not waiting.done()
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting


@MARKETS
async def test_missing_and_nan_fields_on_a_stream(exchange: LoopbackExchange, market: str) -> None:
    async with ccxt_client(exchange, market) as client:
        symbol = symbol_of(market)
        exchange.faults.add("STREAM btcusdt@kline_1m", "fields", fields={"k.c": None, "k.h": "0"})
        candle = (await client.watch_ohlcv(symbol, "1m"))[-1]
        assert candle[4] is None and candle[2] == 0.0
        exchange.faults.add("STREAM btcusdt@miniTicker", "fields", fields={"c": None})
        ticker = await client.watch_ticker(symbol)
        assert ticker["info"]["c"] is None


@MARKETS
@pytest.mark.parametrize("kind", ["malformed", "fields"])
async def test_one_bad_message_ends_the_receive_loop_of_ccxt_unheard(
    exchange: LoopbackExchange, market: str, kind: str
) -> None:
    async with ccxt_client(exchange, market) as client:
        heard = listen(client)
        errors: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, told: errors.append(told))
        symbol = symbol_of(market)
        await client.watch_ohlcv(symbol, "1m")
        waiting = asyncio.create_task(client.watch_ohlcv(symbol, "1m"))
        await asyncio.sleep(0)
        exchange.faults.add("STREAM btcusdt@*", kind, fields={"k": [1]})
        exchange.market.trade("BTCUSDT", "51000")
        await until(lambda: errors)
        before = len(heard)
        exchange.market.trade("BTCUSDT", "52000")
        (socket,) = exchange.sockets.open
        await until(lambda: socket.is_idle)
        assert len(heard) == before and not waiting.done()
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting


@MARKETS
async def test_dropped_doubled_and_reordered_candles(
    exchange: LoopbackExchange, market: str
) -> None:
    async with ccxt_client(exchange, market) as client:
        heard = listen(client)
        await client.watch_ohlcv(symbol_of(market), "1m")
        exchange.clock.hold()
        heard.clear()
        for kind in ("drop", "double", "reorder"):
            exchange.faults.add("STREAM *@kline_1m", kind, times=1)
            for price in ("50100", "50200"):
                exchange.market.trade("BTCUSDT", price)
            exchange.faults.clear()
        await until(lambda: len(heard) == 6)
        closes = [message["k"]["c"][:5] for message in heard]
        assert closes == ["50200", "50100", "50100", "50200", "50200", "50100"]


@MARKETS
async def test_doubled_reordered_and_dropped_user_messages(
    exchange: LoopbackExchange, market: str
) -> None:
    kind = "executionReport" if market == "spot" else "ORDER_TRADE_UPDATE"
    exchange.liquidity["BTCUSDT"] = Decimal("0.01")
    async with ccxt_client(exchange, market) as client:
        heard = listen(client)
        waiting = asyncio.create_task(client.watch_orders(symbol_of(market)))
        streams = exchange.user_streams
        await until(lambda: streams._spot or streams._swap)
        exchange.faults.add(f"USER {kind}", "drop")
        exchange.faults.add(f"USER {kind}", "double", skip=1)
        exchange.by_hand.order(market, "BTCUSDT", "buy", "0.02", price="50100")
        exchange.market.trade("BTCUSDT", "50000")
        await until(lambda: len(user_events(heard, kind)) >= 3)
        inner = [
            event.get("o") if market == "swap" else event for event in user_events(heard, kind)
        ]
        assert [event["X"] for event in inner][:3] == [
            "PARTIALLY_FILLED",
            "PARTIALLY_FILLED",
            "FILLED",
        ]
        await waiting


@MARKETS
async def test_an_outage_ends_everything_and_the_port_comes_back(
    exchange: LoopbackExchange, market: str
) -> None:
    async with ccxt_client(exchange, market) as client:
        symbol = symbol_of(market)
        await client.watch_ticker(symbol)
        waiting = asyncio.create_task(client.watch_ticker(symbol))
        await asyncio.sleep(0)
        port = exchange.port
        async with exchange.gone():
            with pytest.raises(ccxt.NetworkError):
                await waiting
            with pytest.raises(ccxt.ExchangeNotAvailable):
                await client.fetch_ticker(symbol)
            with pytest.raises(ccxt.NetworkError):
                await client.watch_ticker(symbol)
            exchange.market.trade("BTCUSDT", "51000")
        assert exchange.port == port
        assert (await client.fetch_ticker(symbol))["last"] == 51_000.0
        assert (await client.watch_ticker(symbol))["last"] == 51_000.0


@pytest.mark.parametrize(
    ("kind", "settings"), [("reset", {}), ("status", {"status": 429, "retry_after_s": 1})]
)
async def test_new_connections_may_be_refused(
    exchange: LoopbackExchange, kind: str, settings: dict[str, Any]
) -> None:
    async with ccxt_client(exchange, "spot") as client:
        exchange.faults.add("WS /stream/*", kind, times=None, **settings)
        with pytest.raises(ccxt.NetworkError):
            await client.watch_ticker("BTC/USDT")
        # aiohttp repeats a GET that was reset once, unseen.
        assert len(exchange.journal.requests("WS *")) == (2 if kind == "reset" else 1)


async def test_a_dead_listen_key_is_heard_of(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange, "swap") as client:
        heard = listen(client)
        waiting = asyncio.create_task(client.watch_orders("BTC/USDT:USDT"))
        await until(lambda: exchange.user_streams._swap)
        exchange.user_streams.expire_listen_key()
        await until(lambda: user_events(heard, "listenKeyExpired"))
        exchange.sockets.cut("* user")
        with pytest.raises(ccxt.NetworkError):
            await waiting


async def test_a_terminated_spot_stream_tells_nothing_more(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange, "spot") as client:
        heard = listen(client)
        waiting = asyncio.create_task(client.watch_orders("BTC/USDT"))
        await until(lambda: exchange.user_streams._spot)
        exchange.user_streams.terminate_spot()
        await until(lambda: user_events(heard, "eventStreamTerminated"))
        exchange.by_hand.order("spot", "BTCUSDT", "buy", "0.01")
        assert not user_events(heard, "executionReport")
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
