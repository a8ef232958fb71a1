"""The unmodified ccxt.pro listens to market and user streams of the loopback exchange."""

import asyncio
from typing import Any

import ccxt.pro as ccxt
import pytest

from tests.loopback import LoopbackExchange
from tests.loopback.fixtures import ccxt_client, exchange, symbol_of, until

__all__ = ["exchange"]
MARKETS = pytest.mark.parametrize("market", ["spot", "swap"])
PREFIX = {"spot": "spot", "swap": "linear"}


async def told(exchange: LoopbackExchange, market: str) -> None:
    """Wait until the account's user stream is open and subscribed."""
    streams = exchange.user_streams
    await until(lambda: streams._spot if market == "spot" else streams._swap, "user stream")


@MARKETS
async def test_tickers(exchange: LoopbackExchange, market: str) -> None:
    async with ccxt_client(exchange, market) as client:
        symbol = symbol_of(market)
        assert (await client.watch_ticker(symbol))["last"] == 50_000.0
        waiting = asyncio.create_task(client.watch_tickers([symbol, symbol_of(market, "ETH")]))
        assert (await waiting).popitem()[1]["last"] in {50_000.0, 3_000.0}
        waiting = asyncio.create_task(client.watch_ticker(symbol))
        await asyncio.sleep(0)
        exchange.market.trade("BTCUSDT", "50123.4")
        ticker = await waiting
        assert (ticker["last"], ticker["info"]["c"]) == (50_123.4, "50123.40000000")
        everything = await client.watch_tickers()
        assert symbol in everything


@MARKETS
async def test_full_tickers_carry_the_book_on_spot_only(
    exchange: LoopbackExchange, market: str
) -> None:
    async with ccxt_client(exchange, market) as client:
        ticker = await client.watch_ticker(symbol_of(market), {"name": "ticker"})
        assert ticker["bid"] == (50_000.0 if market == "spot" else None)


@MARKETS
async def test_bids_and_asks(exchange: LoopbackExchange, market: str) -> None:
    async with ccxt_client(exchange, market) as client:
        symbol = symbol_of(market)
        top = (await client.watch_bids_asks([symbol]))[symbol]
        assert (top["bid"], top["ask"]) == (50_000.0, 50_000.1)


@MARKETS
async def test_candles_form_close_and_begin_anew(exchange: LoopbackExchange, market: str) -> None:
    async with ccxt_client(exchange, market) as client:
        exchange.clock.hold(1_700_000_010_000)
        symbol = symbol_of(market)
        seen = await client.watch_ohlcv(symbol, "1m")
        assert seen[-1][0] == 1_699_999_980_000
        closes = []
        for price, step in (("50100", 20_000), ("50200", 60_000)):
            waiting = asyncio.create_task(client.watch_ohlcv(symbol, "1m"))
            await asyncio.sleep(0)
            exchange.market.trade("BTCUSDT", price)
            closes.append((await waiting)[-1][4])
            exchange.advance(step)
        assert closes == [50_100.0, 50_200.0]
        await until(lambda: len(client.ohlcvs[symbol]["1m"]) == 2)
        assert client.ohlcvs[symbol]["1m"][-1] == [1_700_000_040_000, *[50_200.0] * 4, 0.0]
        rest = await client.fetch_ohlcv(symbol, "1m", None, 2)
        assert rest == list(client.ohlcvs[symbol]["1m"])


async def test_seconds_close_in_real_time(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange, "spot") as client:
        first = (await client.watch_ohlcv("BTC/USDT", "1s"))[-1][0]
        while (latest := (await client.watch_ohlcv("BTC/USDT", "1s"))[-1][0]) == first:
            pass
        assert (latest - first) % 1_000 == 0


@MARKETS
async def test_trades_and_order_book(exchange: LoopbackExchange, market: str) -> None:
    async with ccxt_client(exchange, market) as client:
        symbol = symbol_of(market)
        waiting = asyncio.create_task(client.watch_trades(symbol))
        await until(lambda: exchange.market_streams[market].names)
        exchange.market.trade("BTCUSDT", "50010", "3")
        (trade,) = await waiting
        assert (trade["price"], trade["amount"]) == (50_010.0, 3.0)
        book = await client.watch_order_book(symbol)
        assert book["bids"][0][0] == 50_010.0
        waiting = asyncio.create_task(client.watch_order_book(symbol))
        await asyncio.sleep(0)
        exchange.market.trade("BTCUSDT", "49990")
        book = await waiting
        assert (book["bids"][0][0], book["asks"][0][0]) == (49_990.0, 49_990.1)


