"""The loopback exchange as a program: `python -m tests.loopback`.

Prints one JSON line with addresses, overlays and keys (made up, good for this server only), then
runs until it is told to stop. Prices walk at random by seed, or follow recorded candles.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from tests.loopback.candles import TIMEFRAMES
from tests.loopback.control import Control
from tests.loopback.exchange import LoopbackExchange
from tests.loopback.paths import play, read_candles, ticks_of, walk


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.loopback", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--control-port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--history-minutes", type=int, default=6_000)
    parser.add_argument("--every", type=float, default=0.25, help="seconds between moves")
    parser.add_argument("--swing-pct", type=float, default=0.02, help="of one move")
    parser.add_argument("--speed", type=float, default=1.0, help="of moves and recordings")
    parser.add_argument("--still", action="store_true", help="prices move by control port only")
    parser.add_argument("--recorded", type=Path, help="candles to play instead of the walk")
    parser.add_argument("--symbol", default="BTCUSDT", help="of the recording")
    parser.add_argument("--timeframe", default="1m", help="of the recording")
    return parser.parse_args()


async def run(options: argparse.Namespace) -> None:
    """Serve until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    exchange = LoopbackExchange(
        port=options.port, seed=options.seed, history_minutes=options.history_minutes
    )
    async with exchange:
        control = Control(exchange)
        await control.start(options.control_port)
        try:
            _move(exchange, options)
            sys.stdout.write(json.dumps(greeting(exchange, control)) + "\n")
            sys.stdout.flush()
            await stop.wait()
        finally:
            await control.close()


def greeting(exchange: LoopbackExchange, control: Control) -> dict[str, object]:
    """Return what a caller needs to use the exchange."""
    return {
        "pid": os.getpid(),
        "url": exchange.url,
        "stream_url": exchange.stream_url,
        "control_url": f"http://{control.host}:{control.port}",
        "overlay": {market: exchange.overlay(market) for market in ("spot", "swap")},
        **exchange.credentials.as_ccxt(),
    }


def _move(exchange: LoopbackExchange, options: argparse.Namespace) -> None:
    walking = list(exchange.market.listings)
    if options.recorded is not None:
        candles = read_candles(options.recorded)
        ticks = ticks_of(candles, TIMEFRAMES[options.timeframe])
        playing = play(exchange.market, options.symbol, ticks, speed=options.speed)
        exchange.background(playing)
        walking.remove(options.symbol)
    if not options.still:
        every = options.every / options.speed
        exchange.background(
            walk(
                exchange.market,
                walking,
                every_s=every,
                swing_pct=options.swing_pct,
                seed=options.seed,
            )
        )


if __name__ == "__main__":
    asyncio.run(run(arguments()))
