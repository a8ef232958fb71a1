"""Reads ccxt's caches: prices after each message, candles many messages at once.

`watch_*` wakes nobody who is not waiting, and costs more the more symbols are watched. The caches
hold everything. Prices move money, so they are taken at once, of the touched symbols alone; to see
what is new among the candles costs a comparison a symbol.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from cts_tui.market.ccxt_feed_candles import Row
from cts_tui.market.ccxt_feed_intake import Intake
from cts_tui.market.ccxt_feed_streams import Streams
from cts_tui.market.ccxt_feed_touched import touched_cache
from cts_tui.model.market import Source

_IDLE_S: Final = 0.25
"""The longest between two sweeps."""
_LEAST_PAUSE_S: Final = 0.02
_PAUSE_PER_SWEEP: Final = 20
"""A pause lasts so many times the sweep before it: sweeping takes a twentieth of a core at most."""
_ROWS: Final = 64
_NEW_ROWS: Final = 3


class Sweeper:
    """Looks for what streams have brought."""

    def __init__(self, intake: Intake, streams: Streams) -> None:
        self._intake = intake
        self._streams = streams
        self._woken = asyncio.Event()
        client = intake.session.client
        self._tickers = touched_cache(client, "tickers")
        self._quotes = touched_cache(client, "bidsasks")
        self._rows: dict[str, tuple[Any, ...]] = {}

    async def run(self) -> None:
        """Sweep until cancelled."""
        self._know_leftovers()
        self._intake.session.wake_on_message(self._hear)
        while True:
            try:
                async with asyncio.timeout(_IDLE_S):
                    await self._woken.wait()
            except TimeoutError:
                pass
            self._woken.clear()
            began = time.perf_counter()
            self.sweep()
            cost_s = time.perf_counter() - began
            await asyncio.sleep(max(_LEAST_PAUSE_S, _PAUSE_PER_SWEEP * cost_s))

    def _hear(self) -> None:
        """Take the prices of a message at once, and have its candles looked at soon."""
        self._streams.look()
        self._take_prices()
        self._woken.set()

    def _know_leftovers(self) -> None:
        """Take what lies in the caches from an earlier feed for known: it is no news."""
        client, timeframe = self._intake.session.client, self._intake.timeframe
        self._tickers.take()
        self._quotes.take()
        for symbol, by_timeframe in (client.ohlcvs or {}).items():
            rows = by_timeframe.get(timeframe)
            if rows:
                self._rows[symbol] = tuple(rows[-1])
            if rows and symbol in self._intake.assemblies:
                self._intake.assemblies[symbol].remember(rows[-_ROWS:])

    def sweep(self) -> None:
        """Take what is new; first see whether it is of an unbroken stream."""
        self._streams.look()
        client = self._intake.session.client
        self._tickers = touched_cache(client, "tickers")
        self._quotes = touched_cache(client, "bidsasks")
        self._take_prices()
        self._sweep_candles(client.ohlcvs or {})

    def _take_prices(self) -> None:
        """Take what was written to the caches of prices since the last time."""
        priced = self._tickers.touched
        if self._quotes.touched:
            for symbol in self._quotes.take():
                if symbol in self._intake.assemblies:
                    quote = self._quotes[symbol]
                    self._intake.take_quote(symbol, quote, is_priced_too=symbol in priced)
        if priced:
            for symbol in self._tickers.take():
                if symbol in self._intake.assemblies:
                    self._intake.take_ticker(symbol, self._tickers[symbol], Source.STREAM)

    def _sweep_candles(self, cache: Mapping[str, Mapping[str, Sequence[Row]]]) -> None:
        seen, timeframe = self._rows, self._intake.timeframe
        now_ms = self._intake.session.server_now_ms()
        for symbol in self._intake.symbols:
            rows = (cache.get(symbol) or {}).get(timeframe)
            if not rows:
                continue
            last = tuple(rows[-1])
            known = seen.get(symbol)
            if last == known:
                continue
            seen[symbol] = last
            is_same_candle = known is not None and known[:1] == last[:1]
            newest = rows[-_NEW_ROWS:] if is_same_candle else rows[-_ROWS:]
            self._intake.take_rows(symbol, newest, now_ms)
