"""Which websocket a path is, and the life of one."""

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import WSMsgType, web

from tests.loopback.routes import Params
from tests.loopback.sockets import Socket

if TYPE_CHECKING:
    from tests.loopback.exchange import LoopbackExchange

_PING_EVERY_S = 20.0


def label_of(path: str) -> str | None:
    """Return what kind of websocket a path is."""
    if path.startswith("/stream/ws"):
        return "spot market"
    if path.startswith("/fstream/private/ws"):
        return "swap user"
    if path.startswith("/fstream/"):
        return "swap market"
    return "spot user" if path == "/ws-api/v3" else None


async def serve_websocket(
    exchange: "LoopbackExchange", request: web.Request, params: Params
) -> web.StreamResponse:
    """Take in a websocket and serve it until it closes."""
    label = label_of(request.path)
    if label is None:
        return web.Response(status=404)
    connection = web.WebSocketResponse(heartbeat=_PING_EVERY_S)
    try:
        await connection.prepare(request)
    except ConnectionResetError:  # who asked is gone: killed, or cut off
        return connection
    socket = Socket(connection, request, label, exchange.faults)
    exchange.sockets.add(socket)
    if label == "swap user":
        exchange.user_streams.join_swap(socket, params.get("listenKey", ""))
    writer = asyncio.create_task(socket.write())
    try:
        async for message in connection:
            if message.type == WSMsgType.TEXT:
                _hear(exchange, socket, message.data)
    finally:
        exchange.sockets.remove(socket)
        exchange.user_streams.leave(socket)
        for streams in exchange.market_streams.values():
            streams.leave(socket)
        writer.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await writer
    return connection


def _hear(exchange: "LoopbackExchange", socket: Socket, text: str) -> None:
    try:
        message: dict[str, Any] = orjson.loads(text)
    except orjson.JSONDecodeError:
        socket.push({"error": {"code": 3, "msg": "Invalid JSON"}})
        return
    asked = f"{socket.path} {message.get('method')}"
    params = message.get("params")
    kept = {str(at): str(name) for at, name in enumerate(params)} if _is_list(params) else {}
    record = exchange.journal.begin(exchange.clock.real_ms(), "SEND", asked, kept)
    record.outcome = "stalled" if socket.is_stalled else "heard"
    if socket.label == "spot user":
        exchange.user_streams.command(socket, message)
    elif socket.label != "swap user":
        exchange.market_streams[socket.label.partition(" ")[0]].command(socket, message)


def _is_list(value: object) -> bool:
    return isinstance(value, list)
