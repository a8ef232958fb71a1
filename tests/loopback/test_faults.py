"""Each fault of the loopback exchange is what the unmodified ccxt makes of it in the notes."""

from typing import Any

import ccxt.async_support as ccxt
import pytest

from tests.loopback import LoopbackExchange
from tests.loopback.faults import ABSENT
from tests.loopback.fixtures import ccxt_client, exchange, symbol_of, until

__all__ = ["exchange"]
MARKETS = pytest.mark.parametrize("market", ["spot", "swap"])
ORDER = {"spot": "POST /api/v3/order", "swap": "POST /fapi/v1/order"}
KLINES = {"spot": "GET /api/v3/klines", "swap": "GET /fapi/v1/klines"}
DAY = {"spot": "GET /api/v3/ticker/24hr", "swap": "GET /fapi/v1/ticker/24hr"}


async def order(client: Any, market: str, client_id: str = "cts-1") -> Any:
    """Place a limit order that rests."""
    params = {"clientOrderId": client_id}
    return await client.create_order(symbol_of(market), "limit", "buy", 0.1, 49_000, params)


@MARKETS
@pytest.mark.parametrize(
    ("kind", "settings", "error"),
    [
        ("reset", {}, ccxt.ExchangeNotAvailable),
        ("hang", {}, ccxt.RequestTimeout),
        ("status", {"status": 429, "retry_after_s": 7}, ccxt.DDoSProtection),
        ("status", {"status": 418}, ccxt.DDoSProtection),
        ("status", {"status": 403}, ccxt.ExchangeNotAvailable),
        ("status", {"status": 500}, ccxt.ExchangeNotAvailable),
        ("status", {"status": 503}, ccxt.ExchangeNotAvailable),
        ("status", {"status": 504}, ccxt.RequestTimeout),
        ("status", {"code": -1003, "message": "Too many", "status": 429}, ccxt.DDoSProtection),
        ("status", {"code": -1001, "message": "Internal error"}, ccxt.OperationFailed),
        ("maintenance", {}, ccxt.OnMaintenance),
    ],
)
@pytest.mark.parametrize("accepts", [False, True])
async def test_failures_before_and_after_the_order_was_accepted(
    exchange: LoopbackExchange,
    market: str,
    kind: str,
    settings: dict[str, Any],
    error: type[Exception],
    accepts: bool,
) -> None:
    async with ccxt_client(exchange, market) as client:
        await client.load_markets()
        client.timeout = 300 if kind == "hang" else 10_000
        exchange.faults.add(ORDER[market], kind, accepts=accepts, **settings)
        with pytest.raises(error):
            await order(client, market)
        assert [o.client_id for o in exchange.accepted] == (["cts-1"] if accepts else [])
        if "retry_after_s" in settings:
            assert client.last_response_headers["Retry-After"] == "7"
        (record,) = exchange.journal.requests(ORDER[market])
        assert record.fault == kind and record.params["newClientOrderId"] == "cts-1"
        client.timeout = 10_000
        assert (await order(client, market, "cts-2"))["status"] == "open"


@MARKETS
@pytest.mark.parametrize("kind", ["html", "empty", "malformed"])
async def test_garbage_with_status_200_is_silent(
    exchange: LoopbackExchange, market: str, kind: str
) -> None:
    async with ccxt_client(exchange, market) as client:
        await client.load_markets()
        exchange.faults.add(ORDER[market], kind, accepts=True)
        exchange.faults.add(KLINES[market], kind)
        assert (await order(client, market))["id"] is None
        assert len(exchange.accepted) == 1
        rows = await client.fetch_ohlcv(symbol_of(market))
        # ccxt takes each character of a text for a candle.
        assert {tuple(row[1:]) for row in rows} <= {(None,) * 5}


@MARKETS
async def test_a_truncated_body(exchange: LoopbackExchange, market: str) -> None:
    async with ccxt_client(exchange, market) as client:
        await client.load_markets()
        exchange.faults.add(ORDER[market], "truncated", accepts=True)
        with pytest.raises(ccxt.BaseError):
            await order(client, market)
        assert len(exchange.accepted) == 1


@MARKETS
@pytest.mark.parametrize(
    "settings", [{}, {"status": 504}, {"mode": "hang"}], ids=["reset", "504", "hang"]
)
async def test_an_order_that_appears_late(
    exchange: LoopbackExchange, market: str, settings: dict[str, Any]
) -> None:
    async with ccxt_client(exchange, market) as client:
        await client.load_markets()
        exchange.faults.add(ORDER[market], "late", seconds=60, **settings)
        client.timeout = 300 if "mode" in settings else 10_000
        with pytest.raises(ccxt.NetworkError):
            await order(client, market)
        client.timeout = 10_000
        with pytest.raises(ccxt.OrderNotFound):
            await client.fetch_order("", symbol_of(market), {"clientOrderId": "cts-1"})
        exchange.release_late()
        await until(lambda: exchange.accepted)
        found = await client.fetch_order("", symbol_of(market), {"clientOrderId": "cts-1"})
        assert found["status"] == "open"
        assert exchange.journal.requests(ORDER[market])[0].outcome == "late 200"


