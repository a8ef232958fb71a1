"""Price paths that move by themselves: a random walk, or recorded candles played again."""

import asyncio
import csv
import gzip
import random
from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from tests.loopback.candles import Candle
from tests.loopback.market import Market

Tick = tuple[int, Decimal, Decimal]
"""Milliseconds since the first one, price, quantity."""


async def walk(
    market: Market,
    symbols: Iterable[str],
    *,
    every_s: float = 0.25,
    swing_pct: float = 0.02,
    seed: int = 1,
) -> None:
    """Trade every symbol at a random walk until cancelled; the same seed walks the same way."""
    chance = random.Random(f"walk:{seed}")
    names = list(symbols)
    while True:
        await asyncio.sleep(every_s)
        for symbol in names:
            quote = market.quote(symbol)
            tick = quote.listing.tick
            step = Decimal(chance.gauss(0, float(quote.last) * swing_pct / 100))
            price = max(
                ((quote.last + step) / tick).quantize(Decimal(1), ROUND_HALF_UP) * tick, tick
            )
            market.trade(symbol, price, str(round(chance.uniform(0.01, 2), 3)))


async def play(market: Market, symbol: str, ticks: Iterable[Tick], *, speed: float = 1.0) -> None:
    """Trade recorded ticks at their own pace, `speed` times as fast, in real time."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for offset_ms, price, quantity in ticks:
        wait = began + offset_ms / 1_000 / speed - loop.time()
        if wait > 0:
            await asyncio.sleep(wait)
        market.trade(symbol, price, quantity)


def ticks_of(candles: Iterable[Candle], duration_ms: int) -> Iterator[Tick]:
    """Yield four ticks a candle: open, the nearer extreme, the farther one, close."""
    first: int | None = None
    for candle in candles:
        first = candle.time_ms if first is None else first
        rises = candle.close >= candle.open
        extremes = (candle.low, candle.high) if rises else (candle.high, candle.low)
        path = (candle.open, *extremes, candle.close)
        for at, price in enumerate(path):
            offset = candle.time_ms - first + at * duration_ms // 4
            yield offset, price, candle.volume / 4


def read_candles(file: Path) -> list[Candle]:
    """Read candles in the project's format: `timestamp_ms,open,high,low,close,volume`."""
    opener = gzip.open if file.suffix == ".gz" else open
    with opener(file, "rt", encoding="utf-8", newline="") as text:
        return [
            Candle(
                int(row["timestamp_ms"]),
                *(Decimal(row[name]) for name in ("open", "high", "low", "close", "volume")),
            )
            for row in csv.DictReader(text)
        ]
