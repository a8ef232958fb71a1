"""The market of a trader: prices in a file that the weather writes, told as a feed would."""

import asyncio
import mmap
import struct
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from cts_tui.clock import SystemClock
from cts_tui.model.columns import CandleColumns
from cts_tui.model.market import Candle, CandleClosed, MarketEvent, Source, Tick
from cts_tui.model.money import exact

MINUTE_MS = 60_000


class SharedPrices:
    """A feed in working order: ticks as the exchange's own price is, 50 times a second."""

    has_ticks = True
    source = Source.STREAM

    def __init__(self, file: str, symbols: Sequence[str]) -> None:
        self._symbols = symbols
        with Path(file).open("rb") as opened:
            self._memory = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)

    def price(self, symbol: str) -> float:
        """Return the price of a symbol now."""
        at = 8 * self._symbols.index(symbol)
        return float(struct.unpack("d", self._memory[at : at + 8])[0])

    async def history(self, symbol: str, timeframe: str, limit: int) -> CandleColumns:
        return CandleColumns.from_candles([])

    async def events(self) -> AsyncIterator[Sequence[MarketEvent]]:
        yield [self._candle(symbol) for symbol in self._symbols]
        clock = SystemClock()
        while True:
            now_ms = clock.now_ms()
            yield [
                Tick(symbol, now_ms, exact(self.price(symbol)), Source.STREAM)
                for symbol in self._symbols
            ]
            await asyncio.sleep(0.02)

    def _candle(self, symbol: str) -> CandleClosed:
        open_ms = SystemClock().now_ms() // MINUTE_MS * MINUTE_MS - MINUTE_MS
        price = self.price(symbol)
        candle = Candle(open_ms, price, price, price, price, 1.0)
        return CandleClosed(symbol, "1m", candle, Source.STREAM)

    async def close(self) -> None:
        """Nothing is held."""