@MARKETS
async def test_orders_and_trades_are_told(exchange: LoopbackExchange, market: str) -> None:
    async with ccxt_client(exchange, market) as client:
        symbol = symbol_of(market)
        orders = asyncio.create_task(client.watch_orders(symbol))
        trades = asyncio.create_task(client.watch_my_trades(symbol))
        await told(exchange, market)
        params = {"clientOrderId": "cts-7"}
        placed = await client.create_order(symbol, "limit", "buy", 0.1, 49_000, params)
        (opened,) = await orders
        assert (opened["id"], opened["status"]) == (placed["id"], "open")
        assert opened["clientOrderId"] == "cts-7"
        orders = asyncio.create_task(client.watch_orders(symbol))
        await asyncio.sleep(0)
        exchange.market.trade("BTCUSDT", "48000")
        (filled,) = await orders
        assert (filled["status"], filled["filled"]) == ("closed", 0.1)
        assert filled["average"] == 49_000.0
        (trade,) = await trades
        assert (trade["price"], trade["takerOrMaker"]) == (49_000.0, "maker")
        assert trade["fee"]["currency"] == ("BTC" if market == "spot" else "USDT")
        orders = asyncio.create_task(client.watch_orders(symbol))
        other = exchange.by_hand.order(market, "BTCUSDT", "buy", "0.01", price="40000")
        exchange.by_hand.cancel(market, other.id)
        while (await orders)[-1]["status"] != "canceled":
            orders = asyncio.create_task(client.watch_orders(symbol))


@MARKETS
async def test_balances_are_told(exchange: LoopbackExchange, market: str) -> None:
    async with ccxt_client(exchange, market) as client:
        waiting = asyncio.create_task(client.watch_balance())
        await told(exchange, market)
        exchange.by_hand.order(market, "BTCUSDT", "buy", "0.1")
        balance = await waiting
        field = "free" if market == "spot" else "total"
        truth = (
            exchange.spot.balance("USDT").free if market == "spot" else exchange.swap.wallet["USDT"]
        )
        assert balance["USDT"][field] == float(truth)


async def test_positions_are_told(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange, "swap") as client:
        assert await client.watch_positions() == []
        waiting = asyncio.create_task(client.watch_positions())
        await told(exchange, "swap")
        await asyncio.sleep(0)
        exchange.by_hand.order("swap", "BTCUSDT", "sell", "0.1")
        (position,) = await waiting
        assert (position["side"], position["contracts"]) == ("short", 0.1)


async def test_conditional_orders_are_told(exchange: LoopbackExchange) -> None:
    symbol = "BTC/USDT:USDT"
    async with ccxt_client(exchange, "swap") as client:
        waiting = asyncio.create_task(client.watch_orders(symbol))
        await told(exchange, "swap")
        exchange.by_hand.position("BTCUSDT", "0.1", "50000")
        stop = exchange.by_hand.stop("swap", "BTCUSDT", "SELL", "0.1", "49000")
        (opened,) = await waiting
        assert (opened["id"], opened["triggerPrice"]) == (str(stop.id), 49_000.0)
        exchange.market.trade("BTCUSDT", "48900")
        seen: dict[str, str] = {}
        while seen.get(str(stop.id)) != "closed" or len(seen) < 2:
            seen |= {o["id"]: o["status"] for o in await client.watch_orders(symbol)}
        assert set(seen.values()) == {"closed"}


async def test_a_wrong_key_cannot_listen(exchange: LoopbackExchange) -> None:
    for market, settings in (("spot", {"secret": "wrong"}), ("swap", {"apiKey": "wrongwrong"})):
        async with ccxt_client(exchange, market, **settings) as client:
            client.options["fetchCurrencies"] = False
            # ccxt 4.5.90 loses the refusal of a spot stream to a KeyError of its own.
            with pytest.raises((ccxt.AuthenticationError, KeyError)):
                await client.watch_orders(symbol_of(market))


async def test_an_unknown_stream_is_refused(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange, "spot") as client:
        await client.load_markets()
        exchange.delist("BTCUSDT", "spot")
        with pytest.raises(ccxt.BaseError, match="invalid stream"):
            await client.watch_ticker("BTC/USDT")


async def test_unwatching_ends_a_stream(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange, "spot") as client:
        await client.watch_ticker("BTC/USDT")
        await client.un_watch_ticker("BTC/USDT")
        assert exchange.market_streams["spot"].names == []


def closed_flags(messages: list[dict[str, Any]]) -> list[bool]:
    """Return the closed flags of kline messages."""
    return [message["k"]["x"] for message in messages if message.get("e") == "kline"]


async def test_every_minute_is_closed_once_when_time_jumps(exchange: LoopbackExchange) -> None:
    exchange.clock.hold(1_700_000_010_000)
    heard: list[dict[str, Any]] = []
    async with ccxt_client(exchange, "spot") as client:
        handle = client.handle_message
        client.handle_message = lambda c, m: (heard.append(m), handle(c, m))[1]
        await client.watch_ohlcv("BTC/USDT", "1m")
        exchange.advance(180_000)
        await until(lambda: len(closed_flags(heard)) == 5)
        assert closed_flags(heard) == [False, True, True, True, False]
