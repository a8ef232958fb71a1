"""Every kind of futures order through the unmodified ccxt: positions, margin, triggers."""

from decimal import Decimal
from typing import Any

import ccxt.async_support as ccxt
import pytest

from tests.loopback import LoopbackExchange
from tests.loopback.fixtures import ccxt_client, error_codes, exchange

__all__ = ["exchange"]
SYMBOL = "BTC/USDT:USDT"
REDUCE = {"reduceOnly": True}


async def held(client: Any) -> list[tuple[str, float, float]]:
    """Return side, size and entry price of every position."""
    return [(p["side"], p["contracts"], p["entryPrice"]) for p in await client.fetch_positions()]


async def test_a_round_trip_pays_its_profit_less_fees(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange, "swap") as client:
        opened = await client.create_order(SYMBOL, "market", "sell", 0.1)
        assert (opened["status"], opened["average"]) == ("closed", 50_000.0)
        exchange.market.trade("BTCUSDT", "49000")
        (position,) = await client.fetch_positions([SYMBOL])
        assert (position["side"], position["contracts"]) == ("short", 0.1)
        assert position["unrealizedPnl"] == 100.0
        await client.create_order(SYMBOL, "market", "buy", 0.1, None, REDUCE)
        assert await held(client) == []
        trades = await client.fetch_my_trades(SYMBOL)
        assert [float(t["info"]["realizedPnl"]) for t in trades] == [0.0, 99.99]
        fees = sum(trade["fee"]["cost"] for trade in trades)
        assert fees == pytest.approx(4.950005)
        balance = (await client.fetch_balance())["USDT"]
        assert balance["total"] == pytest.approx(100_000 + 99.99 - fees)


async def test_a_position_grows_shrinks_and_turns(exchange: LoopbackExchange) -> None:
    exchange.market.quote("BTCUSDT").spread = Decimal(0)
    async with ccxt_client(exchange, "swap") as client:
        await client.create_order(SYMBOL, "market", "buy", 0.1)
        exchange.market.trade("BTCUSDT", "51000")
        await client.create_order(SYMBOL, "market", "buy", 0.1)
        assert await held(client) == [("long", 0.2, 50_500.0)]
        await client.create_order(SYMBOL, "market", "sell", 0.05)
        assert await held(client) == [("long", 0.15, 50_500.0)]
        await client.create_order(SYMBOL, "market", "sell", 0.25)
        assert await held(client) == [("short", 0.1, 51_000.0)]


async def test_limit_orders_rest_fill_and_are_amended_in_place(
    exchange: LoopbackExchange,
) -> None:
    async with ccxt_client(exchange, "swap") as client:
        order = await client.create_order(SYMBOL, "limit", "buy", 0.1, 49_000)
        moved = await client.edit_order(order["id"], SYMBOL, "limit", "buy", 0.2, 49_500)
        assert (moved["id"], moved["amount"], moved["price"]) == (order["id"], 0.2, 49_500.0)
        exchange.market.trade("BTCUSDT", "49500")
        done = await client.fetch_order(order["id"], SYMBOL)
        assert (done["status"], done["average"], done["filled"]) == ("closed", 49_500.0, 0.2)
        assert await held(client) == [("long", 0.2, 49_500.0)]


async def test_reduce_only_never_opens(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange, "swap", **error_codes("swap")) as client:
        with pytest.raises(ccxt.InvalidOrder, match="-2022"):
            await client.create_order(SYMBOL, "market", "sell", 0.1, None, REDUCE)
        exchange.by_hand.position("BTCUSDT", "0.1", "50000")
        resting = await client.create_order(SYMBOL, "limit", "sell", 0.1, 52_000, REDUCE)
        order = await client.create_order(SYMBOL, "market", "sell", 0.3, None, REDUCE)
        assert (order["filled"], order["status"]) == (0.1, "expired")
        assert await held(client) == []
        assert (await client.fetch_order(resting["id"], SYMBOL))["status"] == "expired"


