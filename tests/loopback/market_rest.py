"""Public endpoints, the same on spot and futures but for details."""

import json
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from tests.loopback.candles import TIMEFRAMES, Candle, open_time
from tests.loopback.dialect import Refusal, invalid_symbol, missing, plain
from tests.loopback.market import Face
from tests.loopback.routes import Params, Routes

if TYPE_CHECKING:
    from tests.loopback.exchange import LoopbackExchange

_LIMITS = {"spot": 1_000, "swap": 1_500}
_RATE_LIMITS = [
    {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000},
    {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100},
]


def market_routes(market: str, prefix: str) -> Routes:
    """Return the public endpoints of `spot` or `swap`."""
    routes = Routes(prefix)
    routes.add("GET", "ping", lambda _exchange, _params: {})
    routes.add("GET", "time", server_time)
    routes.add("GET", "exchangeInfo", partial(exchange_info, market), weight=20)
    routes.add("GET", "klines", partial(klines, market), weight=2)
    routes.add("GET", "ticker/24hr", partial(day_tickers, market), weight=2)
    routes.add("GET", "ticker/price", partial(prices, market), weight=2)
    routes.add("GET", "ticker/bookTicker", partial(book_tickers, market), weight=2)
    routes.add("GET", "depth", partial(depth, market), weight=5)
    routes.add("GET", "trades", partial(trades, market), weight=10)
    routes.add("GET", "aggTrades", partial(aggregate_trades, market), weight=2)
    if market == "swap":
        routes.add("GET", "premiumIndex", premium_index)
    return routes


def listed(exchange: "LoopbackExchange", market: str, params: Params) -> str:
    """Return the symbol parameter. Raises Refusal when it is missing or not listed."""
    symbol = params.get("symbol")
    if symbol is None:
        raise missing("symbol")
    listing = exchange.market.listings.get(symbol)
    if listing is None or market not in listing.markets:
        raise invalid_symbol()
    return symbol


def wanted(exchange: "LoopbackExchange", market: str, params: Params) -> list[str]:
    """Return the symbols that a ticker request names; all where it names none."""
    if "symbol" in params:
        return [listed(exchange, market, params)]
    known = list(exchange.market.symbols(market))
    if "symbols" not in params:
        return known
    asked: list[str] = json.loads(params["symbols"])
    if any(symbol not in known for symbol in asked):
        raise invalid_symbol()
    return asked


def server_time(exchange: "LoopbackExchange", _params: Params) -> Any:
    """GET time."""
    return {"serverTime": exchange.clock.now_ms()}


