"""A few endpoints in Bybit's dialect on loopback, with any answer in place of the right one."""

import asyncio
import json
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Self

from aiohttp import WSMsgType, web

from cts_tui.model.credentials import Credentials

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

SPOT = {
    "symbol": "BTCUSDT",
    "baseCoin": "BTC",
    "quoteCoin": "USDT",
    "status": "Trading",
    "marginTrading": "none",
    "lotSizeFilter": {
        "basePrecision": "0.000001",
        "quotePrecision": "0.00000001",
        "minOrderQty": "0.00004",
        "maxOrderQty": "63",
        "minOrderAmt": "1",
        "maxOrderAmt": "100000",
    },
    "priceFilter": {"tickSize": "0.01"},
}
LINEAR = {
    "symbol": "BTCUSDT",
    "contractType": "LinearPerpetual",
    "status": "Trading",
    "baseCoin": "BTC",
    "quoteCoin": "USDT",
    "settleCoin": "USDT",
    "launchTime": "1585526400000",
    "deliveryTime": "0",
    "priceScale": "2",
    "leverageFilter": {"minLeverage": "1", "maxLeverage": "100", "leverageStep": "0.01"},
    "priceFilter": {"minPrice": "0.5", "maxPrice": "999999", "tickSize": "0.5"},
    "lotSizeFilter": {"maxOrderQty": "100", "minOrderQty": "0.001", "qtyStep": "0.001"},
}
ORDER = {"orderId": "1523347543495541248", "orderLinkId": "ours-1"}
KEYS = Credentials(api_key="key-of-the-test", secret="secret-of-the-test")


class BybitServer:
    """Answers what is right until `answers[path]` says something else."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.requests: list[tuple[str, str, Mapping[str, str]]] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.subscribed: asyncio.Queue[str] = asyncio.Queue()
        self.skew_ms = 0
        self._runner: web.AppRunner | None = None
        self.address = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/v5/public/{kind}", self._stream)
        app.router.add_route("*", "/{path:.*}", self._rest)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        listening = socket.create_server(("127.0.0.1", 0))
        await web.SockSite(self._runner, listening).start()
        self.address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        for one in self.sockets:
            await one.close()
        assert self._runner is not None
        await self._runner.cleanup()

    @property
    def overlay(self) -> dict[str, Any]:
        return {"urls": {"api": self.address}}

    def paths(self, method: str = "") -> list[str]:
        return [path for verb, path, _ in self.requests if not method or verb == method]

    def always(self, path: str, body: str, status: int = 200, **headers: str) -> None:
        """Answer `body` on `path` from now on."""
        kind = "application/json" if body[:1] in "{[" else "text/html"
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        async def answer(_: web.Request) -> web.Response:
            return web.Response(text=body, status=status, headers=named, content_type=kind)

        self.answers[path] = answer

    def cuts(self, path: str) -> None:
        """Cut the connection instead of answering on `path`."""

        async def answer(request: web.Request) -> web.StreamResponse:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()

        self.answers[path] = answer

    def hangs(self, path: str) -> asyncio.Event:
        """Answer on `path` only when the event that is returned is set."""
        go_on = asyncio.Event()

        async def answer(_: web.Request) -> web.StreamResponse:
            await go_on.wait()
            return web.Response()

        self.answers[path] = answer
        return go_on

    def refuses(self, path: str, code: int, message: str) -> None:
        self.always(path, json.dumps({"retCode": code, "retMsg": message, "result": {}}))

    async def send(self, message: str) -> None:
        for one in self.sockets:
            if not one.closed:
                await one.send_str(message)

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.method, request.path, dict(request.query)))
        if request.path in self.answers:
            return await self.answers[request.path](request)
        result = self._result(request)
        if result is None:
            return web.json_response({"retCode": 10404, "retMsg": "no such path"}, status=404)
        now_ms = int(time.time() * 1000) + self.skew_ms
        return web.json_response({"retCode": 0, "retMsg": "OK", "result": result, "time": now_ms})

    def _result(self, request: web.Request) -> dict[str, Any] | None:
        now_ms = int(time.time() * 1000) + self.skew_ms
        category = request.query.get("category", "")
        ticker = {"symbol": "BTCUSDT", "lastPrice": "100.5", "bid1Price": "100.4"}
        if request.query.get("status") == "PreLaunch":
            return {"category": category, "list": []}
        results: dict[str, dict[str, Any]] = {
            "/v5/market/time": {"timeSecond": str(now_ms // 1000), "timeNano": f"{now_ms}000000"},
            "/v5/market/instruments-info": {
                "category": category,
                "list": [SPOT if category == "spot" else LINEAR],
            },
            "/v5/market/tickers": {"category": category, "list": [ticker]},
            "/v5/market/kline": {
                "category": category,
                "symbol": "BTCUSDT",
                "list": [["1700000000000", "1", "2", "0.5", "1.5", "10", "15"]],
            },
            "/v5/order/create": ORDER,
            "/v5/order/cancel": ORDER,
            "/v5/user/query-api": {"unified": 0, "uta": 1},
            "/v5/account/info": {"marginMode": "REGULAR_MARGIN", "unifiedMarginStatus": 4},
        }
        return results.get(request.path)

    async def _stream(self, request: web.Request) -> web.WebSocketResponse:
        stream = web.WebSocketResponse()
        await stream.prepare(request)
        self.sockets.append(stream)
        async for message in stream:
            if message.type == WSMsgType.TEXT:
                asked = json.loads(message.data)
                if asked.get("op") == "subscribe":
                    for topic in asked["args"]:
                        self.subscribed.put_nowait(topic)
        return stream


def ticker_message(price: str = "101.5") -> str:
    """A spot ticker as Bybit's public stream sends it; `price` is put in as it is."""
    return (
        '{"topic":"tickers.BTCUSDT","ts":1700000000000,"type":"snapshot","cs":1,'
        f'"data":{{"symbol":"BTCUSDT","lastPrice":{price},"highPrice24h":"110"}}}}'
    )
