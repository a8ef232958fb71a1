"""The websocket side of a client: no message ends a stream without a word, no burst goes out.

In ccxt a message that cannot be read ends the receive loop silently; here it closes the stream
and raises to its watchers at once, and the next watch connects anew.
"""

import asyncio
from typing import Any

from cts_tui.exchange.json_text import parsed
from cts_tui.exchange.limiter import Limiter, Priority
from cts_tui.exchange.loader import ccxt_errors

_WebSocket: Any = object
"""Stands for ccxt's websocket client, the second base of every guarded class."""


class Guard(_WebSocket):  # type: ignore[misc]
    """Put before ccxt's websocket client: what a message raises becomes the stream's error."""

    def handle_message(self, message: Any) -> None:
        """Handle a message; none that cannot be read ends the receive loop without a word."""
        if self.error:
            return
        try:
            super().handle_message(message)
            self.heard()
        except Exception as error:  # noqa: BLE001 - whatever a message did, watchers hear it
            fault = f"unreadable message: {type(error).__name__}: {error}"
            self.on_error(ccxt_errors().BadResponse(fault))

    def handle_text_or_binary_message(self, received: Any) -> None:
        """Decode as ccxt does, but for what is no number: that is null."""
        if self.decompressBinary and isinstance(received, bytes):
            received = received.decode()
        is_json = isinstance(received, str) and received[:1] in ("{", "[")
        self.on_message_callback(self, parsed(received) if is_json else received)


def guarded(stream: Any, client: Any) -> Any:
    """Return ccxt's websocket client with the guard in it, put there once."""
    if not isinstance(stream, Guard):
        stream.__class__ = type("GuardedStream", (Guard, type(stream)), {})
        stream.heard = lambda: client.on_heard()  # noqa: PLW0108 - it may be set later
        pace = Limiter(interval_ms=max(float(client.rateLimit), 1.0))

        async def throttle(cost: float = 1) -> None:
            await pace.acquire(float(cost), Priority.MARKET)

        stream.throttle = throttle
    return stream


async def drop_streams(client: Any, reason: str) -> None:
    """Close every websocket; whoever watches hears a NetworkError with the reason."""
    streams = list((client.clients or {}).values())
    for stream in streams:
        stream.error = stream.error or ccxt_errors().NetworkError(reason)
        stream.reject(stream.error)
    await client.close_ws_clients()
    await asyncio.sleep(0)


def last_frame_ms(client: Any) -> int | None:
    """Return when the newest message or pong of any websocket came, None where there is none."""
    streams = (client.clients or {}).values()
    times = [time for one in streams for time in (one.last_message_at, one.lastPong) if time]
    return int(max(times)) if times else None