async def test_conditional_orders_live_apart_and_close_the_position(
    exchange: LoopbackExchange,
) -> None:
    trigger = {"trigger": True}
    async with ccxt_client(exchange, "swap") as client:
        await client.create_order(SYMBOL, "market", "buy", 0.1)
        params = {"stopLossPrice": 49_000, "clientOrderId": "sl-1"} | REDUCE
        stop = await client.create_order(SYMBOL, "market", "sell", 0.1, None, params)
        target = await client.create_order(
            SYMBOL, "market", "sell", 0.1, None, {"takeProfitPrice": 52_000} | REDUCE
        )
        assert await client.fetch_open_orders(SYMBOL) == []
        waiting = await client.fetch_open_orders(SYMBOL, None, None, trigger)
        assert [o["triggerPrice"] for o in waiting] == [49_000.0, 52_000.0]
        assert waiting[0]["clientOrderId"] == "sl-1" and waiting[0]["reduceOnly"] is True
        exchange.market.trade("BTCUSDT", "48990")
        assert await held(client) == []
        done = await client.fetch_order(stop["id"], SYMBOL, trigger)
        assert done["status"] == "closed"
        real = await client.fetch_order(done["info"]["actualOrderId"], SYMBOL)
        assert (real["average"], real["reduceOnly"]) == (48_990.0, True)
        gone = await client.cancel_order(target["id"], SYMBOL, trigger)
        assert gone["info"]["msg"] == "success"
        assert await client.fetch_open_orders(SYMBOL, None, None, trigger) == []
        with pytest.raises(ccxt.OrderNotFound, match="-2011"):
            await client.cancel_order(target["id"], SYMBOL, trigger)


@pytest.mark.parametrize(
    ("kind", "price", "params", "moves", "average"),
    [
        ("market", None, {"stopLossPrice": 49_000}, ["48900"], 48_900.0),
        ("limit", 48_000, {"stopLossPrice": 49_000}, ["48900"], 48_900.0),
        ("market", None, {"takeProfitPrice": 51_000}, ["51100"], 51_100.0),
        ("limit", 51_000, {"takeProfitPrice": 51_000}, ["51100"], 51_100.0),
        ("market", None, {"trailingPercent": 1}, ["52000", "51500", "51480"], 51_480.0),
    ],
)
async def test_every_kind_of_conditional_order_fires(
    exchange: LoopbackExchange,
    kind: str,
    price: float | None,
    params: dict[str, Any],
    moves: list[str],
    average: float,
) -> None:
    async with ccxt_client(exchange, "swap") as client:
        exchange.by_hand.position("BTCUSDT", "0.1", "50000")
        await client.create_order(SYMBOL, kind, "sell", 0.1, price, params)
        for move in moves:
            exchange.market.trade("BTCUSDT", move)
        assert await held(client) == []
        assert float(exchange.swap.fills[-1].price) == average


async def test_close_position_closes_what_there_is(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange, "swap") as client:
        exchange.by_hand.position("BTCUSDT", "-0.3", "50000")
        for trigger in (51_000, 55_000):
            params = {"stopLossPrice": trigger, "closePosition": True}
            await client.create_order(SYMBOL, "market", "buy", 0, None, params)
        exchange.market.trade("BTCUSDT", "51000")
        assert await held(client) == []
        assert [o.status for o in exchange.algo.orders.values()] == ["FINISHED", "EXPIRED"]


async def test_a_trigger_that_is_passed_already_is_refused(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange, "swap", **error_codes("swap")) as client:
        with pytest.raises(ccxt.OrderImmediatelyFillable, match="-2021"):
            await client.create_order(
                SYMBOL, "market", "sell", 0.1, None, {"stopLossPrice": 50_500}
            )
        with pytest.raises(ccxt.InvalidOrder, match="-4120"):
            raw = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET"}
            await client.fapiprivate_post_order(raw | {"quantity": "0.1", "stopPrice": "49000"})


