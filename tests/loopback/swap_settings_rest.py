"""Futures settings: leverage, margin type, position mode; and conditional orders."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.loopback.algo import AlgoOrder
from tests.loopback.dialect import Refusal, is_true, missing, plain
from tests.loopback.history import page
from tests.loopback.market_rest import listed
from tests.loopback.requests import client_id, needed, number
from tests.loopback.routes import Params, Routes
from tests.loopback.swap_shapes import algo_row

if TYPE_CHECKING:
    from tests.loopback.exchange import LoopbackExchange


def swap_settings_routes() -> Routes:
    """Return the endpoints of settings and conditional orders."""
    routes = Routes("/fapi/v1")
    routes.private("POST", "leverage", set_leverage)
    routes.private("POST", "marginType", set_margin_type)
    routes.private("GET", "positionSide/dual", position_mode, weight=30)
    routes.private("POST", "positionSide/dual", set_position_mode)
    routes.private("GET", "multiAssetsMargin", multi_assets, weight=30)
    routes.private("GET", "leverageBracket", brackets)
    routes.private("GET", "symbolConfig", symbol_settings, weight=5)
    routes.private("GET", "accountConfig", account_settings, weight=5)
    routes.private("GET", "commissionRate", commission, weight=20)
    routes.private("POST", "algoOrder", place_algo, trades=True)
    routes.private("GET", "algoOrder", one_algo)
    routes.private("DELETE", "algoOrder", cancel_algo, trades=True)
    routes.private("GET", "openAlgoOrders", open_algos)
    routes.private("DELETE", "algoOpenOrders", cancel_algos, trades=True)
    routes.private("GET", "allAlgoOrders", all_algos, weight=5)
    return routes


def set_leverage(exchange: "LoopbackExchange", params: Params) -> Any:
    """POST leverage."""
    symbol = listed(exchange, "swap", params)
    leverage = int(params.get("leverage", "0"))
    if not 1 <= leverage <= exchange.max_leverage:
        raise Refusal(-4028, f"Leverage {leverage} is not valid")
    exchange.swap.setting(symbol).leverage = leverage
    return {"leverage": leverage, "maxNotionalValue": "1000000", "symbol": symbol}


def set_margin_type(exchange: "LoopbackExchange", params: Params) -> Any:
    """POST marginType."""
    symbol = listed(exchange, "swap", params)
    setting, asked = exchange.swap.setting(symbol), params.get("marginType", "")
    if asked not in {"ISOLATED", "CROSSED"}:
        raise Refusal(-4047, "Margin type cannot be changed if there exists open orders.")
    if asked == setting.margin_type:
        raise Refusal(-4046, "No need to change margin type.")
    if exchange.swap.open_orders(symbol):
        raise Refusal(-4047, "Margin type cannot be changed if there exists open orders.")
    if any(position.symbol == symbol for position in exchange.swap.held()):
        raise Refusal(-4048, "Margin type cannot be changed if there exists position.")
    setting.margin_type = asked
    return {"code": 200, "msg": "success"}


def position_mode(exchange: "LoopbackExchange", _params: Params) -> Any:
    """GET positionSide/dual."""
    return {"dualSidePosition": exchange.swap.is_hedge_mode}


def set_position_mode(exchange: "LoopbackExchange", params: Params) -> Any:
    """POST positionSide/dual."""
    asked = is_true(params.get("dualSidePosition"))
    if asked == exchange.swap.is_hedge_mode:
        raise Refusal(-4059, "No need to change position side.")
    if exchange.swap.held():
        raise Refusal(-4068, "Position side cannot be changed if there exists position.")
    exchange.swap.is_hedge_mode = asked
    return {"code": 200, "msg": "success"}


def multi_assets(_exchange: "LoopbackExchange", _params: Params) -> Any:
    """GET multiAssetsMargin."""
    return {"multiAssetsMargin": False}


def brackets(exchange: "LoopbackExchange", params: Params) -> Any:
    """GET leverageBracket."""
    asked = params.get("symbol")
    return [
        {
            "symbol": symbol,
            "notionalCoef": 1,
            "brackets": [
                {
                    "bracket": 1,
                    "initialLeverage": exchange.max_leverage,
                    "notionalCap": 50_000,
                    "notionalFloor": 0,
                    "maintMarginRatio": 0.004,
                    "cum": 0,
                }
            ],
        }
        for symbol in exchange.market.symbols("swap")
        if asked in {None, symbol}
    ]


def symbol_settings(exchange: "LoopbackExchange", params: Params) -> Any:
    """GET symbolConfig."""
    asked = params.get("symbol")
    return [
        {
            "symbol": symbol,
            "marginType": exchange.swap.setting(symbol).margin_type,
            "isAutoAddMargin": False,
            "leverage": exchange.swap.setting(symbol).leverage,
            "maxNotionalValue": "1000000",
        }
        for symbol in exchange.market.symbols("swap")
        if asked in {None, symbol}
    ]


def account_settings(exchange: "LoopbackExchange", _params: Params) -> Any:
    """GET accountConfig."""
    return {
        "feeTier": 0,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": exchange.withdraw_allowed,
        "dualSidePosition": exchange.swap.is_hedge_mode,
        "updateTime": 0,
        "multiAssetsMargin": False,
        "tradeGroupId": -1,
    }


def commission(exchange: "LoopbackExchange", params: Params) -> Any:
    """GET commissionRate."""
    return {
        "symbol": listed(exchange, "swap", params),
        "makerCommissionRate": plain(exchange.swap.maker_fee),
        "takerCommissionRate": plain(exchange.swap.taker_fee),
    }


def place_algo(exchange: "LoopbackExchange", params: Params) -> Any:
    """POST algoOrder with algoType CONDITIONAL."""
    if params.get("algoType") != "CONDITIONAL":
        raise Refusal(-1102, "Mandatory parameter 'algoType' was not sent or malformed.")
    symbol, kind = listed(exchange, "swap", params), params.get("type", "")
    if kind not in exchange.algo_types:
        raise Refusal(-1116, "Invalid orderType.")
    if params.get("side") not in {"BUY", "SELL"}:
        raise Refusal(-1117, "Invalid side.")
    closes = is_true(params.get("closePosition"))
    if closes and params.get("quantity"):
        raise Refusal(-4137, "Quantity must be zero with closePosition equals true")
    trails = kind == "TRAILING_STOP_MARKET"
    order = AlgoOrder(
        symbol=symbol,
        side=params["side"],
        type=kind,
        client_id=client_id(params, "clientAlgoId", exchange.made_up_id()),
        quantity=Decimal(0) if closes else needed(params, "quantity"),
        trigger=number(params, "activatePrice") if trails else needed(params, "triggerPrice"),
        price=needed(params, "price") if kind in {"STOP", "TAKE_PROFIT"} else None,
        time_in_force=params.get("timeInForce", "GTC"),
        position_side=params.get("positionSide", "BOTH"),
        reduce_only=is_true(params.get("reduceOnly")),
        close_position=closes,
        callback_pct=needed(params, "callbackRate") if trails else None,
    )
    return algo_row(exchange.algo.place(order))


def find(exchange: "LoopbackExchange", params: Params) -> AlgoOrder:
    """Return the conditional order that `algoId` or `clientAlgoId` names."""
    if "algoId" not in params and "clientAlgoId" not in params:
        raise missing("algoId")
    return exchange.algo.find(algo_id=params.get("algoId"), client_id=params.get("clientAlgoId"))


def one_algo(exchange: "LoopbackExchange", params: Params) -> Any:
    """GET algoOrder."""
    return algo_row(find(exchange, params))


def cancel_algo(exchange: "LoopbackExchange", params: Params) -> Any:
    """DELETE algoOrder."""
    try:
        order = exchange.algo.cancel(find(exchange, params))
    except Refusal as refusal:
        raise Refusal(-2011, "Unknown order sent.") from refusal
    return {
        "algoId": order.id,
        "clientAlgoId": order.client_id,
        "code": "200",
        "msg": "success",
    }


def open_algos(exchange: "LoopbackExchange", params: Params) -> Any:
    """GET openAlgoOrders."""
    symbol = listed(exchange, "swap", params) if "symbol" in params else None
    return [algo_row(order) for order in exchange.algo.open_orders(symbol)]


def cancel_algos(exchange: "LoopbackExchange", params: Params) -> Any:
    """DELETE algoOpenOrders."""
    for order in exchange.algo.open_orders(listed(exchange, "swap", params)):
        exchange.algo.cancel(order)
    return {"code": 200, "msg": "The operation of cancel all open order is done."}


def all_algos(exchange: "LoopbackExchange", params: Params) -> Any:
    """GET allAlgoOrders: windows of a week."""
    symbol = listed(exchange, "swap", params)
    orders = page(
        (order for order in exchange.algo.orders.values() if order.symbol == symbol),
        params,
        id_of=lambda order: order.id,
        time_of=lambda order: order.created_ms,
        id_name="algoId",
        window_days=7,
        recent_days=7,
        now_ms=exchange.clock.now_ms(),
    )
    return [algo_row(order) for order in orders]