@MARKETS
async def test_wrong_keys_and_rights(exchange: LoopbackExchange, market: str) -> None:
    for settings, code in (
        ({"apiKey": "short"}, "-2014"),
        ({"apiKey": "unknownKey0123456789"}, "-2015"),
        ({"secret": "wrong"}, "-1022"),
    ):
        async with ccxt_client(exchange, market, **settings) as client:
            client.options["fetchCurrencies"] = False
            with pytest.raises(ccxt.AuthenticationError, match=code):
                await client.fetch_balance()
    async with ccxt_client(exchange, market) as client:
        await client.load_markets()
        exchange.gate.can_trade = False
        with pytest.raises(ccxt.AuthenticationError, match="-2015"):
            await order(client, market)
        exchange.gate.can_trade, exchange.gate.is_whitelisted = True, False
        with pytest.raises(ccxt.AuthenticationError, match="-2015"):
            await client.fetch_balance()


async def test_the_key_tells_what_it_may_do(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange, "spot") as client:
        exchange.withdraw_allowed = True
        rights = await client.sapi_get_account_apirestrictions()
        assert (rights["enableWithdrawals"], rights["ipRestrict"]) == (True, True)


@MARKETS
async def test_the_weight_of_requests_is_limited(exchange: LoopbackExchange, market: str) -> None:
    async with ccxt_client(exchange, market) as client:
        await client.load_markets()
        assert int(client.last_response_headers["X-MBX-USED-WEIGHT-1M"]) >= 20
        exchange.rates.limit = exchange.rates.used + 1
        await client.fetch_time()
        with pytest.raises(ccxt.DDoSProtection, match="429"):
            await client.fetch_time()
        assert 0 < int(client.last_response_headers["Retry-After"]) <= 61
        exchange.rates.used *= 2
        with pytest.raises(ccxt.DDoSProtection, match="418"):
            await client.fetch_time()


@MARKETS
@pytest.mark.parametrize("value", [None, "0", ABSENT])
async def test_missing_prices_are_invented_by_ccxt(
    exchange: LoopbackExchange, market: str, value: str | None
) -> None:
    async with ccxt_client(exchange, market) as client:
        rule = exchange.faults.add(
            DAY[market], "fields", fields={"lastPrice": value}, symbol="BTCUSDT"
        )
        ticker = await client.fetch_ticker(symbol_of(market))
        assert ticker["info"].get("lastPrice") == (None if value == ABSENT else value)
        assert rule.hits == 1
        assert (await client.fetch_ticker(symbol_of(market)))["info"]["lastPrice"]


@MARKETS
async def test_nan_in_one_ticker_fails_all(exchange: LoopbackExchange, market: str) -> None:
    async with ccxt_client(exchange, market) as client:
        exchange.faults.add(DAY[market], "fields", fields={"lastPrice": "NaN"}, symbol="BTCUSDT")
        with pytest.raises(ValueError, match="NaN"):
            await client.fetch_tickers()


@MARKETS
async def test_frozen_tickers_look_alive(exchange: LoopbackExchange, market: str) -> None:
    async with ccxt_client(exchange, market) as client:
        exchange.market.freeze("BTCUSDT")
        exchange.market.trade("BTCUSDT", "60000")
        assert (await client.fetch_ticker(symbol_of(market)))["last"] == 50_000.0
        assert (await client.fetch_ohlcv(symbol_of(market)))[-1][4] == 60_000.0
        exchange.market.thaw("BTCUSDT")
        assert (await client.fetch_ticker(symbol_of(market)))["last"] == 60_000.0


@MARKETS
async def test_spoiled_candles(exchange: LoopbackExchange, market: str) -> None:
    async with ccxt_client(exchange, market) as client:
        symbol = symbol_of(market)
        exchange.clock.hold()

        async def times(mode: str) -> list[int]:
            exchange.faults.add(KLINES[market], "candles", mode=mode)
            raw = await (
                client.fapipublic_get_klines if market == "swap" else client.public_get_klines
            )({"symbol": "BTCUSDT", "interval": "1m", "limit": 20})
            return [int(row[0]) for row in raw]

        good = [row[0] for row in await client.fetch_ohlcv(symbol, "1m", None, 20)]
        doubled, shuffled = await times("double"), await times("shuffle")
        assert len(doubled) == 21 and sorted(set(doubled)) == good
        assert shuffled != good and sorted(shuffled) == good
        assert len(await times("gap")) < 20 and await times("short") == good[:-1]
        exchange.faults.add(KLINES[market], "fields", fields={"4": None})
        assert (await client.fetch_ohlcv(symbol, "1m", None, 5))[-1][4] is None


async def test_maintenance_refuses_everything(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange, "spot", streaming=True) as client:
        await client.load_markets()
        exchange.is_in_maintenance = True
        with pytest.raises(ccxt.OnMaintenance):
            await client.fetch_balance()
        with pytest.raises(ccxt.NetworkError):
            await client.watch_ticker("BTC/USDT")
        exchange.is_in_maintenance = False
        assert (await client.fetch_status())["status"] == "ok"


async def test_chance_skip_and_times_are_deterministic() -> None:
    struck = []
    for _ in range(2):
        async with LoopbackExchange(seed=3) as exchange:
            exchange.faults.add("GET /x", "reset", times=None, chance=0.5)
            exchange.faults.add("GET /y", "reset", times=2, skip=1)
            struck.append([bool(exchange.faults.strike("GET /x")) for _ in range(50)])
            assert [bool(exchange.faults.strike("GET /y")) for _ in range(5)] == [
                False,
                True,
                True,
                False,
                False,
            ]
    assert struck[0] == struck[1] and 10 < sum(struck[0]) < 40
