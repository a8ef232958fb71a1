"""Messages of the market streams."""

from typing import Any

from tests.loopback.candles import TIMEFRAMES, Candle
from tests.loopback.dialect import plain
from tests.loopback.market import Face, Print, Quote


def kline(symbol: str, interval: str, candle: Candle, now_ms: int, *, closed: bool) -> Any:
    """Return a kline; `x` says whether it is closed."""
    return {
        "e": "kline",
        "E": now_ms,
        "s": symbol,
        "k": {
            "t": candle.time_ms,
            "T": candle.time_ms + TIMEFRAMES[interval] - 1,
            "s": symbol,
            "i": interval,
            "f": 1,
            "L": 2,
            "o": plain(candle.open),
            "c": plain(candle.close),
            "h": plain(candle.high),
            "l": plain(candle.low),
            "v": plain(candle.volume),
            "n": candle.trades,
            "x": closed,
            "q": plain(candle.quote_volume),
            "V": plain(candle.volume / 2),
            "Q": plain(candle.quote_volume / 2),
            "B": "0",
        },
    }


def mini_ticker(symbol: str, face: Face) -> dict[str, Any]:
    """Return a 24hrMiniTicker."""
    return {
        "e": "24hrMiniTicker",
        "E": face.time_ms,
        "s": symbol,
        "c": plain(face.last),
        "o": plain(face.day.open),
        "h": plain(face.day.high),
        "l": plain(face.day.low),
        "v": plain(face.day.volume),
        "q": plain(face.day.quote_volume),
    }


def ticker(symbol: str, face: Face, *, has_book: bool) -> dict[str, Any]:
    """Return a 24hrTicker; that of futures has no bid and ask."""
    message = mini_ticker(symbol, face) | {
        "e": "24hrTicker",
        "p": plain(face.last - face.day.open),
        "P": plain((face.last - face.day.open) / face.day.open * 100, 3),
        "w": plain(face.day.quote_volume / face.day.volume if face.day.volume else face.last),
        "Q": "1.00000000",
        "O": face.time_ms - 86_400_000,
        "C": face.time_ms,
        "F": 1,
        "L": 2,
        "n": 2,
    }
    if has_book:
        message |= {
            "x": plain(face.day.open),
            "b": plain(face.bid),
            "B": "10.00000000",
            "a": plain(face.ask),
            "A": "10.00000000",
        }
    return message


def book_ticker(symbol: str, face: Face, update_id: int, *, is_swap: bool) -> dict[str, Any]:
    """Return a bookTicker; on spot it carries neither event name nor time."""
    message: dict[str, Any] = {
        "u": update_id,
        "s": symbol,
        "b": plain(face.bid),
        "B": "10.00000000",
        "a": plain(face.ask),
        "A": "10.00000000",
    }
    if is_swap:
        message |= {"e": "bookTicker", "T": face.time_ms, "E": face.time_ms}
    return message


def mark_price(symbol: str, face: Face) -> dict[str, Any]:
    """Return a markPriceUpdate."""
    return {
        "e": "markPriceUpdate",
        "E": face.time_ms,
        "s": symbol,
        "p": plain(face.last),
        "i": plain(face.last),
        "P": plain(face.last),
        "r": "0.00010000",
        "T": face.time_ms + 3_600_000,
    }


def trade(symbol: str, made: Print, *, aggregate: bool) -> dict[str, Any]:
    """Return a trade or an aggTrade."""
    message: dict[str, Any] = {
        "e": "aggTrade" if aggregate else "trade",
        "E": made.time_ms,
        "s": symbol,
        "p": plain(made.price),
        "q": plain(made.quantity),
        "T": made.time_ms,
        "m": False,
        "M": True,
    }
    if aggregate:
        return message | {"a": made.id, "f": made.id, "l": made.id}
    return message | {"t": made.id}


def depth(symbol: str, quote: Quote, changed: dict[str, Any], now_ms: int, *, is_swap: bool) -> Any:
    """Return a depthUpdate."""
    message: dict[str, Any] = {
        "e": "depthUpdate",
        "E": now_ms,
        "s": symbol,
        "U": quote.update_id,
        "u": quote.update_id,
        "b": changed["bids"],
        "a": changed["asks"],
    }
    return message | {"T": now_ms, "pu": quote.update_id - 1} if is_swap else message
