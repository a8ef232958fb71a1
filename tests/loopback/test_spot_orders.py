"""Every kind of spot order through the unmodified ccxt: filters, matching, money, paging."""

from decimal import Decimal
from typing import Any

import ccxt.async_support as ccxt
import pytest

from tests.loopback import LoopbackExchange
from tests.loopback.fixtures import ccxt_client, error_codes, exchange

__all__ = ["exchange"]
SYMBOL = "BTC/USDT"
WRONG_ORDERS = [
    ("limit", "buy", 0.0001, 10_000.0, {}, ccxt.BaseError, "NOTIONAL"),
    ("limit", "buy", 100, 50_000.0, {}, ccxt.InsufficientFunds, "insufficient balance"),
    ("market", "sell", 5, None, {}, ccxt.InsufficientFunds, "insufficient balance"),
    ("market", "buy", 0.01, None, {"clientOrderId": "x" * 37}, ccxt.BadRequest, "-1100"),
    ("limit", "buy", 0.01, 50_500, {"postOnly": True}, ccxt.OrderImmediatelyFillable, "match"),
    ("market", "sell", 0.01, None, {"stopLossPrice": 50_001}, ccxt.InvalidOrder, "trigger"),
]


async def test_a_market_buy_takes_the_ask_and_pays_its_fee_in_base(
    exchange: LoopbackExchange,
) -> None:
    async with ccxt_client(exchange) as client:
        order = await client.create_order(SYMBOL, "market", "buy", 0.01)
        assert (order["status"], order["average"], order["filled"]) == ("closed", 50_000.1, 0.01)
        assert order["fees"] == [{"currency": "BTC", "cost": 0.00001}]
        balance = await client.fetch_balance()
        assert balance["BTC"]["free"] == 1.00999
        assert balance["USDT"]["free"] == 99_499.999
        (trade,) = await client.fetch_my_trades(SYMBOL)
        assert (trade["order"], trade["takerOrMaker"]) == (order["id"], "taker")


async def test_fees_can_be_taken_in_another_currency(exchange: LoopbackExchange) -> None:
    exchange.spot.fee_currency = "BNB"
    async with ccxt_client(exchange) as client:
        order = await client.create_order(SYMBOL, "market", "sell", 0.01)
        (fee,) = order["fees"]
        assert fee["currency"] == "BNB" and fee["cost"] == pytest.approx(0.5 / 600, abs=1e-8)
        assert (await client.fetch_balance())["USDT"]["free"] == 100_500.0


async def test_a_market_buy_by_cost_spends_no_more_than_it(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange) as client:
        order = await client.create_market_buy_order_with_cost(SYMBOL, 100)
        assert order["filled"] == 0.00199
        assert order["cost"] == pytest.approx(99.500199)


async def test_a_limit_order_rests_locks_and_fills_as_maker(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange) as client:
        order = await client.create_order(SYMBOL, "limit", "buy", 0.1, 49_000)
        assert order["status"] == "open"
        assert (await client.fetch_balance())["USDT"]["used"] == 4_900.0
        assert [o["id"] for o in await client.fetch_open_orders(SYMBOL)] == [order["id"]]
        exchange.market.trade("BTCUSDT", "48990")
        done = await client.fetch_order(order["id"], SYMBOL)
        assert (done["status"], done["average"]) == ("closed", 49_000.0)
        assert (await client.fetch_my_trades(SYMBOL))[0]["takerOrMaker"] == "maker"
        assert (await client.fetch_balance())["USDT"] == {
            "free": 95_100.0,
            "used": 0.0,
            "total": 95_100.0,
        }
        assert [o["id"] for o in await client.fetch_closed_orders(SYMBOL)] == [order["id"]]


async def test_scripted_liquidity_fills_in_parts(exchange: LoopbackExchange) -> None:
    exchange.liquidity["BTCUSDT"] = Decimal("0.04")
    async with ccxt_client(exchange) as client:
        order = await client.create_order(SYMBOL, "limit", "sell", 0.1, 50_000)
        assert (order["status"], order["filled"]) == ("open", 0.04)
        seen = []
        for price in ("50010", "50020"):
            exchange.market.trade("BTCUSDT", price)
            seen.append((await client.fetch_order(order["id"], SYMBOL))["filled"])
        assert seen == [0.08, 0.1]
        assert len(await client.fetch_my_trades(SYMBOL)) == 3
        rest = await client.create_order(SYMBOL, "market", "sell", 0.5)
        assert (rest["status"], rest["filled"]) == ("expired", 0.02)


@pytest.mark.parametrize(
    ("tif", "filled", "status"), [("IOC", 0.04, "expired"), ("FOK", 0.0, "expired")]
)
async def test_time_in_force(
    exchange: LoopbackExchange, tif: str, filled: float, status: str
) -> None:
    exchange.liquidity["BTCUSDT"] = Decimal("0.04")
    async with ccxt_client(exchange) as client:
        params = {"timeInForce": tif}
        order = await client.create_order(SYMBOL, "limit", "buy", 0.1, 50_100, params)
        assert (order["status"], order["filled"]) == (status, filled)
        assert (await client.fetch_balance())["USDT"]["used"] == 0.0


