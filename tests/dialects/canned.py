"""Exchanges that answer a few REST paths, each in its own dialect, and have no websockets.

One market, BTC/USDT or BTC/USD, at 50 000: enough for markets, tickers, candles and balance.
"""

import socket
import time
from collections.abc import Callable, Mapping
from typing import Any, Self

from aiohttp import web

from cts_tui.model.credentials import Credentials

Answer = Callable[[Mapping[str, str]], Any]
MINUTE_MS = 60_000


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _closes(count: int) -> list[tuple[int, str]]:
    """Return open times and closes of the newest minutes, the open one included."""
    newest = _now_ms() // MINUTE_MS * MINUTE_MS
    return [(newest - at * MINUTE_MS, f"{50_000 - at}") for at in range(count)][::-1]


def _okx(answer: Any) -> Any:
    return {"code": "0", "msg": "", "data": answer}


def _okx_instruments(query: Mapping[str, str]) -> Any:
    kind = query["instType"]
    row = {
        "instType": kind,
        "instId": "BTC-USDT" if kind == "SPOT" else "BTC-USDT-SWAP",
        "uly": "" if kind == "SPOT" else "BTC-USDT",
        "instFamily": "" if kind == "SPOT" else "BTC-USDT",
        "baseCcy": "BTC" if kind == "SPOT" else "",
        "quoteCcy": "USDT" if kind == "SPOT" else "",
        "settleCcy": "" if kind == "SPOT" else "USDT",
        "ctVal": "" if kind == "SPOT" else "0.01",
        "ctMult": "" if kind == "SPOT" else "1",
        "ctValCcy": "" if kind == "SPOT" else "BTC",
        "ctType": "" if kind == "SPOT" else "linear",
        "tickSz": "0.1",
        "lotSz": "0.00000001" if kind == "SPOT" else "0.01",
        "minSz": "0.00001" if kind == "SPOT" else "0.01",
        "maxMktSz": "1000000",
        "maxLmtSz": "9999999999",
        "lever": "100",
        "state": "live",
        "listTime": "1548133413000",
        "expTime": "",
        "optType": "",
        "stk": "",
    }
    return _okx([row] if kind in {"SPOT", "SWAP"} else [])


def _okx_ticker(query: Mapping[str, str]) -> Any:
    name = query.get("instId") or ("BTC-USDT" if query.get("instType") == "SPOT" else None)
    row = {
        "instType": query.get("instType", "SPOT"),
        "instId": name or "BTC-USDT-SWAP",
        "last": "50000.1",
        "askPx": "50000.2",
        "askSz": "1",
        "bidPx": "50000",
        "bidSz": "1",
        "open24h": "49000",
        "high24h": "51000",
        "low24h": "48000",
        "volCcy24h": "600000000",
        "vol24h": "12000",
        "ts": str(_now_ms()),
    }
    return _okx([row])


def _okx_candles(query: Mapping[str, str]) -> Any:
    rows = [
        [str(at), close, close, close, close, "1", "1", "50000", "1"]
        for at, close in reversed(_closes(min(int(query.get("limit", "100")), 100)))
    ]
    return _okx(rows)


OKX: dict[str, Answer] = {
    "/api/v5/public/time": lambda _: _okx([{"ts": str(_now_ms())}]),
    "/api/v5/public/instruments": _okx_instruments,
    "/api/v5/market/ticker": _okx_ticker,
    "/api/v5/market/tickers": _okx_ticker,
    "/api/v5/market/candles": _okx_candles,
    "/api/v5/market/history-candles": _okx_candles,
    "/api/v5/account/config": lambda _: _okx(
        [{"perm": "read_only,trade", "acctLv": "2", "posMode": "net_mode", "uid": "1"}]
    ),
    "/api/v5/account/balance": lambda _: _okx(
        [
            {
                "uTime": str(_now_ms()),
                "totalEq": "1000",
                "details": [
                    {
                        "ccy": "USDT",
                        "availEq": "",
                        "availBal": "900",
                        "frozenBal": "100",
                        "eq": "1000",
                        "cashBal": "1000",
                    }
                ],
            }
        ]
    ),
}

_PAIR = {
    "altname": "XBTUSD",
    "wsname": "XBT/USD",
    "aclass_base": "currency",
    "base": "XXBT",
    "aclass_quote": "currency",
    "quote": "ZUSD",
    "cost_decimals": 5,
    "pair_decimals": 1,
    "lot_decimals": 8,
    "lot_multiplier": 1,
    "leverage_buy": [],
    "leverage_sell": [],
    "fees": [[0, 0.26]],
    "fees_maker": [[0, 0.16]],
    "fee_volume_currency": "ZUSD",
    "ordermin": "0.0001",
    "costmin": "0.5",
    "tick_size": "0.1",
    "status": "online",
}
_ASSETS = {
    "XXBT": {"aclass": "currency", "altname": "XBT", "decimals": 10, "display_decimals": 5},
    "ZUSD": {"aclass": "currency", "altname": "USD", "decimals": 4, "display_decimals": 2},
}


def _kraken(answer: Any) -> Any:
    return {"error": [], "result": answer}


