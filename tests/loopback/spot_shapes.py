"""Spot orders, fills and balances as Binance writes them."""

from typing import Any

from tests.loopback.dialect import plain
from tests.loopback.orders import Fill, Order
from tests.loopback.spot_account import SpotEngine


def order_row(order: Order) -> dict[str, Any]:
    """Return an order as GET order, openOrders and allOrders have it."""
    return {
        "symbol": order.symbol,
        "orderId": order.id,
        "orderListId": -1,
        "clientOrderId": order.client_id,
        "price": plain(order.price),
        "origQty": plain(order.quantity),
        "executedQty": plain(order.filled),
        "cummulativeQuoteQty": plain(order.cost),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.side,
        "stopPrice": plain(order.stop_price),
        "icebergQty": "0.00000000",
        "time": order.created_ms,
        "updateTime": order.updated_ms,
        "isWorking": not order.is_waiting,
        "workingTime": order.created_ms,
        "origQuoteOrderQty": plain(order.quote_quantity),
        "selfTradePreventionMode": "NONE",
    }


def order_answer(order: Order, detail: str) -> dict[str, Any]:
    """Return the answer to POST order: ACK, RESULT or FULL."""
    answer: dict[str, Any] = {
        "symbol": order.symbol,
        "orderId": order.id,
        "orderListId": -1,
        "clientOrderId": order.client_id,
        "transactTime": order.updated_ms,
    }
    if detail == "ACK":
        return answer
    row = order_row(order)
    for name in ("time", "updateTime", "isWorking", "stopPrice", "icebergQty"):
        row.pop(name)
    answer |= row
    if order.stop_price is not None:
        answer["stopPrice"] = plain(order.stop_price)
    if detail == "FULL":
        answer["fills"] = [
            {
                "price": plain(fill.price),
                "qty": plain(fill.quantity),
                "commission": plain(fill.fee),
                "commissionAsset": fill.fee_currency,
                "tradeId": fill.id,
            }
            for fill in order.fills
        ]
    return answer


def cancel_answer(order: Order) -> dict[str, Any]:
    """Return the answer to DELETE order."""
    answer = order_answer(order, "RESULT")
    answer["origClientOrderId"] = order.client_id
    answer["clientOrderId"] = f"cancel-{order.id}"
    return answer


def trade_row(fill: Fill) -> dict[str, Any]:
    """Return a fill as myTrades has it."""
    return {
        "symbol": fill.symbol,
        "id": fill.id,
        "orderId": fill.order_id,
        "orderListId": -1,
        "price": plain(fill.price),
        "qty": plain(fill.quantity),
        "quoteQty": plain(fill.price * fill.quantity),
        "commission": plain(fill.fee),
        "commissionAsset": fill.fee_currency,
        "time": fill.time_ms,
        "isBuyer": fill.side == "BUY",
        "isMaker": fill.is_maker,
        "isBestMatch": True,
    }


def account(engine: SpotEngine, *, can_withdraw: bool) -> dict[str, Any]:
    """Return the answer to GET account."""
    return {
        "makerCommission": int(engine.maker_fee * 10_000),
        "takerCommission": int(engine.taker_fee * 10_000),
        "canTrade": True,
        "canWithdraw": can_withdraw,
        "canDeposit": True,
        "updateTime": engine.market.clock.now_ms(),
        "accountType": "SPOT",
        "balances": [
            {"asset": name, "free": plain(balance.free), "locked": plain(balance.locked)}
            for name, balance in engine.balances.items()
        ],
        "permissions": ["SPOT"],
        "uid": 354937868,
    }


def execution_report(kind: str, order: Order, fill: Fill | None, now_ms: int) -> dict[str, Any]:
    """Return the user stream's message of a change."""
    return {
        "e": "executionReport",
        "E": now_ms,
        "s": order.symbol,
        "c": f"cancel-{order.id}" if kind == "CANCELED" else order.client_id,
        "S": order.side,
        "o": order.type,
        "f": order.time_in_force,
        "q": plain(order.quantity),
        "p": plain(order.price),
        "P": plain(order.stop_price),
        "F": "0.00000000",
        "g": -1,
        "C": order.client_id if kind == "CANCELED" else "",
        "x": kind,
        "X": order.status,
        "r": "NONE",
        "i": order.id,
        "l": plain(fill.quantity if fill else None),
        "z": plain(order.filled),
        "L": plain(fill.price if fill else None),
        "n": plain(fill.fee) if fill else "0",
        "N": fill.fee_currency if fill else None,
        "T": order.updated_ms,
        "t": fill.id if fill else -1,
        "w": order.is_alive and not order.is_waiting,
        "m": fill.is_maker if fill else False,
        "O": order.created_ms,
        "Z": plain(order.cost),
        "Y": plain(fill.price * fill.quantity if fill else None),
        "Q": plain(order.quote_quantity),
        "W": order.created_ms,
        "V": "NONE",
    }


def account_position(engine: SpotEngine, currencies: list[str], now_ms: int) -> dict[str, Any]:
    """Return the user stream's message of changed balances."""
    return {
        "e": "outboundAccountPosition",
        "E": now_ms,
        "u": now_ms,
        "B": [
            {
                "a": name,
                "f": plain(engine.balance(name).free),
                "l": plain(engine.balance(name).locked),
            }
            for name in currencies
        ],
    }
