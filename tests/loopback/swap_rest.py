"""Private futures endpoints: orders, trades, account."""

from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.loopback import swap_shapes as shapes
from tests.loopback.dialect import Refusal, plain
from tests.loopback.history import page
from tests.loopback.market_rest import listed
from tests.loopback.orders import Order
from tests.loopback.requests import needed, number, order_of
from tests.loopback.routes import KEYED, Params, Routes

if TYPE_CHECKING:
    from tests.loopback.exchange import LoopbackExchange

_CONDITIONAL = {"STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"}


def swap_routes() -> list[Routes]:
    """Return the private endpoints of USDⓈ-M futures but for settings and algo orders."""
    first, second, third = Routes("/fapi/v1"), Routes("/fapi/v2"), Routes("/fapi/v3")
    first.private("POST", "order", place, trades=True)
    first.private("POST", "order/test", check_only)
    first.private("PUT", "order", amend, trades=True)
    first.private("GET", "order", one)
    first.private("DELETE", "order", cancel, trades=True)
    first.private("GET", "openOrder", one)
    first.private("GET", "openOrders", open_orders, weight=1)
    first.private("DELETE", "allOpenOrders", cancel_all, trades=True)
    first.private("GET", "allOrders", all_orders, weight=5)
    first.private("GET", "userTrades", user_trades, weight=5)
    first.add("POST", "listenKey", new_listen_key, access=KEYED)
    first.add("PUT", "listenKey", keep_listen_key, access=KEYED)
    first.add("DELETE", "listenKey", drop_listen_key, access=KEYED)
    for version, routes in ((2, second), (3, third)):
        routes.private("GET", "account", partial(account, version), weight=5)
        routes.private("GET", "balance", balances, weight=5)
        routes.private("GET", "positionRisk", partial(positions, version), weight=5)
    return [first, second, third]


def read_order(exchange: "LoopbackExchange", params: Params) -> Order:
    """Return the order that a request asks for. Raises Refusal."""
    symbol = listed(exchange, "swap", params)
    if params.get("type") in _CONDITIONAL:
        raise Refusal(
            -4120,
            "Order type not supported for this endpoint. "
            "Please use the Algo Order API endpoints instead.",
        )
    return order_of(params, symbol, types=["LIMIT", "MARKET"], fallback_id=exchange.made_up_id())


def place(exchange: "LoopbackExchange", params: Params) -> Any:
    """POST order. The answer is NEW unless RESULT is asked for."""
    order = exchange.swap.place(read_order(exchange, params))
    row = shapes.order_row(order)
    if params.get("newOrderRespType") != "RESULT":
        row |= {"status": "NEW", "executedQty": "0", "avgPrice": "0.00000", "cumQuote": "0"}
    return row


def check_only(exchange: "LoopbackExchange", params: Params) -> Any:
    """POST order/test: checks, places nothing."""
    order = read_order(exchange, params)
    exchange.swap.check(order)
    return shapes.order_row(order)


def find(exchange: "LoopbackExchange", params: Params) -> Order:
    """Return the order that `orderId` or `origClientOrderId` names."""
    symbol = listed(exchange, "swap", params)
    return exchange.swap.find(
        symbol, order_id=params.get("orderId"), client_id=params.get("origClientOrderId")
    )


def amend(exchange: "LoopbackExchange", params: Params) -> Any:
    """PUT order: price and quantity of a resting limit order."""
    order = find(exchange, params)
    if not order.is_alive:
        raise Refusal(-2013, "Order does not exist.")
    price, quantity = needed(params, "price"), number(params, "quantity") or order.quantity
    if (price, quantity) == (order.price, order.quantity):
        raise Refusal(-5027, "No need to modify the order.")
    return shapes.order_row(exchange.swap.amend(order, price=price, quantity=quantity))


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
    return shapes.order_row(exchange.swap.cancel(order))


