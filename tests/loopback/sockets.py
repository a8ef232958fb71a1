"""Open websockets: an ordered queue each, and what can be made to go wrong with them."""

import asyncio
import contextlib
import socket as sockets
import struct
from fnmatch import fnmatch
from typing import Any

import orjson
from aiohttp import web

from tests.loopback.faults import Faults, with_fields

_BROKEN = '{"e":"kline","E":17000,"s":"BTCUSDT","k":{"t":'


def abort(transport: asyncio.BaseTransport | None) -> None:
    """Cut a TCP connection with a reset, as a crashed peer or a firewall does."""
    if not isinstance(transport, asyncio.Transport):
        return
    raw = transport.get_extra_info("socket")
    if raw is not None:
        with contextlib.suppress(OSError):
            raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


class Socket:
    """One websocket of a client. `label` is `spot market`, `swap user` and so on."""

    def __init__(
        self, connection: web.WebSocketResponse, request: web.Request, label: str, faults: Faults
    ) -> None:
        self.connection = connection
        self.label = label
        self.path = request.path
        self.streams: set[str] = set()
        self.is_stalled = False
        """True: it says nothing more, but still answers pings."""
        self.sent = 0
        self._transport = request.transport
        self._faults = faults
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._held: str | None = None

    def push(self, message: Any, route: str = "") -> None:
        """Send a message in turn; faults on `route` may spoil it."""
        if self.is_stalled:
            return
        texts = [orjson.dumps(message).decode()]
        for rule in self._faults.strike(route) if route else ():
            if rule.kind == "fields":
                texts = [orjson.dumps(with_fields(message, rule)).decode()]
            elif rule.kind == "drop":
                texts = []
            elif rule.kind == "double":
                texts = [*texts, *texts]
            elif rule.kind == "malformed":
                texts = [rule.body if rule.body is not None else _BROKEN]
            elif rule.kind == "delay":
                for text in texts:
                    asyncio.get_running_loop().call_later(rule.seconds, self._enqueue, text)
                texts = []
            elif rule.kind == "reorder" and texts:
                self._held, texts = texts[0], texts[1:]
                return
        if self._held is not None:
            texts, self._held = [*texts, self._held], None
        for text in texts:
            self._enqueue(text)

    async def write(self) -> None:
        """Send what is queued until cancelled."""
        while True:
            text = await self._queue.get()
            try:
                if not self.connection.closed and not self.is_stalled:
                    await self.connection.send_str(text)
                    self.sent += 1
            except (ConnectionError, RuntimeError):
                return
            finally:
                self._queue.task_done()

    def cut(self) -> None:
        """Reset the connection."""
        abort(self._transport)

    @property
    def is_idle(self) -> bool:
        """Whether all that was pushed has been sent."""
        return self._queue.empty()

    def _enqueue(self, text: str) -> None:
        self._queue.put_nowait(text)


class Sockets:
    """Every open websocket. Patterns are globs on labels: `*`, `spot *`, `* user`."""

    def __init__(self) -> None:
        self.open: list[Socket] = []
        self.stalled_pattern: str | None = None
        """New connections of this pattern are stalled from the start."""

    def add(self, socket: Socket) -> None:
        """Take in a new connection."""
        self.open.append(socket)
        if self.stalled_pattern is not None and fnmatch(socket.label, self.stalled_pattern):
            socket.is_stalled = True

    def remove(self, socket: Socket) -> None:
        """Forget a closed connection."""
        if socket in self.open:
            self.open.remove(socket)

    def of(self, pattern: str = "*") -> list[Socket]:
        """Return the open connections of a pattern."""
        return [socket for socket in self.open if fnmatch(socket.label, pattern)]

    def cut(self, pattern: str = "*") -> int:
        """Reset connections; return how many."""
        victims = self.of(pattern)
        for socket in victims:
            socket.cut()
        return len(victims)

    def stall(self, pattern: str = "*", *, new_too: bool = False) -> int:
        """Silence connections that go on answering pings; return how many."""
        victims = self.of(pattern)
        for socket in victims:
            socket.is_stalled = True
        if new_too:
            self.stalled_pattern = pattern
        return len(victims)

    def resume(self, pattern: str = "*") -> None:
        """Let stalled connections speak again; what they missed is not sent."""
        self.stalled_pattern = None
        for socket in self.of(pattern):
            socket.is_stalled = False
