"""A loopback exchange in a process of its own, so that it takes no time of who is measured."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import orjson

SYMBOLS: Final = tuple(f"C{number:03d}/USDT" for number in range(500))
"""What is listed beside BTC/USDT."""


@dataclass(frozen=True, slots=True)
class Venue:
    """Where the loopback exchange listens, and keys that it knows."""

    overlay: Mapping[str, Any]
    api_key: str
    secret: str


@contextmanager
def loopback_venue(ticks_per_s: float | None = None) -> Iterator[Venue]:
    """Run a loopback exchange until the end of the block.

    `ticks_per_s`: so many tickers a second go to who subscribes to them, infinity for as many as
    the websocket takes.
    """
    with subprocess.Popen(
        [sys.executable, "-m", __name__, *([str(ticks_per_s)] if ticks_per_s else [])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"},
    ) as process:
        assert process.stdin and process.stdout
        try:
            yield Venue(*json.loads(process.stdout.readline()))
        finally:
            process.stdin.close()
            process.wait(timeout=20)


async def _serve(ticks_per_s: float) -> None:
    """Serve until the standard input ends."""
    from tests.loopback.exchange import LoopbackExchange
    from tests.loopback.listings import listing

    names = [symbol.replace("/", "") for symbol in SYMBOLS]
    listings = [listing("BTCUSDT", "50000.0", "0.1", "0.00001")]
    listings += [listing(name, "100.00", "0.01", "0.001") for name in names]
    async with LoopbackExchange(listings=listings, history_minutes=5) as exchange:
        exchange.heartbeat_s = 3_600
        flood = asyncio.create_task(_flood(exchange, names, ticks_per_s))
        keys = exchange.credentials
        told = [exchange.overlay(market="spot"), keys.api_key, keys.secret]
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
        await asyncio.wait({flood, ended}, return_when=asyncio.FIRST_COMPLETED)
        if flood.done():
            flood.result()
        flood.cancel()


async def _flood(exchange: Any, names: list[str], ticks_per_s: float) -> None:
    """Send tickers of every symbol in turn, each with a new price, to those who subscribed."""
    from tests.loopback import market_events

    market, sent, began = exchange.market, 0, time.monotonic()
    messages = {name: _tickers(market_events, name, market.face(name)) for name in names}
    if not ticks_per_s:
        await asyncio.Event().wait()
    while True:
        for by_stream in messages.values():
            for socket in exchange.sockets.of("spot market"):
                for stream in by_stream.keys() & socket.streams:
                    message = by_stream[stream]
                    message["E"] = message["C"] = exchange.clock.now_ms()
                    message["c"] = f"100.{sent // len(names) % 100:02d}"
                    with contextlib.suppress(ConnectionError, RuntimeError):
                        await socket.connection.send_str(orjson.dumps(message).decode())
            sent += 1
            await asyncio.sleep(max(0.0, began + sent / ticks_per_s - time.monotonic()))


def _tickers(events: Any, name: str, face: Any) -> dict[str, dict[str, Any]]:
    """Return a symbol's messages by the stream that tells them."""
    return {
        f"{name.lower()}@ticker": events.ticker(name, face, has_book=True),
        f"{name.lower()}@miniTicker": events.mini_ticker(name, face),
    }


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1]) if sys.argv[1:] else 0.0))
