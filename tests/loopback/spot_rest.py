"""Private spot endpoints, and the wallet's (`sapi`)."""

from typing import TYPE_CHECKING, Any

from tests.loopback import spot_shapes as shapes
from tests.loopback.dialect import Refusal, is_true
from tests.loopback.history import page
from tests.loopback.listings import SPOT_TYPES
from tests.loopback.market_rest import listed
from tests.loopback.orders import Order
from tests.loopback.requests import order_of
from tests.loopback.routes import Params, Routes

if TYPE_CHECKING:
    from tests.loopback.exchange import LoopbackExchange


def spot_routes() -> Routes:
    """Return the private endpoints of spot."""
    routes = Routes("/api/v3")
    routes.private("POST", "order", place, trades=True)
    routes.private("POST", "order/test", check_only)
    routes.private("POST", "order/cancelReplace", cancel_replace, trades=True)
    routes.private("GET", "order", one, weight=4)
    routes.private("DELETE", "order", cancel, trades=True)
    routes.private("GET", "openOrders", open_orders, weight=6)
    routes.private("DELETE", "openOrders", cancel_all, trades=True)
    routes.private("GET", "allOrders", all_orders, weight=20)
    routes.private("GET", "myTrades", my_trades, weight=20)
    routes.private("GET", "account", account, weight=20)
    return routes


def place(exchange: "LoopbackExchange", params: Params) -> Any:
    """POST order."""
    symbol = listed(exchange, "spot", params)
    order = order_of(params, symbol, types=SPOT_TYPES, fallback_id=exchange.made_up_id())
    exchange.spot.place(order)
    plainly = "FULL" if order.type in {"MARKET", "LIMIT"} else "ACK"
    return shapes.order_answer(order, params.get("newOrderRespType", plainly))


def check_only(exchange: "LoopbackExchange", params: Params) -> Any:
    """POST order/test: checks, places nothing."""
    symbol = listed(exchange, "spot", params)
    order = order_of(params, symbol, types=SPOT_TYPES, fallback_id=exchange.made_up_id())
    exchange.spot.check(order)
    return {}


def cancel_replace(exchange: "LoopbackExchange", params: Params) -> Any:
    """POST order/cancelReplace with STOP_ON_FAILURE."""
    symbol = listed(exchange, "spot", params)
    replacement = order_of(params, symbol, types=SPOT_TYPES, fallback_id=exchange.made_up_id())
    try:
        old = exchange.spot.find(
            symbol,
            order_id=params.get("cancelOrderId"),
            client_id=params.get("cancelOrigClientOrderId"),
        )
        exchange.spot.cancel(old)
    except Refusal as refusal:
        raise Refusal(-2022, "Order cancel-replace failed.") from refusal
    cancelled = shapes.cancel_answer(old)
    try:
        exchange.spot.place(replacement)
    except Refusal as refusal:
        raise Refusal(-2021, "Order cancel-replace partially failed.", 409) from refusal
    return {
        "cancelResult": "SUCCESS",
        "newOrderResult": "SUCCESS",
        "cancelResponse": cancelled,
        "newOrderResponse": shapes.order_answer(replacement, "FULL"),
    }


def find(exchange: "LoopbackExchange", params: Params) -> Order:
    """Return the order that `orderId` or `origClientOrderId` names."""
    symbol = listed(exchange, "spot", params)
    return exchange.spot.find(
        symbol, order_id=params.get("orderId"), client_id=params.get("origClientOrderId")
    )


def one(exchange: "LoopbackExchange", params: Params) -> Any:
    """GET order."""
    return shapes.order_row(find(exchange, params))


def cancel(exchange: "LoopbackExchange", params: Params) -> Any:
    """DELETE order."""
    try:
        order = find(exchange, params)
    except Refusal as refusal:
        if refusal.code != -2013:
            raise
        raise Refusal(-2011, "Unknown order sent.") from refusal
    return shapes.cancel_answer(exchange.spot.cancel(order))


def open_orders(exchange: "LoopbackExchange", params: Params) -> Any:
    """GET openOrders, of one symbol or all."""
    symbol = listed(exchange, "spot", params) if "symbol" in params else None
    return [shapes.order_row(order) for order in exchange.spot.open_orders(symbol)]


def cancel_all(exchange: "LoopbackExchange", params: Params) -> Any:
    """DELETE openOrders."""
    resting = exchange.spot.open_orders(listed(exchange, "spot", params))
    if not resting:
        raise Refusal(-2011, "Unknown order sent.")
    return [shapes.cancel_answer(exchange.spot.cancel(order)) for order in resting]


def all_orders(exchange: "LoopbackExchange", params: Params) -> Any:
    """GET allOrders: windows of a day."""
    symbol = listed(exchange, "spot", params)
    orders = page(
        (order for order in exchange.spot.orders.values() if order.symbol == symbol),
        params,
        id_of=lambda order: order.id,
        time_of=lambda order: order.created_ms,
        id_name="orderId",
        window_days=1,
        now_ms=exchange.clock.now_ms(),
    )
    return [shapes.order_row(order) for order in orders]


def my_trades(exchange: "LoopbackExchange", params: Params) -> Any:
    """GET myTrades: windows of a day, or from an id on."""
    symbol = listed(exchange, "spot", params)
    fills = [fill for fill in exchange.spot.fills if fill.symbol == symbol]
    if "orderId" in params:
        fills = [fill for fill in fills if fill.order_id == int(params["orderId"])]
        return [shapes.trade_row(fill) for fill in fills]
    paged = page(
        fills,
        params,
        id_of=lambda fill: fill.id,
        time_of=lambda fill: fill.time_ms,
        id_name="fromId",
        window_days=1,
        now_ms=exchange.clock.now_ms(),
    )
    return [shapes.trade_row(fill) for fill in paged]


def account(exchange: "LoopbackExchange", params: Params) -> Any:
    """GET account."""
    answer = shapes.account(exchange.spot, can_withdraw=exchange.withdraw_allowed)
    if is_true(params.get("omitZeroBalances")):
        answer["balances"] = [
            row for row in answer["balances"] if float(row["free"]) or float(row["locked"])
        ]
    return answer