def open_orders(exchange: "LoopbackExchange", params: Params) -> Any:
    """GET openOrders, of one symbol or all; conditional ones are not among them."""
    symbol = listed(exchange, "swap", params) if "symbol" in params else None
    return [shapes.order_row(order) for order in exchange.swap.open_orders(symbol)]


def cancel_all(exchange: "LoopbackExchange", params: Params) -> Any:
    """DELETE allOpenOrders; conditional ones stay."""
    for order in exchange.swap.open_orders(listed(exchange, "swap", params)):
        exchange.swap.cancel(order)
    return {"code": 200, "msg": "The operation of cancel all open order is done."}


def all_orders(exchange: "LoopbackExchange", params: Params) -> Any:
    """GET allOrders: windows of a week."""
    symbol = listed(exchange, "swap", params) if "symbol" in params else None
    orders = page(
        (o for o in exchange.swap.orders.values() if symbol in {None, o.symbol}),
        params,
        id_of=lambda order: order.id,
        time_of=lambda order: order.created_ms,
        id_name="orderId",
        window_days=7,
        recent_days=7,
        now_ms=exchange.clock.now_ms(),
    )
    return [shapes.order_row(order) for order in orders]


def user_trades(exchange: "LoopbackExchange", params: Params) -> Any:
    """GET userTrades: windows of a week, or from an id on."""
    symbol = listed(exchange, "swap", params)
    fills = [fill for fill in exchange.swap.fills if fill.symbol == symbol]
    if "orderId" in params:
        fills = [fill for fill in fills if fill.order_id == int(params["orderId"])]
    paged = page(
        fills,
        params,
        id_of=lambda fill: fill.id,
        time_of=lambda fill: fill.time_ms,
        id_name="fromId",
        window_days=7,
        recent_days=7,
        now_ms=exchange.clock.now_ms(),
    )
    return [shapes.trade_row(fill) for fill in paged]


def account(version: int, exchange: "LoopbackExchange", _params: Params) -> Any:
    """GET account."""
    return shapes.account(exchange.swap, version, can_withdraw=exchange.withdraw_allowed)


def balances(exchange: "LoopbackExchange", _params: Params) -> Any:
    """GET balance."""
    swap = exchange.swap
    return [
        {
            "accountAlias": "SgsR",
            "asset": name,
            "balance": plain(amount),
            "crossWalletBalance": plain(amount),
            "crossUnPnl": plain(swap.unrealized() if name == "USDT" else Decimal(0)),
            "availableBalance": plain(swap.available() if name == "USDT" else amount),
            "maxWithdrawAmount": plain(amount),
            "marginAvailable": True,
            "updateTime": exchange.clock.now_ms(),
        }
        for name, amount in swap.wallet.items()
    ]


def positions(version: int, exchange: "LoopbackExchange", params: Params) -> Any:
    """GET positionRisk: v3 only what is held, v2 every symbol."""
    swap = exchange.swap
    symbol = listed(exchange, "swap", params) if "symbol" in params else None
    held = [position for position in swap.held() if symbol in {None, position.symbol}]
    if version == 2:
        known = {position.symbol for position in held}
        sides = ("LONG", "SHORT") if swap.is_hedge_mode else ("BOTH",)
        empty = [name for name in exchange.market.symbols("swap") if name not in known]
        held += [swap.position(name, s) for name in empty for s in sides if symbol in {None, name}]
    return [shapes.position_row(swap, position, version) for position in held]


def new_listen_key(exchange: "LoopbackExchange", _params: Params) -> Any:
    """POST listenKey."""
    return {"listenKey": exchange.user_streams.listen_key()}


def keep_listen_key(exchange: "LoopbackExchange", _params: Params) -> Any:
    """PUT listenKey."""
    if not exchange.user_streams.has_listen_key:
        raise Refusal(-1125, "This listenKey does not exist.")
    return {"listenKey": exchange.user_streams.listen_key()}


def drop_listen_key(exchange: "LoopbackExchange", _params: Params) -> Any:
    """DELETE listenKey."""
    exchange.user_streams.expire_listen_key()
    return {}
