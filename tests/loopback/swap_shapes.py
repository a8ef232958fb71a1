"""Futures orders, fills, positions and balances as Binance writes them."""

from decimal import Decimal
from typing import Any

from tests.loopback.algo import AlgoOrder
from tests.loopback.dialect import plain
from tests.loopback.orders import Fill, Order
from tests.loopback.positions import Position
from tests.loopback.swap_account import SwapEngine

_MAINTENANCE_RATE = Decimal("0.004")


def order_row(order: Order) -> dict[str, Any]:
    """Return an order as every futures order endpoint has it."""
    return {
        "orderId": order.id,
        "symbol": order.symbol,
        "status": order.status,
        "clientOrderId": order.client_id,
        "price": plain(order.price, None),
        "avgPrice": plain(order.average, 5),
        "origQty": plain(order.quantity, None),
        "executedQty": plain(order.filled, None),
        "cumQty": plain(order.filled, None),
        "cumQuote": plain(order.cost, None),
        "timeInForce": order.time_in_force,
        "type": order.type,
        "reduceOnly": order.reduce_only,
        "closePosition": order.close_position,
        "side": order.side,
        "positionSide": order.position_side,
        "stopPrice": plain(order.stop_price, None),
        "workingType": "CONTRACT_PRICE",
        "priceMatch": "NONE",
        "selfTradePreventionMode": "NONE",
        "goodTillDate": 0,
        "priceProtect": False,
        "origType": order.original_type,
        "time": order.created_ms,
        "updateTime": order.updated_ms,
    }


def trade_row(fill: Fill) -> dict[str, Any]:
    """Return a fill as userTrades has it."""
    return {
        "symbol": fill.symbol,
        "id": fill.id,
        "orderId": fill.order_id,
        "side": fill.side,
        "price": plain(fill.price, None),
        "qty": plain(fill.quantity, None),
        "realizedPnl": plain(fill.realized),
        "quoteQty": plain(fill.price * fill.quantity),
        "commission": plain(fill.fee),
        "commissionAsset": fill.fee_currency,
        "time": fill.time_ms,
        "positionSide": fill.position_side,
        "buyer": fill.side == "BUY",
        "maker": fill.is_maker,
    }


def algo_row(order: AlgoOrder) -> dict[str, Any]:
    """Return a conditional order."""
    return {
        "algoId": order.id,
        "clientAlgoId": order.client_id,
        "algoType": "CONDITIONAL",
        "orderType": order.type,
        "symbol": order.symbol,
        "side": order.side,
        "positionSide": order.position_side,
        "timeInForce": order.time_in_force,
        "quantity": plain(order.quantity, None),
        "algoStatus": order.status,
        "actualOrderId": str(order.order.id) if order.order else "",
        "actualPrice": plain(order.order.average if order.order else None, 5),
        "triggerPrice": plain(order.trigger, None),
        "price": plain(order.price, None),
        "icebergQuantity": None,
        "selfTradePreventionMode": "EXPIRE_MAKER",
        "workingType": "CONTRACT_PRICE",
        "priceMatch": "NONE",
        "closePosition": order.close_position,
        "priceProtect": False,
        "reduceOnly": order.reduce_only,
        "createTime": order.created_ms,
        "updateTime": order.updated_ms,
        "triggerTime": order.triggered_ms,
        "goodTillDate": 0,
    }


