"""Rows as Bybit writes them."""

from decimal import Decimal
from typing import Any

from tests.loopback.dialect import plain
from tests.loopback.listings import Listing
from tests.loopback.market import Quote
from tests.loopback.orders import Fill, Order
from tests.loopback.swap_account import SwapEngine

_STATUSES = {"FILLED": "Filled", "PARTIALLY_FILLED": "PartiallyFilled", "REJECTED": "Rejected"}
_WORDS = {"MARKET": "Market", "STOP_LOSS": "Market", "TAKE_PROFIT": "Market"}
_UUID = "-0000-4000-8000-000000000000"


def text(value: Decimal | None) -> str:
    """Write a number as it is; '' where there is none."""
    return "" if value is None else plain(value, None)


def id_text(order_id: int, category: str) -> str:
    """Return an order id: a long number on spot, a UUID on linear."""
    return f"{order_id:08x}{_UUID}" if category == "linear" else f"19{order_id:017d}"


def id_number(told: str, category: str) -> int:
    """Return the engine's number of an order id, 0 for one that it never gave out."""
    try:
        number = int(told.removesuffix(_UUID), 16) if category == "linear" else int(told[2:])
    except ValueError:
        return 0
    return number if id_text(number, category) == told else 0


def instrument(listing: Listing, category: str) -> dict[str, Any]:
    """Return the row of instruments-info."""
    market = "swap" if category == "linear" else "spot"
    status = "Trading" if listing.status[market] == "TRADING" else "Closed"
    step, tick = text(listing.step), text(listing.tick)
    named = {
        "symbol": listing.symbol,
        "baseCoin": listing.base,
        "quoteCoin": listing.quote,
        "status": status,
    }
    if category == "spot":
        return named | {
            "innovation": "0",
            "marginTrading": "none",
            "lotSizeFilter": {
                "basePrecision": step,
                "quotePrecision": "0.00000001",
                "minOrderQty": step,
                "maxOrderQty": text(listing.max_quantity),
                "minOrderAmt": text(listing.min_notional),
                "maxOrderAmt": "9000000",
            },
            "priceFilter": {"tickSize": tick},
        }
    return named | {
        "contractType": "LinearPerpetual",
        "launchTime": "1585526400000",
        "deliveryTime": "0",
        "deliveryFeeRate": "",
        "priceScale": str(listing.places),
        "leverageFilter": {"minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01"},
        "priceFilter": {"minPrice": tick, "maxPrice": "1999999.80", "tickSize": tick},
        "lotSizeFilter": {
            "maxOrderQty": text(listing.max_quantity),
            "minOrderQty": step,
            "qtyStep": step,
            "postOnlyMaxOrderQty": text(listing.max_quantity),
            "maxMktOrderQty": text(listing.max_market_quantity),
            "minNotionalValue": text(listing.min_notional),
        },
        "unifiedMarginTrade": True,
        "fundingInterval": 480,
        "settleCoin": listing.quote,
        "copyTrading": "none",
        "upperFundingRate": "0.00375",
        "lowerFundingRate": "-0.00375",
    }


def ticker(quote: Quote, face: Any, category: str, *, streams: bool = False) -> dict[str, Any]:
    """Return a ticker; on the spot stream it has no bid and ask."""
    row = {
        "symbol": quote.listing.symbol,
        "lastPrice": text(face.last),
        "prevPrice24h": text(face.day.open),
        "price24hPcnt": f"{(face.last - face.day.open) / face.day.open:.6f}",
        "highPrice24h": text(face.day.high),
        "lowPrice24h": text(face.day.low),
        "turnover24h": f"{face.day.quote_volume:.8f}",
        "volume24h": f"{face.day.volume:.8f}",
    }
    book = {
        "bid1Price": text(face.bid),
        "bid1Size": "1.5",
        "ask1Price": text(face.ask),
        "ask1Size": "1.5",
    }
    if category == "spot":
        return row | {"usdIndexPrice": text(face.last)} | ({} if streams else book)
    return (
        row
        | book
        | {
            "tickDirection": "PlusTick",
            "prevPrice1h": text(face.day.open),
            "markPrice": text(face.last),
            "indexPrice": text(face.last),
            "openInterest": "68744.761",
            "openInterestValue": "1183601235.91",
            "fundingRate": "0.0001",
            "nextFundingTime": "1893456000000",
        }
    )


def status_of(order: Order, category: str) -> str:
    """Return an order's status in Bybit's words."""
    if order.is_waiting:
        return "Untriggered" if order.is_alive else "Deactivated"
    if order.status == "NEW":
        return "New"
    if order.status in _STATUSES:
        return _STATUSES[order.status]
    is_part = category == "spot" and order.filled
    return "PartiallyFilledCanceled" if is_part else "Cancelled"


