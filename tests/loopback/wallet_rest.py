"""Endpoints of the wallet (`sapi`): permissions of the key, currencies, fees."""

from typing import TYPE_CHECKING, Any

from tests.loopback.dialect import plain
from tests.loopback.routes import Params, Routes

if TYPE_CHECKING:
    from tests.loopback.exchange import LoopbackExchange


def wallet_routes() -> Routes:
    """Return what of `sapi` ccxt and a connection test ask for."""
    routes = Routes("/sapi/v1")
    routes.add("GET", "system/status", system_status)
    routes.private("GET", "account/apiRestrictions", restrictions)
    routes.private("GET", "capital/config/getall", currencies, weight=10)
    routes.private("GET", "asset/tradeFee", trade_fees)
    routes.private("GET", "margin/allPairs", lambda _exchange, _params: [])
    routes.private("GET", "margin/isolated/allPairs", lambda _exchange, _params: [])
    return routes


def system_status(exchange: "LoopbackExchange", _params: Params) -> Any:
    """GET system/status."""
    return (
        {"status": 1, "msg": "system_maintenance"}
        if exchange.is_in_maintenance
        else {"status": 0, "msg": "normal"}
    )


def restrictions(exchange: "LoopbackExchange", _params: Params) -> Any:
    """GET account/apiRestrictions: what the key may do."""
    return {
        "ipRestrict": exchange.ip_restricted,
        "createTime": 1_600_000_000_000,
        "enableReading": exchange.gate.can_read,
        "enableWithdrawals": exchange.withdraw_allowed,
        "enableInternalTransfer": False,
        "enableMargin": False,
        "enableFutures": exchange.gate.can_trade,
        "permitsUniversalTransfer": False,
        "enableVanillaOptions": False,
        "enableFixApiTrade": False,
        "enableFixReadOnly": False,
        "enableSpotAndMarginTrading": exchange.gate.can_trade,
        "enablePortfolioMarginTrading": False,
    }


def currencies(exchange: "LoopbackExchange", _params: Params) -> Any:
    """GET capital/config/getall."""
    names = {
        name
        for listing in exchange.market.listings.values()
        for name in (listing.base, listing.quote)
    }
    return [
        {
            "coin": name,
            "depositAllEnable": True,
            "withdrawAllEnable": True,
            "name": name,
            "free": plain(exchange.spot.balance(name).free),
            "locked": plain(exchange.spot.balance(name).locked),
            "freeze": "0",
            "withdrawing": "0",
            "ipoing": "0",
            "ipoable": "0",
            "storage": "0",
            "isLegalMoney": False,
            "trading": True,
            "networkList": [
                {
                    "network": "ETH",
                    "coin": name,
                    "withdrawIntegerMultiple": "0.00000001",
                    "isDefault": True,
                    "depositEnable": True,
                    "withdrawEnable": True,
                    "withdrawFee": "0.0005",
                    "withdrawMin": "0.001",
                    "withdrawMax": "10000",
                }
            ],
        }
        for name in sorted(names)
    ]


def trade_fees(exchange: "LoopbackExchange", _params: Params) -> Any:
    """GET asset/tradeFee."""
    return [
        {
            "symbol": symbol,
            "makerCommission": plain(exchange.spot.maker_fee),
            "takerCommission": plain(exchange.spot.taker_fee),
        }
        for symbol in exchange.market.symbols("spot")
    ]