def _kraken_ticker(_: Mapping[str, str]) -> Any:
    row = {
        "a": ["50000.20000", "1", "1.000"],
        "b": ["50000.00000", "1", "1.000"],
        "c": ["50000.10000", "0.1"],
        "v": ["100", "12000"],
        "p": ["50000", "50000"],
        "t": [10, 20],
        "l": ["48000", "48000"],
        "h": ["51000", "51000"],
        "o": "49000",
    }
    return _kraken({"XXBTZUSD": row})


def _kraken_candles(_: Mapping[str, str]) -> Any:
    rows = [[at // 1000, close, close, close, close, close, "1", 1] for at, close in _closes(720)]
    return _kraken({"XXBTZUSD": rows, "last": rows[-2][0]})


KRAKEN: dict[str, Answer] = {
    "/0/public/Time": lambda _: _kraken({"unixtime": _now_ms() // 1000, "rfc1123": ""}),
    "/0/public/SystemStatus": lambda _: _kraken({"status": "online", "timestamp": ""}),
    "/0/public/AssetPairs": lambda _: _kraken({"XXBTZUSD": _PAIR}),
    "/0/public/Assets": lambda _: _kraken(_ASSETS),
    "/0/public/Ticker": _kraken_ticker,
    "/0/public/OHLC": _kraken_candles,
    "/0/private/BalanceEx": lambda _: _kraken({"ZUSD": {"balance": "1000", "hold_trade": "100"}}),
    "/0/private/GetApiKeyInfo": lambda _: _kraken(
        {"permissions": ["query-funds", "modify-trades"]}
    ),
}

_SYMBOL = {
    "symbol": "BTC-USDT",
    "name": "BTC-USDT",
    "baseCurrency": "BTC",
    "quoteCurrency": "USDT",
    "feeCurrency": "USDT",
    "market": "USDS",
    "baseMinSize": "0.00001",
    "quoteMinSize": "0.1",
    "baseMaxSize": "10000",
    "quoteMaxSize": "99999999",
    "baseIncrement": "0.00000001",
    "quoteIncrement": "0.000001",
    "priceIncrement": "0.1",
    "priceLimitRate": "0.1",
    "minFunds": "0.1",
    "isMarginEnabled": False,
    "enableTrading": True,
}
_STATISTICS = {
    "symbol": "BTC-USDT",
    "symbolName": "BTC-USDT",
    "buy": "50000",
    "sell": "50000.2",
    "changeRate": "0.02",
    "changePrice": "1000",
    "high": "51000",
    "low": "48000",
    "vol": "12000",
    "volValue": "600000000",
    "last": "50000.1",
    "averagePrice": "50000",
}


def _kucoin(answer: Any) -> Any:
    return {"code": "200000", "data": answer}


def _kucoin_candles(query: Mapping[str, str]) -> Any:
    begin, end = int(query.get("startAt", 0)), int(query.get("endAt", 1 << 40))
    rows = [
        [str(at // 1000), close, close, close, close, "1", "50000"]
        for at, close in reversed(_closes(1_500))
        if begin <= at // 1000 < end
    ]
    return _kucoin(rows)


KUCOIN: dict[str, Answer] = {
    "/api/v1/timestamp": lambda _: _kucoin(_now_ms()),
    "/api/v1/status": lambda _: _kucoin({"status": "open", "msg": ""}),
    "/api/v2/symbols": lambda _: _kucoin([_SYMBOL]),
    "/api/v3/currencies": lambda _: _kucoin([]),
    "/api/v1/market/allTickers": lambda _: _kucoin({"time": _now_ms(), "ticker": [_STATISTICS]}),
    "/api/v1/market/stats": lambda _: _kucoin({"time": _now_ms(), **_STATISTICS}),
    "/api/v1/market/candles": _kucoin_candles,
    "/api/v1/accounts": lambda _: _kucoin(
        [
            {
                "id": "1",
                "currency": "USDT",
                "type": "trade",
                "balance": "1000",
                "available": "900",
                "holds": "100",
            }
        ]
    ),
    "/api/ua/v1/account/mode": lambda _: _kucoin({"selfAccountMode": "CLASSIC"}),
    "/api/v1/user/api-key": lambda _: _kucoin({"permission": "General,Spot"}),
}
DIALECTS: dict[str, dict[str, Answer]] = {"okx": OKX, "kraken": KRAKEN, "kucoin": KUCOIN}
SYMBOLS = {"okx": "BTC/USDT", "kraken": "BTC/USD", "kucoin": "BTC/USDT"}
KEYS = Credentials(
    api_key="key-of-the-test", secret="c2VjcmV0LW9mLXRoZS10ZXN0", password="pass-of-the-test"
)


class CannedExchange:
    """Answers the paths of one exchange; what else was asked for is in `missed`."""

    def __init__(self, exchange_id: str) -> None:
        self.answers = dict(DIALECTS[exchange_id])
        self.missed: list[str] = []
        self.address = ""
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        listening = socket.create_server(("127.0.0.1", 0))
        await web.SockSite(self._runner, listening).start()
        self.address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    @property
    def overlay(self) -> dict[str, Any]:
        return {"urls": {"api": self.address}}

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        answer = self.answers.get(request.path)
        if answer is None:
            self.missed.append(f"{request.method} {request.path}")
            return web.json_response({"error": "no such path"}, status=404)
        return web.json_response(answer(request.query))
