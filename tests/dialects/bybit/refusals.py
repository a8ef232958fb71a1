"""How Bybit says no: always with status 200, and with other codes on spot than on linear."""

from tests.loopback.dialect import Refusal

_MESSAGES = {
    10001: "params error",
    10002: "invalid request, please check your server timestamp or recv_window param",
    10003: "API key is invalid.",
    10004: "error sign! please check your signature generation algorithm.",
    10005: "Permission denied, please check your API key permissions.",
    10006: "Too many visits. Exceeded the API Rate Limit.",
    10010: "Unmatched IP, please check your API key's bound IP addresses.",
    10016: "Server error.",
    33004: "Your api key has expired.",
    110001: "order not exists or too late to cancel",
    110007: "ab not enough for new order",
    110017: "current position is zero, cannot fix reduce-only order qty",
    110025: "Position mode is not modified",
    110043: "leverage not modified",
    110066: "Trading is currently not allowed.",
    110072: "OrderLinkedID is duplicate",
    110092: "expect Rising, but trigger_price <= current",
    110093: "expect Falling, but trigger_price >= current",
    110094: "Order does not meet minimum order value",
    170121: "Invalid symbol.",
    170131: "Insufficient balance.",
    170134: "Order price has too many decimals.",
    170136: "Order quantity lower than the minimum.",
    170137: "Order volume decimal too long.",
    170140: "Order value exceeded lower limit.",
    170141: "Duplicate clientOrderId.",
    170213: "Order does not exist.",
}
_LINEAR = {
    -2011: 110001,
    -2013: 110001,
    -2019: 110007,
    -2022: 110017,
    -4116: 110072,
    -4140: 110066,
    -4164: 110094,
    -1003: 10006,
}
_SPOT = {-2011: 170213, -2013: 170213, -1111: 170137, -1003: 10006}
_SPOT_WORDS = {
    "Duplicate order sent.": 170141,
    "Account has insufficient balance for requested action.": 170131,
    "Market is closed.": 170121,
    "Filter failure: PRICE_FILTER": 170134,
    "Filter failure: LOT_SIZE": 170136,
    "Filter failure: NOTIONAL": 170140,
}


def refusal(code: int) -> Refusal:
    """Return a refusal with Bybit's code and its message."""
    return Refusal(code, _MESSAGES[code], status=200)


def translated(error: Refusal, category: str) -> Refusal:
    """Return what Bybit says where the matching engine refused in Binance's words."""
    if error.code > 0:
        return error
    if error.message == "Stop price would trigger immediately.":
        return refusal(110093)
    if category == "linear":
        return refusal(_LINEAR.get(error.code, 10001))
    by_word = _SPOT_WORDS.get(error.message, 10001)
    return refusal(_SPOT.get(error.code, by_word))