@pytest.mark.parametrize(
    ("amount", "price", "params", "error", "text"),
    [
        (100, None, {}, ccxt.InsufficientFunds, "-2019"),
        (0.0001, 10_000, {}, ccxt.InvalidOrder, "-4164"),
        (0.1, 51_000, {"postOnly": True}, ccxt.OrderNotFillable, "-5022"),
        (0.1, None, {"hedged": True}, ccxt.OperationRejected, "-4061"),
    ],
)
async def test_wrong_orders_are_refused(
    exchange: LoopbackExchange,
    amount: float,
    price: float | None,
    params: dict[str, Any],
    error: type[Exception],
    text: str,
) -> None:
    kind = "market" if price is None else "limit"
    async with ccxt_client(exchange, "swap", **error_codes("swap")) as client:
        with pytest.raises(error, match=text):
            await client.create_order(SYMBOL, kind, "buy", amount, price, params)


async def test_client_ids_are_taken_once(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange, "swap", **error_codes("swap")) as client:
        params = {"clientOrderId": "cts-1"}
        await client.create_order(SYMBOL, "limit", "buy", 0.1, 49_000, params)
        with pytest.raises(ccxt.InvalidOrder, match="-4116"):
            await client.create_order(SYMBOL, "limit", "buy", 0.1, 49_000, params)
        found = await client.fetch_order("", SYMBOL, params)
        assert found["clientOrderId"] == "cts-1"
        await client.cancel_order("", SYMBOL, params)
        assert (await client.fetch_order("", SYMBOL, params))["status"] == "canceled"


async def test_settings_of_the_account(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange, "swap", **error_codes("swap")) as client:
        assert (await client.set_leverage(5, SYMBOL))["leverage"] == 5
        await client.set_margin_mode("isolated", SYMBOL)
        with pytest.raises(ccxt.MarginModeAlreadySet):
            await client.set_margin_mode("isolated", SYMBOL)
        assert (await client.fetch_margin_mode(SYMBOL))["marginMode"] == "isolated"
        assert (await client.fetch_leverages([SYMBOL]))[SYMBOL]["longLeverage"] == 5
        await client.create_order(SYMBOL, "market", "buy", 0.1)
        (position,) = await client.fetch_positions([SYMBOL])
        assert position["marginMode"] == "isolated"
        assert position["initialMargin"] == pytest.approx(1_000.0)
        with pytest.raises(ccxt.OperationRejected, match="-4048"):
            await client.set_margin_mode("cross", SYMBOL)
        (risk,) = await client.fetch_positions([SYMBOL], {"useV2": True})
        assert risk["leverage"] == 5


async def test_hedge_mode_holds_both_sides(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange, "swap") as client:
        await client.set_position_mode(True)
        assert (await client.fetch_position_mode())["hedged"] is True
        hedged = {"hedged": True}
        await client.create_order(SYMBOL, "market", "buy", 0.2, None, hedged)
        await client.create_order(SYMBOL, "market", "sell", 0.1, None, hedged)
        assert {(s, q) for s, q, _ in await held(client)} == {("long", 0.2), ("short", 0.1)}
        await client.create_order(SYMBOL, "market", "sell", 0.2, None, hedged | REDUCE)
        assert [(s, q) for s, q, _ in await held(client)] == [("short", 0.1)]


async def test_cancel_all_leaves_the_conditional_ones(exchange: LoopbackExchange) -> None:
    async with ccxt_client(exchange, "swap") as client:
        await client.create_order(SYMBOL, "limit", "buy", 0.1, 49_000)
        exchange.by_hand.stop("swap", "BTCUSDT", "SELL", "0.1", "48000")
        await client.cancel_all_orders(SYMBOL)
        assert exchange.swap.open_orders() == [] and len(exchange.algo.open_orders()) == 1
        await client.cancel_all_orders(SYMBOL, {"trigger": True})
        assert exchange.algo.open_orders() == []


async def test_orders_and_trades_by_hand_are_listed(exchange: LoopbackExchange) -> None:
    exchange.by_hand.order("swap", "BTCUSDT", "buy", "0.01")
    exchange.by_hand.order("swap", "BTCUSDT", "sell", "0.01", price="60000")
    async with ccxt_client(exchange, "swap") as client:
        assert len(await client.fetch_my_trades(SYMBOL)) == 1
        assert [o["status"] for o in await client.fetch_orders(SYMBOL)] == ["closed", "open"]
        since = exchange.clock.now_ms() - 30 * 86_400_000
        assert await client.fetch_my_trades(SYMBOL, since) == []
