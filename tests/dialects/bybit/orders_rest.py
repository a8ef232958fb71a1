"""Bybit's order endpoints: create, amend, cancel, realtime, history, executions."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from tests.dialects.bybit import shapes
from tests.dialects.bybit.market_rest import listed
from tests.dialects.bybit.refusals import refusal
from tests.loopback.orders import Order
from tests.loopback.routes import Params, Routes

if TYPE_CHECKING:
    from tests.dialects.bybit.exchange import BybitExchange

_RECENTLY_CLOSED = 500
_WEEK_MS = 7 * 86_400_000
_SIDES = {"0": "BOTH", "1": "LONG", "2": "SHORT"}


def order_routes() -> Routes:
    """Return the endpoints."""
    routes = Routes("/v5")
    routes.private("POST", "order/create", create, trades=True)
    routes.private("POST", "order/amend", amend, trades=True)
    routes.private("POST", "order/cancel", cancel, trades=True)
    routes.private("GET", "order/realtime", realtime)
    routes.private("GET", "order/history", history)
    routes.private("GET", "execution/list", executions)
    return routes


def _decimal(params: Params, name: str) -> Decimal | None:
    given = params.get(name)
    if not given:
        return None
    try:
        return Decimal(given)
    except InvalidOperation:
        raise refusal(10001) from None


def create(exchange: "BybitExchange", params: Params) -> Any:
    """POST order/create: only ids come back, whatever becomes of the order."""
    symbol, category = listed(exchange, params), params["category"]
    side, trigger = params["side"].upper(), _decimal(params, "triggerPrice")
    quantity, is_limit = _decimal(params, "qty"), params["orderType"] == "Limit"
    if quantity is None or side not in {"BUY", "SELL"}:
        raise refusal(10001)
    by_cost = params.get("marketUnit", "quoteCoin") == "quoteCoin"
    is_cost = category == "spot" and side == "BUY" and not is_limit and by_cost and not trigger
    order = Order(
        symbol=symbol,
        side=side,
        type=_type(params, side, is_limit=is_limit, has_trigger=trigger is not None),
        quantity=Decimal(0) if is_cost else quantity,
        quote_quantity=quantity if is_cost else None,
        client_id=params.get("orderLinkId") or exchange.made_up_id(),
        price=_decimal(params, "price") if is_limit else None,
        stop_price=trigger,
        time_in_force=params.get("timeInForce", "GTC").replace("PostOnly", "GTX"),
        reduce_only=category == "linear" and params.get("reduceOnly") == "true",
        position_side=_SIDES[params.get("positionIdx", "0")],
    )
    engine = exchange.engine(params)
    if exchange.swap.is_hedge_mode and category == "linear":
        order.reduce_only = False
    engine.place(order)
    return {"orderId": shapes.id_text(order.id, category), "orderLinkId": order.client_id}


def _type(params: Params, side: str, *, is_limit: bool, has_trigger: bool) -> str:
    if not has_trigger:
        return "LIMIT" if is_limit else "MARKET"
    if params["category"] == "spot" and params.get("orderFilter") not in {"tpslOrder", "StopOrder"}:
        raise refusal(10001)
    rises = params.get("triggerDirection") == "1"
    return "STOP_LOSS" if rises == (side == "BUY") else "TAKE_PROFIT"


def _find(exchange: "BybitExchange", params: Params) -> Order:
    category = params["category"]
    number = shapes.id_number(params["orderId"], category) if params.get("orderId") else None
    return exchange.engine(params).find(
        listed(exchange, params),
        order_id=None if number is None else str(number),
        client_id=params.get("orderLinkId"),
    )


def amend(exchange: "BybitExchange", params: Params) -> Any:
    """POST order/amend."""
    order = _find(exchange, params)
    if not order.is_alive:
        raise refusal(110001 if params["category"] == "linear" else 170213)
    price, quantity = _decimal(params, "price"), _decimal(params, "qty")
    exchange.engine(params).amend(
        order, price=price or order.price or Decimal(0), quantity=quantity or order.quantity
    )
    return {
        "orderId": shapes.id_text(order.id, params["category"]),
        "orderLinkId": order.client_id,
    }


def cancel(exchange: "BybitExchange", params: Params) -> Any:
    """POST order/cancel; on spot the filter must name the kind of order."""
    order, category = _find(exchange, params), params["category"]
    if category == "spot" and not _fits(order, params.get("orderFilter") or "Order", category):
        raise refusal(170213)
    exchange.engine(params).cancel(order)
    return {"orderId": shapes.id_text(order.id, category), "orderLinkId": order.client_id}


def _fits(order: Order, kind: str | None, category: str) -> bool:
    if not kind:
        return True
    own = "Order"
    if order.stop_price is not None:
        own = "StopOrder" if category == "linear" else "tpslOrder"
    return own == kind


def realtime(exchange: "BybitExchange", params: Params) -> Any:
    """GET order/realtime: what is open; by id also what ended lately."""
    engine, category = exchange.engine(params), params["category"]
    if params.get("orderId") or params.get("orderLinkId"):
        newest = list(engine.orders.values())[-_RECENTLY_CLOSED:]
        number = shapes.id_number(params.get("orderId", ""), category)
        found = [
            order
            for order in newest
            if order.id == number or order.client_id == params.get("orderLinkId")
        ]
    elif params.get("symbol") or params.get("settleCoin") or category == "spot":
        found = engine.open_orders(params.get("symbol"))
    else:
        raise refusal(10001)
    kept = [order for order in found if _fits(order, params.get("orderFilter"), category)]
    return _page([shapes.order_row(order, category) for order in reversed(kept)], params, 20, 50)


def history(exchange: "BybitExchange", params: Params) -> Any:
    """GET order/history: ended orders, newest first, in windows of seven days."""
    engine, category = exchange.engine(params), params["category"]
    start, end = _window(exchange, params)
    rows = [
        shapes.order_row(order, category)
        for order in reversed(engine.orders.values())
        if not order.is_alive
        and params.get("symbol", order.symbol) == order.symbol
        and start <= order.created_ms <= end
        and _fits(order, params.get("orderFilter"), category)
    ]
    return _page(rows, params, 20, 50)


def executions(exchange: "BybitExchange", params: Params) -> Any:
    """GET execution/list: fills, newest first, in windows of seven days."""
    engine, category = exchange.engine(params), params["category"]
    start, end = _window(exchange, params)
    rows = [
        shapes.fill_row(fill, engine.orders[fill.order_id], category)
        for fill in reversed(engine.fills)
        if params.get("symbol", fill.symbol) == fill.symbol and start <= fill.time_ms <= end
    ]
    return _page(rows, params, 50, 100)


def _window(exchange: "BybitExchange", params: Params) -> tuple[int, int]:
    now_ms = exchange.clock.now_ms()
    start, end = params.get("startTime"), params.get("endTime")
    close = int(end) if end else (int(start) + _WEEK_MS if start else now_ms)
    begin = int(start) if start else close - _WEEK_MS
    if close - begin > _WEEK_MS:
        raise refusal(10001)
    return begin, close


def _page(rows: Sequence[Any], params: Params, usual: int, most: int) -> Any:
    """Return a page; the cursor is the place of the next row."""
    limit = min(int(params.get("limit", usual)), most)
    begin = int(params.get("cursor") or 0)
    rest = len(rows) > begin + limit
    return {
        "category": params["category"],
        "list": list(rows[begin : begin + limit]),
        "nextPageCursor": str(begin + limit) if rest else "",
    }