async def test_stops_and_targets_wait_for_their_trigger(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange) as client:
        make = client.create_order
        stop = await make(SYMBOL, "market", "sell", 0.01, None, {"stopLossPrice": 49_000})
        limit = await make(SYMBOL, "limit", "sell", 0.01, 48_000, {"stopLossPrice": 48_500})
        target = await make(SYMBOL, "market", "sell", 0.01, None, {"takeProfitPrice": 51_000})
        entry = await make(SYMBOL, "market", "buy", 0.01, None, {"triggerPrice": 50_500})
        waiting = await client.fetch_open_orders(SYMBOL)
        assert [o["triggerPrice"] for o in waiting] == [49_000.0, 48_500.0, 51_000.0, 50_500.0]
        expected: list[tuple[Any, str, float]] = [
            (stop, "48950", 48_950.0),
            (limit, "48400", 48_400.0),
            (entry, "50600", 50_600.1),
            (target, "51000", 51_000.0),
        ]
        for order, price, average in expected:
            exchange.market.trade("BTCUSDT", price)
            done = await client.fetch_order(order["id"], SYMBOL)
            assert (done["status"], done["average"]) == ("closed", average)


async def test_cancel_and_cancel_all(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange) as client:
        one = await client.create_order(SYMBOL, "limit", "buy", 0.01, 49_000)
        await client.create_order(SYMBOL, "limit", "buy", 0.01, 48_000)
        gone = await client.cancel_order(one["id"], SYMBOL)
        assert gone["status"] == "canceled"
        with pytest.raises(ccxt.OrderNotFound, match="-2011"):
            await client.cancel_order(one["id"], SYMBOL)
        await client.cancel_all_orders(SYMBOL)
        assert await client.fetch_open_orders(SYMBOL) == []
        assert (await client.fetch_balance())["USDT"]["used"] == 0.0
        assert len(await client.fetch_canceled_orders(SYMBOL)) == 2


async def test_amending_is_cancel_and_replace(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange) as client:
        old = await client.create_order(SYMBOL, "limit", "buy", 0.01, 49_000)
        new = await client.edit_order(old["id"], SYMBOL, "limit", "buy", 0.02, 49_500)
        assert new["id"] != old["id"] and new["amount"] == 0.02
        assert (await client.fetch_order(old["id"], SYMBOL))["status"] == "canceled"


async def test_orders_are_found_by_client_id_which_is_taken_once(
    exchange: LoopbackExchange,
) -> None:
    async with ccxt_client(exchange) as client:
        params = {"clientOrderId": "cts-1"}
        order = await client.create_order(SYMBOL, "limit", "buy", 0.01, 49_000, params)
        found = await client.fetch_order("", SYMBOL, {"clientOrderId": "cts-1"})
        assert found["id"] == order["id"]
        with pytest.raises(ccxt.InvalidOrder, match="Duplicate order sent"):
            await client.create_order(SYMBOL, "limit", "buy", 0.01, 49_000, params)
        with pytest.raises(ccxt.OrderNotFound, match="-2013"):
            await client.fetch_order("", SYMBOL, {"clientOrderId": "cts-2"})
        assert [o.client_id for o in exchange.accepted] == ["cts-1"]


@pytest.mark.parametrize(
    ("kind", "side", "amount", "price", "params", "error", "text"), WRONG_ORDERS
)
async def test_wrong_orders_are_refused_with_binance_codes(
    exchange: LoopbackExchange,
    kind: str,
    side: str,
    amount: float,
    price: float | None,
    params: dict[str, Any],
    error: type[Exception],
    text: str,
) -> None:
    async with ccxt_client(exchange, **error_codes("spot")) as client:
        with pytest.raises(error, match=text):
            await client.create_order(SYMBOL, kind, side, amount, price, params)
    assert exchange.accepted == []


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"quantity": "0.0100000001"}, "-1111"),
        ({"quantity": "0.000001"}, "LOT_SIZE"),
        ({"price": "49000.05"}, "PRICE_FILTER"),
        ({"side": "HOLD"}, "-1117"),
        ({"type": "GUESS"}, "-1116"),
        ({"timeInForce": "NOW"}, "-1115"),
        ({"quantity": "many"}, "-1100"),
        ({"symbol": "NOPE"}, "-1121"),
    ],
)
async def test_raw_orders_are_checked(
    exchange: LoopbackExchange, changes: dict[str, str], text: str
) -> None:
    raw = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    raw |= {"quantity": "0.01", "price": "49000"}
    async with ccxt_client(exchange) as client:
        with pytest.raises(ccxt.BaseError, match=text):
            await client.private_post_order(raw | changes)


async def test_a_halted_market_takes_no_orders(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange) as client:
        await client.load_markets()
        exchange.halt("BTCUSDT")
        with pytest.raises(ccxt.MarketClosed):
            await client.create_order(SYMBOL, "market", "buy", 0.01)


async def test_trades_are_paged_by_window_limit_and_id(exchange: LoopbackExchange) -> None:
    for _ in range(5):
        exchange.by_hand.order("spot", "BTCUSDT", "buy", "0.001")
    async with ccxt_client(exchange) as client:
        everything = await client.fetch_my_trades(SYMBOL)
        assert len(everything) == 5
        since = everything[0]["timestamp"]
        assert await client.fetch_my_trades(SYMBOL, since, 2) == everything[:2]
        paged = await client.fetch_my_trades(SYMBOL, None, None, {"fromId": everything[3]["id"]})
        assert paged == everything[3:]
        day = 86_400_000
        assert await client.fetch_my_trades(SYMBOL, since - 2 * day) == []
        with pytest.raises(ccxt.BadRequest, match="-1127"):
            await client.fetch_my_trades(SYMBOL, since - 2 * day, None, {"endTime": since})
        assert all(o["clientOrderId"].startswith("web_") for o in await client.fetch_orders(SYMBOL))