def position_row(engine: SwapEngine, position: Position, version: int) -> dict[str, Any]:
    """Return a position as positionRisk v2 or v3 has it."""
    mark = engine.market.quote(position.symbol).last
    setting = engine.setting(position.symbol)
    notional = position.amount * mark
    margin = engine.initial_margin(position)
    is_isolated = setting.margin_type == "ISOLATED"
    row: dict[str, Any] = {
        "symbol": position.symbol,
        "positionSide": position.side,
        "positionAmt": plain(position.amount, None),
        "entryPrice": plain(position.entry_price, None),
        "breakEvenPrice": plain(position.entry_price, None),
        "markPrice": plain(mark),
        "unRealizedProfit": plain(position.unrealized(mark)),
        "liquidationPrice": plain(_liquidation(engine, position), None),
        "isolatedMargin": plain(margin if is_isolated else None),
        "notional": plain(notional),
        "isolatedWallet": plain(margin if is_isolated else None),
        "updateTime": position.updated_ms,
    }
    if version == 2:
        return row | {
            "leverage": str(setting.leverage),
            "marginType": "isolated" if is_isolated else "cross",
            "isAutoAddMargin": "false",
            "maxNotionalValue": "20000000",
        }
    return row | {
        "initialMargin": plain(margin),
        "maintMargin": plain(abs(notional) * _MAINTENANCE_RATE),
        "positionInitialMargin": plain(margin),
        "openOrderInitialMargin": "0",
        "adl": 0,
        "bidNotional": "0",
        "askNotional": "0",
        "marginAsset": engine.market.listings[position.symbol].quote,
    }


def account(engine: SwapEngine, version: int, *, can_withdraw: bool) -> dict[str, Any]:
    """Return the answer to GET /fapi/v2|v3/account."""
    now = engine.market.clock.now_ms()
    unrealized, wallet = engine.unrealized(), engine.wallet.get("USDT", Decimal(0))
    bound = sum((engine.initial_margin(position) for position in engine.held()), Decimal(0))
    orders = engine.order_margin()
    assets = []
    for name, amount in engine.wallet.items():
        is_main = name == "USDT"
        zero = Decimal(0)
        assets.append(
            {
                "asset": name,
                "walletBalance": plain(amount),
                "unrealizedProfit": plain(unrealized if is_main else zero),
                "marginBalance": plain(amount + unrealized if is_main else amount),
                "maintMargin": "0.00000000",
                "initialMargin": plain(bound + orders if is_main else zero),
                "positionInitialMargin": plain(bound if is_main else zero),
                "openOrderInitialMargin": plain(orders if is_main else zero),
                "crossWalletBalance": plain(amount),
                "crossUnPnl": plain(unrealized if is_main else zero),
                "availableBalance": plain(engine.available() if is_main else amount),
                "maxWithdrawAmount": plain(engine.available() if is_main else amount),
                "marginAvailable": True,
                "updateTime": now,
            }
        )
    return {
        "feeTier": 0,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": can_withdraw,
        "multiAssetsMargin": False,
        "updateTime": now,
        "totalInitialMargin": plain(bound + orders),
        "totalMaintMargin": "0.00000000",
        "totalWalletBalance": plain(wallet),
        "totalUnrealizedProfit": plain(unrealized),
        "totalMarginBalance": plain(wallet + unrealized),
        "totalPositionInitialMargin": plain(bound),
        "totalOpenOrderInitialMargin": plain(orders),
        "totalCrossWalletBalance": plain(wallet),
        "totalCrossUnPnl": plain(unrealized),
        "availableBalance": plain(engine.available()),
        "maxWithdrawAmount": plain(engine.available()),
        "assets": assets,
        "positions": [account_position_row(engine, held, version) for held in engine.held()],
    }


def account_position_row(engine: SwapEngine, position: Position, version: int) -> dict[str, Any]:
    """Return a position as the account endpoint has it."""
    row = position_row(engine, position, 3)
    setting = engine.setting(position.symbol)
    kept = {
        name: row[name]
        for name in (
            "symbol",
            "positionSide",
            "positionAmt",
            "isolatedMargin",
            "notional",
            "isolatedWallet",
            "initialMargin",
            "maintMargin",
            "updateTime",
        )
    }
    kept["unrealizedProfit"] = row["unRealizedProfit"]
    if version == 2:
        kept |= {
            "entryPrice": row["entryPrice"],
            "leverage": str(setting.leverage),
            "isolated": setting.margin_type == "ISOLATED",
        }
    return kept


def _liquidation(engine: SwapEngine, position: Position) -> Decimal:
    if not position.amount:
        return Decimal(0)
    setting = engine.setting(position.symbol)
    sign = 1 if position.amount > 0 else -1
    factor = 1 - sign * (Decimal(1) / setting.leverage - _MAINTENANCE_RATE)
    tick = engine.market.listings[position.symbol].tick
    return (position.entry_price * factor).quantize(tick)
