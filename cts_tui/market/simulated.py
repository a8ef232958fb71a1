"""The demo market: ticks and 1m candles of several symbols, moved by a clock and a seed alone."""

from collections.abc import Mapping, Sequence
from typing import Final

from cts_tui.market.candles import CandleBuffer
from cts_tui.market.simulated_path import MINUTE_MS, TICK_MS, SymbolPath
from cts_tui.model.columns import CandleColumns
from cts_tui.model.market import Candle, CandleClosed, MarketEvent, Source, Tick
from cts_tui.model.money import exact

DEFAULT_SYMBOLS: Final = (
    "BTC/USDT",
    "ETH/USDT",
    "SOL/USDT",
    "BNB/USDT",
    "XRP/USDT",
    "DOGE/USDT",
    "ADA/USDT",
    "LINK/USDT",
)
SIMULATED_TIMEFRAME: Final = "1m"
HISTORY_MINUTES: Final = 480
"""Candles made before the start, and at most made up for when the clock leaps."""
KEPT_MINUTES: Final = 3 * HISTORY_MINUTES
"""Closed candles that stay readable as history."""
_LEAP_MS: Final = 5_000
"""A clock that is further ahead has leapt: the ticks in between are left out."""


class SimulatedMarket:
    """A market that has always been there: asked at any pace, it gives the same candles and ticks.

    Every symbol's minutes are drawn whole; their ticks, one each 250 ms, are told as time passes,
    and the candle of a minute is the aggregation of its ticks. The minute in which the market
    starts is whole too: the ticks before the start are in its candle but are not told.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        seed: int,
        start_ms: int,
        resume: Mapping[str, tuple[int, float]] | None = None,
    ) -> None:
        """Make the history up to `start_ms`.

        `resume` gives the open time and close of a symbol's last stored candle: its history is
        then the candles since, at most eight hours of them, and its price goes on from there.
        Raises ValueError for a price to resume from that is not positive and finite.
        """
        self._symbols: Final = tuple(dict.fromkeys(symbols))
        self._next_ms = -(-start_ms // TICK_MS) * TICK_MS
        """Time of the first tick that has not been told."""
        self._minute_ms = self._next_ms // MINUTE_MS * MINUTE_MS
        self._paths: Final = {
            symbol: _path(symbol, seed, self._minute_ms, (resume or {}).get(symbol))
            for symbol in self._symbols
        }
        self._buffers: Final = {
            symbol: CandleBuffer(SIMULATED_TIMEFRAME, KEPT_MINUTES) for symbol in self._symbols
        }
        self._prices: dict[str, list[float]] = {}
        """The ticks of the running minute."""
        self._forming: dict[str, Candle] = {}
        """The candle that the running minute will have been."""
        for symbol in self._symbols:
            self._buffers[symbol].extend(self._draw(symbol))

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols, each once, in the order in which they were given."""
        return self._symbols

    def history(self, symbol: str, limit: int) -> CandleColumns:
        """Return up to `limit` closed 1m candles, oldest first. Raises KeyError if not traded."""
        return self._buffers[symbol].columns(limit)

    def advance_to(self, now_ms: int) -> list[MarketEvent]:
        """Return the ticks and closed candles since the last call up to `now_ms`, in time order.

        When the clock has leapt, only the newest tick of each symbol is told, after the candles
        of at most eight hours. While the clock is behind, nothing happens.
        """
        events: list[MarketEvent] = []
        if now_ms - self._next_ms > _LEAP_MS:
            self._next_ms = now_ms // TICK_MS * TICK_MS
        while self._next_ms <= now_ms:
            minute_ms = self._next_ms // MINUTE_MS * MINUTE_MS
            if minute_ms > self._minute_ms:
                events += self._roll_to(minute_ms)
            events += self._ticks_at(self._next_ms)
            self._next_ms += TICK_MS
        return events

    def _ticks_at(self, time_ms: int) -> list[Tick]:
        index = (time_ms - self._minute_ms) // TICK_MS
        return [
            Tick(symbol, time_ms, exact(prices[index]), Source.SIMULATED)
            for symbol, prices in self._prices.items()
        ]

    def _roll_to(self, minute_ms: int) -> list[CandleClosed]:
        """Close the minutes before `minute_ms`, which becomes the running one."""
        self._minute_ms = minute_ms
        closed: list[CandleClosed] = []
        for symbol in self._symbols:
            candles = [self._forming[symbol], *self._draw(symbol)]
            for candle in candles:
                self._buffers[symbol].append(candle)
                closed.append(CandleClosed(symbol, SIMULATED_TIMEFRAME, candle, Source.SIMULATED))
        closed.sort(key=_open_time)
        return closed

    def _draw(self, symbol: str) -> CandleColumns:
        """Draw the minutes up to the running one, that included; return those before it."""
        path = self._paths[symbol]
        path.skip_to(_earliest_ms(self._minute_ms))
        minutes = path.draw((self._minute_ms - path.next_ms) // MINUTE_MS + 1)
        self._prices[symbol] = minutes.prices[-1].tolist()
        self._forming[symbol] = next(iter(minutes.candles.slice(-1)))
        return minutes.candles.slice(0, -1)


def _open_time(closed: CandleClosed) -> int:
    return closed.candle.time_ms


def _path(symbol: str, seed: int, minute_ms: int, resume: tuple[int, float] | None) -> SymbolPath:
    """Return the path of a symbol, which reaches back before the minute `minute_ms`."""
    earliest_ms = _earliest_ms(minute_ms)
    if resume is None:
        return SymbolPath(symbol, seed, earliest_ms)
    stored_ms, close = resume
    first_ms = min(max(stored_ms // MINUTE_MS * MINUTE_MS + MINUTE_MS, earliest_ms), minute_ms)
    return SymbolPath(symbol, seed, first_ms, close)


def _earliest_ms(minute_ms: int) -> int:
    """Return how far back from the running minute the market makes candles."""
    return max(0, minute_ms - HISTORY_MINUTES * MINUTE_MS)