def order_row(order: Order, category: str, *, category_named: bool = False) -> dict[str, Any]:
    """Return the row of realtime, of history, and of the stream."""
    waits = order.stop_price is not None
    fees: dict[str, Decimal] = {}
    for fill in order.fills:
        fees[fill.fee_currency] = fees.get(fill.fee_currency, Decimal(0)) + fill.fee
    ended = not order.is_alive
    rises = (order.side == "BUY") != order.type.startswith("TAKE_PROFIT")
    row: dict[str, Any] = {
        "symbol": order.symbol,
        "orderType": _WORDS.get(order.type, "Limit"),
        "orderLinkId": "" if order.is_external else order.client_id,
        "orderId": id_text(order.id, category),
        "cancelType": "CancelByUser" if order.status == "CANCELED" else "UNKNOWN",
        "avgPrice": text(order.average) if order.filled else "",
        "stopOrderType": ("Stop" if category == "linear" else "tpslOrder") if waits else "",
        "lastPriceOnCreated": "",
        "orderStatus": status_of(order, category),
        "createType": "CreateByUser",
        "takeProfit": "",
        "cumExecValue": text(order.cost),
        "cumExecFee": text(sum(fees.values(), Decimal(0))),
        "cumFeeDetail": {name: text(fee) for name, fee in fees.items()},
        "triggerDirection": (1 if rises else 2) if waits else 0,
        "triggerPrice": text(order.stop_price) if waits else "",
        "triggerBy": "LastPrice" if waits else "",
        "rejectReason": "EC_NoError",
        "isLeverage": "0",
        "price": text(order.price) if order.price is not None else "0",
        "createdTime": str(order.created_ms),
        "updatedTime": str(order.updated_ms),
        "positionIdx": {"LONG": 1, "SHORT": 2}.get(order.position_side, 0),
        "timeInForce": "IOC" if order.is_market else order.time_in_force,
        "leavesValue": "0",
        "leavesQty": "0" if ended else text(order.remaining),
        "side": order.side.capitalize(),
        "cumExecQty": text(order.filled),
        "reduceOnly": order.reduce_only,
        "closeOnTrigger": False,
        "qty": text(order.quantity),
        "stopLoss": "",
        "smpType": "None",
        "marketUnit": "baseCoin" if category == "spot" and order.is_market else "",
    }
    if order.is_market:
        # A market order goes out with a price limit, which Bybit shows as its price.
        row["price"] = text(order.average * Decimal("0.95")) if order.filled else "0"
    if category == "linear":
        row["tpslMode"] = "UNKNOWN" if not waits else ""
    return row | ({"category": category} if category_named else {})


def fill_row(fill: Fill, order: Order, category: str, *, named: bool = False) -> dict[str, Any]:
    """Return the row of the execution list and of the stream."""
    row = {
        "symbol": fill.symbol,
        "orderType": _WORDS.get(order.type, "Limit"),
        "orderLinkId": "" if order.is_external else fill.client_id,
        "orderId": id_text(fill.order_id, category),
        "stopOrderType": "UNKNOWN",
        "execTime": str(fill.time_ms),
        "execFee": text(fill.fee),
        "feeCurrency": fill.fee_currency if category == "spot" else "",
        "feeRate": text(fill.fee / (fill.price * fill.quantity)) if fill.fee else "0",
        "execId": f"{fill.id:08x}-5566-5e33-9a1d-0242ac120002",
        "execPrice": text(fill.price),
        "execQty": text(fill.quantity),
        "execValue": text(fill.price * fill.quantity),
        "execType": "Trade",
        "orderQty": text(order.quantity),
        "orderPrice": text(order.price) or "0",
        "leavesQty": text(order.remaining),
        "closedSize": "",
        "side": fill.side.capitalize(),
        "isMaker": fill.is_maker,
        "markPrice": "",
        "blockTradeId": "",
        "seq": fill.id,
    }
    if named:
        row |= {"category": category, "feeCoin": fill.fee_currency, "createType": "CreateByUser"}
    return row


def position_rows(engine: SwapEngine, symbol: str) -> list[dict[str, Any]]:
    """Return the rows of a symbol; one of size 0 where there is no position, as Bybit does."""
    sides = ("LONG", "SHORT") if engine.is_hedge_mode else ("BOTH",)
    return [_position(engine, symbol, side) for side in sides]


def _position(engine: SwapEngine, symbol: str, side: str) -> dict[str, Any]:
    position, setting = engine.position(symbol, side), engine.setting(symbol)
    mark = engine.market.quote(symbol).last
    held = abs(position.amount)
    word = ("Buy" if position.amount > 0 else "Sell") if held else ""
    return {
        "positionIdx": {"LONG": 1, "SHORT": 2}.get(side, 0),
        "symbol": symbol,
        "side": word,
        "size": text(held),
        "avgPrice": text(position.entry_price) if held else "0",
        "positionValue": text(held * position.entry_price) if held else "",
        "tradeMode": 0,
        "autoAddMargin": 0,
        "leverage": str(setting.leverage),
        "liqPrice": "",
        "bustPrice": "",
        "markPrice": text(mark),
        "positionIM": text(engine.initial_margin(position)),
        "positionMM": "0",
        "unrealisedPnl": text(position.unrealized(mark)),
        "cumRealisedPnl": text(position.realized),
        "takeProfit": "",
        "stopLoss": "",
        "trailingStop": "0",
        "tpslMode": "Full",
        "positionStatus": "Normal",
        "riskId": 1,
        "riskLimitValue": "2000000",
        "createdTime": "1672121182216",
        "updatedTime": str(position.updated_ms),
    }
