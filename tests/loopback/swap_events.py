"""Messages of the futures user stream."""

from decimal import Decimal
from typing import Any

from tests.loopback.algo import AlgoOrder
from tests.loopback.dialect import plain
from tests.loopback.orders import Fill, Order
from tests.loopback.positions import Position
from tests.loopback.swap_account import SwapEngine


def order_update(kind: str, order: Order, fill: Fill | None, now_ms: int) -> dict[str, Any]:
    """Return ORDER_TRADE_UPDATE."""
    body: dict[str, Any] = {
        "s": order.symbol,
        "c": order.client_id,
        "S": order.side,
        "o": order.type,
        "f": order.time_in_force,
        "q": plain(order.quantity, None),
        "p": plain(order.price, None),
        "ap": plain(order.average, None),
        "sp": plain(order.stop_price, None),
        "x": kind,
        "X": order.status,
        "i": order.id,
        "l": plain(fill.quantity if fill else None, None),
        "z": plain(order.filled, None),
        "L": plain(fill.price if fill else None, None),
        "T": order.updated_ms,
        "t": fill.id if fill else 0,
        "b": "0",
        "a": "0",
        "m": fill.is_maker if fill else False,
        "R": order.reduce_only,
        "wt": "CONTRACT_PRICE",
        "ot": order.original_type,
        "ps": order.position_side,
        "cp": order.close_position,
        "rp": plain(fill.realized if fill else None, None),
        "pP": False,
        "si": 0,
        "ss": 0,
    }
    if fill is not None:
        body |= {"N": fill.fee_currency, "n": plain(fill.fee)}
    return {"e": "ORDER_TRADE_UPDATE", "E": now_ms, "T": order.updated_ms, "o": body}


def account_update(engine: SwapEngine, positions: list[Position], now_ms: int) -> dict[str, Any]:
    """Return ACCOUNT_UPDATE."""
    return {
        "e": "ACCOUNT_UPDATE",
        "E": now_ms,
        "T": now_ms,
        "a": {
            "m": "ORDER",
            "B": [
                {"a": name, "wb": plain(amount), "cw": plain(amount), "bc": "0"}
                for name, amount in engine.wallet.items()
            ],
            "P": [_position(engine, position) for position in positions],
        },
    }


def algo_update(order: AlgoOrder, now_ms: int) -> dict[str, Any]:
    """Return ALGO_UPDATE."""
    real = order.order
    return {
        "e": "ALGO_UPDATE",
        "E": now_ms,
        "T": order.updated_ms,
        "o": {
            "caid": order.client_id,
            "aid": order.id,
            "at": "CONDITIONAL",
            "o": order.type,
            "s": order.symbol,
            "S": order.side,
            "ps": order.position_side,
            "f": order.time_in_force,
            "q": plain(order.quantity, None),
            "X": order.status,
            "ai": str(real.id) if real and real.id else "",
            "ap": plain(real.average if real else None, 5),
            "aq": plain(real.filled if real else None, 5),
            "act": real.type if real else "0",
            "tp": plain(order.trigger, None),
            "p": plain(order.price, None),
            "V": "EXPIRE_MAKER",
            "wt": "CONTRACT_PRICE",
            "pm": "NONE",
            "cp": order.close_position,
            "pP": False,
            "R": order.reduce_only,
            "tt": order.triggered_ms,
            "gtd": 0,
            "rm": order.reason,
        },
    }


def _position(engine: SwapEngine, position: Position) -> dict[str, Any]:
    mark = engine.market.quote(position.symbol).last
    is_isolated = engine.setting(position.symbol).margin_type == "ISOLATED"
    margin = engine.initial_margin(position) if is_isolated else Decimal(0)
    return {
        "s": position.symbol,
        "pa": plain(position.amount, None),
        "ep": plain(position.entry_price, None),
        "cr": plain(position.realized),
        "up": plain(position.unrealized(mark)),
        "mt": "isolated" if is_isolated else "cross",
        "iw": plain(margin),
        "ps": position.side,
        "ma": engine.market.listings[position.symbol].quote,
    }
