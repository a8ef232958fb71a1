"""The HTTP side: one handler for every path, faults before and after it, outages."""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from tests.loopback.dialect import Refusal
from tests.loopback.faults import GARBAGE, MAINTENANCE, Fault, headers_of, spoiled, with_fields
from tests.loopback.journal import Record
from tests.loopback.routes import KEYED, OPEN, SIGNED, Params, Route
from tests.loopback.signing import signed_part
from tests.loopback.sockets import abort
from tests.loopback.websockets import serve_websocket

if TYPE_CHECKING:
    from tests.loopback.exchange import LoopbackExchange


@dataclass(slots=True)
class Answer:
    """What goes back: a status and a text."""

    status: int
    body: str
    headers: dict[str, str]
    content: Any = None
    """The JSON before it became text."""


@dataclass(slots=True)
class Asked:
    """One request, read."""

    request: web.Request
    route: str
    params: Params
    payload: str
    record: Record


class Server:
    """Listens on one port, which it keeps through an outage."""

    def __init__(self, exchange: "LoopbackExchange", host: str) -> None:
        self.exchange = exchange
        self.host = host
        self.port = 0
        self._runner: web.AppRunner | None = None
        self._listener: asyncio.Server | None = None
        self._closing = asyncio.Event()
        self._release = asyncio.Event()
        self._late: set[asyncio.Task[None]] = set()

    async def start(self, port: int = 0) -> None:
        """Begin to listen."""
        app = web.Application(client_max_size=1_000_000)
        app.router.add_route("*", "/{tail:.*}", self.handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        self.port = port
        await self.listen()

    async def listen(self) -> None:
        """Accept connections on the port; also after an outage."""
        assert self._runner is not None and self._runner.server is not None
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._runner.server, self.host, self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    def refuse(self) -> None:
        """Close the port and cut every connection: the machine is gone."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        if self._runner is not None and self._runner.server is not None:
            for protocol in self._runner.server.connections:
                abort(protocol.transport)

    def release_late(self) -> None:
        """Let every request that a `late` fault holds back take effect now."""
        self._release.set()
        self._release = asyncio.Event()

    @property
    def is_listening(self) -> bool:
        """Whether connections are accepted."""
        return self._listener is not None

    async def close(self) -> None:
        """End everything."""
        self._closing.set()
        for task in list(self._late):
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)
        self.refuse()
        if self._runner is not None:
            await self._runner.cleanup()

    # One request.

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request or take in one websocket."""
        exchange = self.exchange
        is_websocket = request.headers.get("Upgrade", "").lower() == "websocket"
        method = "WS" if is_websocket else request.method
        body = "" if is_websocket else await request.text()
        query = request.rel_url.raw_query_string
        payload = "&".join(part for part in (query, body) if part)
        params = dict(parse_qsl(payload, keep_blank_values=True))
        kept = {name: value for name, value in params.items() if name != "listenKey"}
        record = exchange.journal.begin(exchange.clock.real_ms(), method, request.path, kept)
        asked = Asked(request, f"{method} {request.path}", params, payload, record)
        rules = exchange.faults.strike(asked.route)
        if exchange.is_in_maintenance:
            rules.append(Fault(asked.route, "maintenance"))
        record.fault = ",".join(rule.kind for rule in rules)
        if is_websocket:
            return await self._websocket(asked, rules)
        return await self._respond(asked, rules)

    async def _websocket(self, asked: Asked, rules: list[Fault]) -> web.StreamResponse:
        for rule in rules:
            if rule.kind == "delay":
                await self._pause(rule.seconds)
            elif rule.kind != "fields":
                return await self._spoil(asked, rule, None)
        asked.record.outcome = "101"
        return await serve_websocket(self.exchange, asked.request, asked.params)

    async def _respond(self, asked: Asked, rules: list[Fault]) -> web.StreamResponse:
        final = None
        for rule in rules:
            if rule.kind == "delay":
                await self._pause(rule.seconds)
            elif rule.kind not in {"fields", "candles"}:
                final = final or rule
        if final is not None and final.kind == "late":
            return await self._late_answer(asked, final)
        if final is not None and not final.accepts:
            return await self._spoil(asked, final, None)
        answer = self._answer(asked)
        asked.record.outcome = _outcome(answer)
        if final is not None:
            return await self._spoil(asked, final, answer)
        for rule in rules:
            if rule.kind == "fields" and answer.status == 200:
                answer.content = with_fields(answer.content, rule)
                answer.body = orjson.dumps(answer.content).decode()
            elif rule.kind == "candles" and answer.status == 200:
                answer.body = orjson.dumps(spoiled(answer.content, rule.mode)).decode()
        return _json_response(answer)

    def _answer(self, asked: Asked, *, is_late: bool = False) -> Answer:
        exchange = self.exchange
        headers = exchange.rates.headers()
        route = self._route(asked)
        if route is None:
            return Answer(404, '{"code":-1099,"msg":"Not found"}', headers)
        try:
            exchange.rates.take(route.weight, is_order=route.trades)
            if not is_late:
                self._check_access(route, asked)
            content = route.handler(exchange, asked.params)
        except Refusal as refusal:
            text = orjson.dumps(refusal.body).decode()
            known = headers | exchange.rates.headers() | refusal.headers
            return Answer(refusal.status, text, known, refusal.body)
        return Answer(200, orjson.dumps(content).decode(), exchange.rates.headers(), content)

    def _check_access(self, route: Route, asked: Asked) -> None:
        if route.access == OPEN:
            return
        gate = self.exchange.gate
        gate.check_key(asked.request.headers.get("X-MBX-APIKEY"))
        if route.access == SIGNED:
            gate.check_signature(signed_part(asked.payload), asked.params)
        if route.access != KEYED:
            gate.check_right(trades=route.trades)

    # What goes wrong.

    async def _spoil(self, asked: Asked, rule: Fault, answer: Answer | None) -> web.StreamResponse:
        after = "" if answer is None else f" after {asked.record.outcome}"
        asked.record.outcome = f"{rule.kind}{after}"
        if rule.kind == "reset":
            return self._cut(asked)
        if rule.kind == "hang":
            await self._closing.wait()
            return self._cut(asked)
        if rule.kind == "truncated":
            return await self._truncated(asked, answer)
        status, body = rule.status or 200, rule.body
        if rule.kind == "maintenance":
            status, body = rule.status or 503, body or MAINTENANCE
        elif rule.kind in GARBAGE:
            body = GARBAGE[rule.kind] if body is None else body
        elif rule.code is not None:
            body = orjson.dumps({"code": rule.code, "msg": rule.message}).decode()
            status = rule.status or 400
        asked.record.outcome = f"{rule.kind} {status}{after}"
        kind = "text/html" if rule.kind == "html" else "application/json"
        headers = self.exchange.rates.headers() | headers_of([rule])
        return web.Response(status=status, text=body or "", content_type=kind, headers=headers)

    async def _late_answer(self, asked: Asked, rule: Fault) -> web.StreamResponse:
        route = self._route(asked)
        try:
            if route is not None:
                self._check_access(route, asked)
        except Refusal as refusal:
            asked.record.outcome = f"{refusal.status} {refusal.code}"
            text = orjson.dumps(refusal.body).decode()
            return web.Response(status=refusal.status, text=text, content_type="application/json")
        asked.record.outcome = "late"
        task = asyncio.create_task(self._take_effect(asked, rule.seconds))
        self._late.add(task)
        task.add_done_callback(self._late.discard)
        if rule.mode == "hang":
            await self._closing.wait()
        if rule.status is None:
            return self._cut(asked)
        return web.Response(status=rule.status, text=rule.body or "")

    def _route(self, asked: Asked) -> Route | None:
        method, _, path = asked.route.partition(" ")
        return self.exchange.routes.get((method, path))

    async def _take_effect(self, asked: Asked, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._release.wait(), seconds)
        asked.record.outcome = f"late {_outcome(self._answer(asked, is_late=True))}"

    async def _truncated(self, asked: Asked, answer: Answer | None) -> web.StreamResponse:
        body = (answer.body if answer else '{"serverTime": 1700000000000}').encode()
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.content_length = len(body)
        await response.prepare(asked.request)
        await response.write(body[: len(body) // 2])
        if asked.request.transport is not None:
            asked.request.transport.close()
        return response

    def _cut(self, asked: Asked) -> web.StreamResponse:
        abort(asked.request.transport)
        return web.Response(status=500)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)


def _outcome(answer: Answer) -> str:
    if answer.status != 200 and isinstance(answer.content, dict):
        return f"{answer.status} {answer.content['code']}"
    return str(answer.status)


def _json_response(answer: Answer) -> web.Response:
    return web.Response(
        status=answer.status,
        text=answer.body,
        content_type="application/json",
        headers=answer.headers,
    )
