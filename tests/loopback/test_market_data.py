"""The unmodified ccxt reads markets, prices and candles from the loopback exchange."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

import ccxt.async_support
import pytest

from tests.loopback import LoopbackExchange
from tests.loopback.candles import Candle
from tests.loopback.fixtures import ccxt_client, exchange, symbol_of

__all__ = ["exchange"]
MARKETS = pytest.mark.parametrize("market", ["spot", "swap"])


def addresses(urls: Any) -> list[str]:
    """Return every address in ccxt's nested urls."""
    if isinstance(urls, dict):
        return [address for value in urls.values() for address in addresses(value)]
    return [urls]


@MARKETS
@pytest.mark.parametrize("exchange_id", ["binance", "binanceusdm"])
async def test_every_address_of_ccxt_is_turned_to_loopback(
    exchange: LoopbackExchange, market: str, exchange_id: str
) -> None:
    async with ccxt_client(exchange, market, exchange_id=exchange_id) as client:
        for part in ("api", "test", "demo"):
            away = [a for a in addresses(client.urls[part]) if "//127.0.0.1:" not in a]
            assert not away


@MARKETS
@pytest.mark.parametrize("how", ["plain", "sandbox", "demo"])
async def test_markets_load_from_loopback_only(
    exchange: LoopbackExchange, market: str, how: str
) -> None:
    async with ccxt_client(exchange, market) as client:
        if how == "sandbox":
            client.set_sandbox_mode(True)
        if how == "demo":
            client.enable_demo_trading(True)
        await client.load_markets()
        found = client.market(symbol_of(market))
        assert found["active"] and found[market]
        assert found["precision"] == {"amount": 0.00001, "price": 0.1, "base": 1e-8, "quote": 1e-8}
        assert found["limits"]["cost"]["min"] == 5
        asked = {record.path for record in exchange.journal}
        info = "/api/v3/exchangeInfo" if market == "spot" else "/fapi/v1/exchangeInfo"
        assert asked == ({info} if how != "plain" else {info, "/sapi/v1/capital/config/getall"})


async def test_binanceusdm_loads_and_trades(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange, "swap", exchange_id="binanceusdm") as client:
        order = await client.create_order("BTC/USDT:USDT", "market", "sell", 0.01)
        assert order["status"] == "closed"
        assert [p["side"] for p in await client.fetch_positions()] == ["short"]


@MARKETS
async def test_tickers_follow_the_price(exchange: LoopbackExchange, market: str) -> None:
    async with ccxt_client(exchange, market) as client:
        symbol = symbol_of(market)
        exchange.market.trade("BTCUSDT", "51000", "2")
        one = await client.fetch_ticker(symbol)
        assert one["last"] == 51000.0 and one["high"] >= 51000.0
        many = await client.fetch_tickers()
        assert many[symbol]["last"] == 51000.0
        assert len(many) == (7 if market == "spot" else 6)
        top = (await client.fetch_bids_asks([symbol]))[symbol]
        assert (top["bid"], top["ask"]) == (51000.0, 51000.1)
        book = await client.fetch_order_book(symbol)
        assert (book["bids"][0][0], book["asks"][0][0]) == (51000.0, 51000.1)
        assert (await client.fetch_trades(symbol))[-1]["price"] == 51000.0


@MARKETS
async def test_candles_are_seamless_and_end_with_the_open_one(
    exchange: LoopbackExchange, market: str
) -> None:
    async with ccxt_client(exchange, market) as client:
        exchange.clock.hold(1_700_000_030_000)
        exchange.market.trade("BTCUSDT", "50500")
        for timeframe, step in (("1s", 1_000), ("1m", 60_000), ("5m", 300_000), ("1h", 3_600_000)):
            candles = await client.fetch_ohlcv(symbol_of(market), timeframe, None, 4)
            times = [candle[0] for candle in candles]
            assert times[-1] == 1_700_000_030_000 // step * step
            assert all(after - before == step for before, after in pairwise(times))
            assert all(c[3] <= min(c[1], c[4]) <= max(c[1], c[4]) <= c[2] for c in candles)
        assert candles[-1][4] == 50500.0


async def test_candles_are_the_same_at_every_time_of_asking() -> None:
    async with LoopbackExchange(seed=7) as one, LoopbackExchange(seed=7) as other:
        rows = []
        for exchange in (one, other):
            exchange.clock.hold(1_700_000_000_000)
            async with ccxt_client(exchange, "spot") as client:
                rows.append(await client.fetch_ohlcv("ETH/USDT", "1m", None, 200))
        assert rows[0] == rows[1] and len(rows[0]) == 200


async def test_candles_can_be_paged_by_time(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange, "spot") as client:
        exchange.clock.hold()
        everything = await client.fetch_ohlcv("BTC/USDT", "1m", None, 100)
        page = await client.fetch_ohlcv("BTC/USDT", "1m", everything[10][0], 20)
        assert page == everything[10:30]
        until = await client.fetch_ohlcv(
            "BTC/USDT", "1m", everything[10][0], 50, {"until": everything[14][0]}
        )
        assert until == everything[10:15]


async def test_quiet_minutes_are_flat_candles(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange, "spot") as client:
        exchange.clock.hold()
        exchange.market.trade("BTCUSDT", "52000")
        exchange.advance(180_000)
        quiet = (await client.fetch_ohlcv("BTC/USDT", "1m", None, 2))[0]
        assert quiet[1:] == [52000.0, 52000.0, 52000.0, 52000.0, 0.0]


async def test_recorded_candles_replace_the_history(exchange: LoopbackExchange) -> None:
    exchange.clock.hold(1_700_000_040_000)
    start = 1_700_000_040_000 - 120_000
    values = [Decimal(value) for value in ("1", "3", "0.5", "2", "10")]
    exchange.market.load_history("BTCUSDT", [Candle(start, *values)])
    async with ccxt_client(exchange, "spot") as client:
        candles = await client.fetch_ohlcv("BTC/USDT", "1m")
        assert candles[0] == [start, 1.0, 3.0, 0.5, 2.0, 10.0]
        assert candles[1][1:] == [2.0, 2.0, 2.0, 2.0, 0.0]


async def test_an_unknown_symbol_is_refused(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange, "spot") as client:
        with pytest.raises(ccxt.async_support.BadSymbol, match="-1121"):
            await client.public_get_klines({"symbol": "NOPE", "interval": "1m"})


@MARKETS
async def test_a_halted_market_is_inactive_and_a_delisted_one_is_gone(
    exchange: LoopbackExchange, market: str
) -> None:
    async with ccxt_client(exchange, market) as client:
        await client.load_markets()
        exchange.halt("ETHUSDT", market)
        exchange.delist("SOLUSDT", market)
        await client.load_markets(True)
        assert client.market(symbol_of(market, "ETH"))["active"] is False
        assert symbol_of(market, "SOL") not in client.markets
        with pytest.raises(ccxt.async_support.BaseError):
            await client.fetch_ohlcv(symbol_of(market, "SOL"))


async def test_the_clock_may_be_wrong(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange, "spot") as client:
        exchange.clock_skew_ms = 30_000
        assert abs(await client.fetch_time() - client.milliseconds() - 30_000) < 5_000
        with pytest.raises(ccxt.async_support.InvalidNonce, match="-1021"):
            await client.private_get_account()
        await client.load_time_difference()
        assert (await client.private_get_account())["accountType"] == "SPOT"
