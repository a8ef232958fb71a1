"""Bybit's public endpoints."""

from itertools import islice
from typing import TYPE_CHECKING, Any

from tests.dialects.bybit import shapes
from tests.dialects.bybit.refusals import refusal
from tests.loopback.candles import TIMEFRAMES, open_time
from tests.loopback.dialect import Refusal
from tests.loopback.market_rest import levels
from tests.loopback.routes import Params, Routes

if TYPE_CHECKING:
    from tests.dialects.bybit.exchange import BybitExchange

INTERVALS = {
    **{name: f"{name}m" for name in ("1", "3", "5", "15", "30")},
    **{str(hours * 60): f"{hours}h" for hours in (1, 2, 4, 6, 12)},
    "D": "1d",
    "W": "1w",
}
"""Bybit's word of an interval → the timeframe."""


def market_routes() -> Routes:
    """Return the public endpoints."""
    routes = Routes("/v5/market")
    routes.add("GET", "time", server_time)
    routes.add("GET", "instruments-info", instruments)
    routes.add("GET", "tickers", tickers)
    routes.add("GET", "kline", kline)
    routes.add("GET", "orderbook", order_book)
    return routes


def market_of(params: Params) -> str:
    """Return `spot` or `swap`. Raises Refusal for a category that is not here."""
    try:
        return {"spot": "spot", "linear": "swap"}[params.get("category", "")]
    except KeyError:
        raise refusal(10001) from None


def listed(exchange: "BybitExchange", params: Params) -> str:
    """Return the symbol that is asked for. Raises Refusal."""
    symbol, market = params.get("symbol", ""), market_of(params)
    if not exchange.market.is_listed(symbol, market):
        raise Refusal(10001, "Not supported symbols", status=200)
    return symbol


def _wanted(exchange: "BybitExchange", params: Params) -> list[str]:
    if params.get("symbol"):
        return [listed(exchange, params)]
    return list(exchange.market.symbols(market_of(params)))


def server_time(exchange: "BybitExchange", _params: Params) -> Any:
    """GET time."""
    now_ms = exchange.clock.now_ms()
    return {"timeSecond": str(now_ms // 1000), "timeNano": f"{now_ms}000000"}


def instruments(exchange: "BybitExchange", params: Params) -> Any:
    """GET instruments-info."""
    category = params.get("category", "")
    rows = []
    if category in {"spot", "linear"} and params.get("status", "Trading") == "Trading":
        listings = exchange.market.listings
        rows = [
            shapes.instrument(listings[name], category)
            for name in _wanted(exchange, params)
            if listings[name].status[market_of(params)] == "TRADING"
        ]
    return {"category": category, "list": rows, "nextPageCursor": ""}


def tickers(exchange: "BybitExchange", params: Params) -> Any:
    """GET tickers."""
    market, category = exchange.market, params["category"]
    names = _wanted(exchange, params)
    rows = [shapes.ticker(market.quote(name), market.face(name), category) for name in names]
    return {"category": category, "list": rows}


def kline(exchange: "BybitExchange", params: Params) -> Any:
    """GET kline: newest first; of the newest where no start is given."""
    symbol, interval = listed(exchange, params), INTERVALS.get(params.get("interval", ""))
    if interval is None:
        raise refusal(10001)
    limit = min(int(params.get("limit", "200")), 1_000)
    now_ms, length = exchange.clock.now_ms(), TIMEFRAMES[interval]
    end_ms = min(int(params.get("end", now_ms)), now_ms)
    start = params.get("start")
    start_ms = int(start) if start else open_time(interval, end_ms) - (limit - 1) * length
    candles = list(exchange.market.quote(symbol).candles.series(interval, start_ms, end_ms))
    kept = list(islice(candles, limit)) if start else candles[-limit:]
    rows = [
        [
            str(one.time_ms),
            *map(shapes.text, (one.open, one.high, one.low, one.close)),
            shapes.text(one.volume),
            shapes.text(one.quote_volume),
        ]
        for one in reversed(kept)
    ]
    return {"category": params["category"], "symbol": symbol, "list": rows}


def order_book(exchange: "BybitExchange", params: Params) -> Any:
    """GET orderbook."""
    symbol = listed(exchange, params)
    book = levels(exchange, symbol, int(params.get("limit", "1")))
    now_ms = exchange.clock.now_ms()
    return {"s": symbol, "b": book["bids"], "a": book["asks"], "ts": now_ms, "u": 1, "seq": 1}