def exchange_info(market: str, exchange: "LoopbackExchange", _params: Params) -> Any:
    """GET exchangeInfo."""
    entries = [
        listing.as_spot() if market == "spot" else listing.as_swap()
        for listing in exchange.market.listings.values()
        if market in listing.markets
    ]
    return {
        "timezone": "UTC",
        "serverTime": exchange.clock.now_ms(),
        "rateLimits": _RATE_LIMITS,
        "exchangeFilters": [],
        "assets": [{"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "0"}],
        "symbols": entries,
    }


def klines(market: str, exchange: "LoopbackExchange", params: Params) -> Any:
    """GET klines: oldest first, the open candle last."""
    symbol = listed(exchange, market, params)
    interval = params.get("interval", "")
    if interval not in TIMEFRAMES:
        raise Refusal(-1120, "Invalid interval.")
    limit = min(int(params.get("limit", "500")), _LIMITS[market])
    now, duration = exchange.clock.now_ms(), TIMEFRAMES[interval]
    end = min(int(params.get("endTime", now)), now)
    newest = open_time(interval, end)
    start = int(params.get("startTime", newest - (limit - 1) * duration))
    candles = exchange.market.quote(symbol).candles
    return [
        kline_row(candle, duration)
        for candle in islice(candles.series(interval, start, end), limit)
    ]


def kline_row(candle: Candle, duration: int) -> list[Any]:
    """Return a candle as the twelve columns of Binance."""
    return [
        candle.time_ms,
        plain(candle.open),
        plain(candle.high),
        plain(candle.low),
        plain(candle.close),
        plain(candle.volume),
        candle.time_ms + duration - 1,
        plain(candle.quote_volume),
        candle.trades,
        plain(candle.volume / 2),
        plain(candle.quote_volume / 2),
        "0",
    ]


def day_tickers(market: str, exchange: "LoopbackExchange", params: Params) -> Any:
    """GET ticker/24hr, one or many."""
    rows = [
        day_row(market, symbol, exchange.market.face(symbol))
        for symbol in wanted(exchange, market, params)
    ]
    return rows[0] if "symbol" in params else rows


def day_row(market: str, symbol: str, face: Face) -> dict[str, Any]:
    """Return a 24 h ticker; futures have no bid and ask in it."""
    day = face.day
    change = face.last - day.open
    row = {
        "symbol": symbol,
        "priceChange": plain(change),
        "priceChangePercent": plain(change / day.open * 100, 3),
        "weightedAvgPrice": plain(day.quote_volume / day.volume if day.volume else face.last),
        "lastPrice": plain(face.last),
        "lastQty": "1.00000000",
        "openPrice": plain(day.open),
        "highPrice": plain(day.high),
        "lowPrice": plain(day.low),
        "volume": plain(day.volume),
        "quoteVolume": plain(day.quote_volume),
        "openTime": face.time_ms - 86_400_000,
        "closeTime": face.time_ms,
        "firstId": 1,
        "lastId": 2,
        "count": 2,
    }
    if market == "spot":
        row |= {
            "prevClosePrice": plain(day.open),
            "bidPrice": plain(face.bid),
            "bidQty": "10.00000000",
            "askPrice": plain(face.ask),
            "askQty": "10.00000000",
        }
    return row


def prices(market: str, exchange: "LoopbackExchange", params: Params) -> Any:
    """GET ticker/price."""
    rows = []
    for symbol in wanted(exchange, market, params):
        face = exchange.market.face(symbol)
        row: dict[str, Any] = {"symbol": symbol, "price": plain(face.last)}
        rows.append(row if market == "spot" else row | {"time": face.time_ms})
    return rows[0] if "symbol" in params else rows


def book_tickers(market: str, exchange: "LoopbackExchange", params: Params) -> Any:
    """GET ticker/bookTicker."""
    rows = []
    for symbol in wanted(exchange, market, params):
        face = exchange.market.face(symbol)
        row: dict[str, Any] = {
            "symbol": symbol,
            "bidPrice": plain(face.bid),
            "bidQty": "10.00000000",
            "askPrice": plain(face.ask),
            "askQty": "10.00000000",
        }
        rows.append(row if market == "spot" else row | {"time": face.time_ms})
    return rows[0] if "symbol" in params else rows


def depth(market: str, exchange: "LoopbackExchange", params: Params) -> Any:
    """GET depth: ten levels, a tick apart."""
    symbol = listed(exchange, market, params)
    book = {"lastUpdateId": exchange.market.quote(symbol).update_id, **levels(exchange, symbol)}
    return book if market == "spot" else book | {"E": exchange.clock.now_ms(), "T": 1}


def levels(exchange: "LoopbackExchange", symbol: str, count: int = 10) -> dict[str, Any]:
    """Return the bids and asks of the made-up book."""
    quote = exchange.market.quote(symbol)
    tick = quote.listing.tick
    size = plain(exchange.liquidity.get(symbol), 8) if symbol in exchange.liquidity else "10.0"
    return {
        "bids": [[plain(quote.bid - at * tick), size] for at in range(count)],
        "asks": [[plain(quote.ask + at * tick), size] for at in range(count)],
    }


def trades(market: str, exchange: "LoopbackExchange", params: Params) -> Any:
    """GET trades."""
    quote = exchange.market.quote(listed(exchange, market, params))
    limit = int(params.get("limit", "500"))
    return [
        {
            "id": made.id,
            "price": plain(made.price),
            "qty": plain(made.quantity),
            "quoteQty": plain(made.price * made.quantity),
            "time": made.time_ms,
            "isBuyerMaker": False,
            "isBestMatch": True,
        }
        for made in list(quote.prints)[-limit:]
    ]


def aggregate_trades(market: str, exchange: "LoopbackExchange", params: Params) -> Any:
    """GET aggTrades."""
    quote = exchange.market.quote(listed(exchange, market, params))
    limit, start = int(params.get("limit", "500")), int(params.get("startTime", "0"))
    return [
        {
            "a": made.id,
            "p": plain(made.price),
            "q": plain(made.quantity),
            "f": made.id,
            "l": made.id,
            "T": made.time_ms,
            "m": False,
            "M": True,
        }
        for made in [made for made in quote.prints if made.time_ms >= start][-limit:]
    ]


def premium_index(exchange: "LoopbackExchange", params: Params) -> Any:
    """GET premiumIndex: the mark price is the last price."""
    rows = [
        {
            "symbol": symbol,
            "markPrice": plain(exchange.market.quote(symbol).last),
            "indexPrice": plain(exchange.market.quote(symbol).last),
            "lastFundingRate": "0.00010000",
            "nextFundingTime": open_time("8h", exchange.clock.now_ms()) + TIMEFRAMES["8h"],
            "time": exchange.clock.now_ms(),
        }
        for symbol in wanted(exchange, "swap", params)
    ]
    return rows[0] if "symbol" in params else rows
