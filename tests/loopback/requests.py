"""Parameters of an order request, read and checked as Binance does."""

import re
from decimal import Decimal, InvalidOperation

from tests.loopback.dialect import Refusal, is_true, missing
from tests.loopback.orders import Order
from tests.loopback.routes import Params

_CLIENT_ID = re.compile(r"^[\.A-Z\:/a-z0-9_-]{1,36}$")


def number(params: Params, name: str) -> Decimal | None:
    """Read a number. Raises Refusal when it is none."""
    text = params.get(name)
    if text is None or text == "":
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise Refusal(-1100, f"Illegal characters found in parameter '{name}'.")
    return value


def needed(params: Params, name: str) -> Decimal:
    """Read a number that must be there."""
    value = number(params, name)
    if value is None:
        raise missing(name)
    return value


def client_id(params: Params, name: str, fallback: str) -> str:
    """Read a client order id; Binance makes one up where none is given."""
    given = params.get(name) or fallback
    if not _CLIENT_ID.match(given):
        raise Refusal(
            -1100,
            f"Illegal characters found in parameter '{name}'; "
            "legal range is '^[a-zA-Z0-9-_]{1,36}$'.",
        )
    return given


def order_of(params: Params, symbol: str, *, types: list[str], fallback_id: str) -> Order:
    """Return the order that a request asks for. Raises Refusal."""
    side, order_type = params.get("side", ""), params.get("type", "")
    if side not in {"BUY", "SELL"}:
        raise Refusal(-1117, "Invalid side.")
    if order_type not in types:
        raise Refusal(-1116, "Invalid orderType.")
    quote_quantity = number(params, "quoteOrderQty") if order_type == "MARKET" else None
    has_price = "LIMIT" in order_type
    if order_type == "LIMIT" and params.get("timeInForce") is None:
        raise missing("timeInForce")
    tif = params.get("timeInForce", "GTC")
    if tif not in {"GTC", "IOC", "FOK", "GTX"}:
        raise Refusal(-1115, "Invalid timeInForce.")
    waits = order_type.startswith(("STOP", "TAKE_PROFIT"))
    return Order(
        symbol=symbol,
        side=side,
        type=order_type,
        quantity=Decimal(0) if quote_quantity is not None else needed(params, "quantity"),
        client_id=client_id(params, "newClientOrderId", fallback_id),
        price=needed(params, "price") if has_price else None,
        stop_price=needed(params, "stopPrice") if waits else None,
        time_in_force=tif,
        quote_quantity=quote_quantity,
        reduce_only=is_true(params.get("reduceOnly")),
        position_side=params.get("positionSide", "BOTH"),
    )
