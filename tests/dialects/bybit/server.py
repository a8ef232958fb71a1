"""The HTTP side in Bybit's manner: JSON bodies, signed headers, an envelope around everything."""

import asyncio
import contextlib
import hashlib
import hmac
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import WSMsgType, web

from tests.dialects.bybit.refusals import refusal, translated
from tests.loopback.dialect import Refusal
from tests.loopback.faults import Fault
from tests.loopback.routes import SIGNED, Route
from tests.loopback.server import Answer, Asked, Server
from tests.loopback.sockets import Socket

if TYPE_CHECKING:
    from tests.dialects.bybit.exchange import BybitExchange

_LABELS = {
    "/v5/public/spot": "spot market",
    "/v5/public/linear": "swap market",
    "/v5/private": "any user",
}


class BybitServer(Server):
    """Serves what `exchange.routes` has, with every fault of the loopback server."""

    exchange: "BybitExchange"

    async def _respond(self, asked: Asked, rules: list[Fault]) -> web.StreamResponse:
        if asked.request.method == "POST":
            asked.params = _flat(asked.payload)
            asked.record.params = dict(asked.params)
        asked.record.is_signed = "X-BAPI-SIGN" in asked.request.headers
        return await super()._respond(asked, rules)

    def _answer(self, asked: Asked, *, is_late: bool = False) -> Answer:
        exchange = self.exchange
        route = self._route(asked)
        if route is None:
            return Answer(404, '{"retCode":10404,"retMsg":"no such path"}', {})
        try:
            exchange.rates.take(route.weight, is_order=route.trades)
            if not is_late:
                self._check_access(route, asked)
            content = self._envelope(0, "OK", route.handler(exchange, asked.params))
        except Refusal as error:
            told = translated(error, asked.params.get("category", ""))
            content = self._envelope(told.code, told.message, {})
            asked.record.outcome = f"200 -{told.code}"
        return Answer(200, orjson.dumps(content).decode(), self._headers(), content)

    def _envelope(self, code: int, message: str, result: Any) -> dict[str, Any]:
        return {
            "retCode": code,
            "retMsg": message,
            "result": result,
            "retExtInfo": {},
            "time": self.exchange.clock.now_ms(),
        }

    def _headers(self) -> dict[str, str]:
        rates = self.exchange.rates
        limit = rates.limit or 1_000
        now_ms = self.exchange.clock.real_ms()
        reset = (now_ms // 60_000 + 1) * 60_000 if rates.used > limit else now_ms
        return {
            "X-Bapi-Limit": str(limit),
            "X-Bapi-Limit-Status": str(max(limit - rates.used, 0)),
            "X-Bapi-Limit-Reset-Timestamp": str(reset),
        }

    def _check_access(self, route: Route, asked: Asked) -> None:
        if route.access != SIGNED:
            return
        gate, headers = self.exchange.gate, asked.request.headers
        given, stamp = headers.get("X-BAPI-API-KEY", ""), headers.get("X-BAPI-TIMESTAMP", "0")
        window = headers.get("X-BAPI-RECV-WINDOW", "5000")
        if given != gate.api_key:
            raise refusal(10003)
        if gate.is_expired:
            raise refusal(33004)
        if not gate.is_whitelisted:
            raise refusal(10010)
        if not gate.clock.agrees_with(int(stamp), int(window)):
            raise refusal(10002)
        signed = f"{stamp}{given}{window}{asked.payload}".encode()
        secret = self.exchange.credentials.secret.encode()
        expected = hmac.new(secret, signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, headers.get("X-BAPI-SIGN", "")):
            raise refusal(10004)
        if not (gate.can_trade if route.trades else gate.can_read):
            raise refusal(10005)

    async def _websocket(self, asked: Asked, rules: list[Fault]) -> web.StreamResponse:
        for rule in rules:
            if rule.kind == "delay":
                await self._pause(rule.seconds)
            elif rule.kind != "fields":
                return await self._spoil(asked, rule, None)
        asked.record.outcome = "101"
        return await self._serve_socket(asked)

    async def _serve_socket(self, asked: Asked) -> web.StreamResponse:
        exchange, label = self.exchange, _LABELS.get(asked.request.path)
        if label is None:
            return web.Response(status=404)
        connection = web.WebSocketResponse(heartbeat=20.0)
        await connection.prepare(asked.request)
        socket = Socket(connection, asked.request, label, exchange.faults)
        exchange.sockets.add(socket)
        streams = exchange.streams_of(label)
        writer = asyncio.create_task(socket.write())
        try:
            async for message in connection:
                if message.type == WSMsgType.TEXT:
                    self._hear(socket, streams, orjson.loads(message.data))
        finally:
            exchange.sockets.remove(socket)
            streams.leave(socket)
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer
        return connection

    def _hear(self, socket: Socket, streams: Any, message: dict[str, Any]) -> None:
        kind = message.get("op")
        kept = {} if kind == "auth" else {"args": str(message.get("args"))}
        path = f"{socket.path} {kind}"
        record = self.exchange.journal.begin(self.exchange.clock.real_ms(), "SEND", path, kept)
        record.outcome = "stalled" if socket.is_stalled else "heard"
        streams.command(socket, message)


def _flat(body: str) -> dict[str, str]:
    """Return the fields of a JSON body as text."""
    try:
        fields = orjson.loads(body or "{}")
    except orjson.JSONDecodeError:
        return {}
    return {name: str(v).lower() if isinstance(v, bool) else str(v) for name, v in fields.items()}
