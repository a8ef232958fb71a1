"""Bybit's private endpoints beside orders: key, wallet, positions and their settings."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.dialects.bybit import shapes
from tests.dialects.bybit.market_rest import listed
from tests.dialects.bybit.refusals import refusal
from tests.loopback.routes import Params, Routes

if TYPE_CHECKING:
    from tests.dialects.bybit.exchange import BybitExchange


def account_routes() -> Routes:
    """Return the endpoints."""
    routes = Routes("/v5")
    routes.private("GET", "user/query-api", query_api)
    routes.private("GET", "account/info", account_info)
    routes.private("GET", "account/wallet-balance", wallet_balance)
    routes.private("GET", "account/fee-rate", fee_rate)
    routes.private("POST", "account/set-margin-mode", set_margin_mode, trades=True)
    routes.private("GET", "position/list", position_list)
    routes.private("POST", "position/set-leverage", set_leverage, trades=True)
    routes.private("POST", "position/switch-mode", switch_mode, trades=True)
    return routes


def query_api(exchange: "BybitExchange", _params: Params) -> Any:
    """GET user/query-api: what the key may do."""
    wallet = ["AccountTransfer", *(["Withdraw"] if exchange.withdraw_allowed else [])]
    trades = exchange.gate.can_trade
    return {
        "id": "13770661",
        "note": "cts",
        "apiKey": exchange.gate.api_key,
        "readOnly": 0 if trades else 1,
        "secret": "",
        "permissions": {
            "ContractTrade": ["Order", "Position"] if trades else [],
            "Spot": ["SpotTrade"] if trades else [],
            "Wallet": wallet,
            "Options": [],
            "Derivatives": [],
            "Exchange": [],
        },
        "ips": ["127.0.0.1"] if exchange.ip_restricted else ["*"],
        "type": 1,
        "deadlineDay": 83,
        "expiredAt": "2030-01-01T00:00:00Z",
        "unified": 0,
        "uta": 1,
        "userID": 24600000,
        "isMaster": True,
    }


def account_info(exchange: "BybitExchange", _params: Params) -> Any:
    """GET account/info."""
    return {
        "marginMode": exchange.margin_mode,
        "updatedTime": "1697078946000",
        "unifiedMarginStatus": 5,
        "dcpStatus": "OFF",
        "timeWindow": 10,
        "smpGroup": 0,
        "isMasterTrader": False,
        "spotHedgingStatus": "OFF",
    }


def set_margin_mode(exchange: "BybitExchange", params: Params) -> Any:
    """POST account/set-margin-mode: of the whole account."""
    exchange.margin_mode = params["setMarginMode"]
    return {"reasons": []}


def wallet_balance(exchange: "BybitExchange", _params: Params) -> Any:
    """GET account/wallet-balance: one purse for both kinds of market."""
    coins = []
    swap = exchange.swap
    bound = sum((swap.initial_margin(held) for held in swap.held()), Decimal(0))
    for name in {**exchange.spot.balances, **swap.wallet}:
        spot = exchange.spot.balance(name)
        is_margin = name == "USDT"
        total = spot.free + spot.locked + swap.wallet.get(name, Decimal(0))
        coins.append(
            {
                "coin": name,
                "equity": shapes.text(total + (swap.unrealized() if is_margin else 0)),
                "walletBalance": shapes.text(total),
                "locked": shapes.text(spot.locked),
                "totalOrderIM": shapes.text(swap.order_margin() if is_margin else Decimal(0)),
                "totalPositionIM": shapes.text(bound if is_margin else Decimal(0)),
                "totalPositionMM": "0",
                "unrealisedPnl": shapes.text(swap.unrealized() if is_margin else Decimal(0)),
                "cumRealisedPnl": "0",
                "availableToWithdraw": "",
                "availableToBorrow": "",
                "borrowAmount": "0",
                "accruedInterest": "0",
                "usdValue": "0",
                "bonus": "0",
            }
        )
    return {"list": [{"accountType": "UNIFIED", "totalEquity": "0", "coin": coins}]}


def fee_rate(exchange: "BybitExchange", params: Params) -> Any:
    """GET account/fee-rate."""
    engine = exchange.engine(params)
    row = {
        "symbol": params.get("symbol", ""),
        "takerFeeRate": shapes.text(engine.taker_fee),
        "makerFeeRate": shapes.text(engine.maker_fee),
    }
    return {"list": [row]}


def position_list(exchange: "BybitExchange", params: Params) -> Any:
    """GET position/list: of a symbol, or of a settle coin those that are not zero."""
    if params.get("category") != "linear":
        raise refusal(10001)
    if params.get("symbol"):
        rows = shapes.position_rows(exchange.swap, listed(exchange, params))
    elif params.get("settleCoin"):
        symbols = sorted({held.symbol for held in exchange.swap.held()})
        told = [row for symbol in symbols for row in shapes.position_rows(exchange.swap, symbol)]
        rows = [row for row in told if row["size"] != "0"]
    else:
        raise refusal(10001)
    return {"category": "linear", "list": rows, "nextPageCursor": ""}


def set_leverage(exchange: "BybitExchange", params: Params) -> Any:
    """POST position/set-leverage."""
    setting = exchange.swap.setting(listed(exchange, params))
    wanted = int(Decimal(params["buyLeverage"]))
    if setting.leverage == wanted:
        raise refusal(110043)
    setting.leverage = wanted
    return {}


def switch_mode(exchange: "BybitExchange", params: Params) -> Any:
    """POST position/switch-mode: 0 one-way, 3 hedge."""
    is_hedge = str(params.get("mode")) == "3"
    if exchange.swap.is_hedge_mode == is_hedge:
        raise refusal(110025)
    exchange.swap.is_hedge_mode = is_hedge
    return {}
