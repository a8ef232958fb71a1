"""Candles of a higher timeframe made from those of a lower one, for `at("1h", …)`.

Buckets start at multiples of the timeframe since the epoch, weeks on Mondays. The first bucket
counts only if its first candle opens exactly at its start. A bucket closes when a candle's close
time reaches its end, or when a later bucket begins.
"""

from math import fsum
from typing import Final

import numpy as np

from cts_tui.model.columns import CandleColumns, IntArray
from cts_tui.model.market import Candle, timeframe_ms

_FIRST_MONDAY_MS: Final = 4 * 86_400_000


class Higher:
    """The geometry of one higher timeframe over candles of `timeframe`."""

    def __init__(self, timeframe: str, higher: str) -> None:
        self.step_ms: Final = timeframe_ms(timeframe)
        self.length_ms: Final = timeframe_ms(higher)
        self._origin_ms: Final = _FIRST_MONDAY_MS if higher.endswith("w") else 0

    def start(self, time_ms: int) -> int:
        """Return the start of the bucket that `time_ms` is in."""
        return time_ms - (time_ms - self._origin_ms) % self.length_ms

    def starts(self, times_ms: IntArray) -> IntArray:
        """Return the start of the bucket of each time."""
        return times_ms - (times_ms - self._origin_ms) % self.length_ms

    def is_closed_by(self, time_ms: int) -> bool:
        """Return whether the candle that opens at `time_ms` ends its bucket."""
        return time_ms + self.step_ms >= self.start(time_ms) + self.length_ms


def aggregate(columns: CandleColumns, higher: Higher) -> tuple[CandleColumns, IntArray]:
    """Return the closed higher candles, and the row of `columns` at whose close each is known."""
    starts = higher.starts(columns.time_ms)
    heads = np.flatnonzero(np.diff(starts, prepend=starts[:1] - 1))
    if len(heads) and columns.time_ms[0] != starts[0]:
        heads = heads[1:]
    tails = np.append(heads[1:], len(columns)) - 1 if len(heads) else heads
    ends_itself = columns.time_ms[tails] + higher.step_ms >= starts[heads] + higher.length_ms
    known = np.where(ends_itself, tails, tails + 1)
    count = int(np.searchsorted(known, len(columns)))
    return _reduced(columns, starts, heads[:count], tails[:count] + 1), known[:count]


def _reduced(
    columns: CandleColumns, starts: IntArray, heads: IntArray, ends: IntArray
) -> CandleColumns:
    """Return one candle per slice heads[i]:ends[i]; volumes are summed exactly (fsum)."""
    volume = columns.volume.tolist()
    slices = zip(heads.tolist(), ends.tolist(), strict=True)
    stop = int(ends[-1]) if len(ends) else 0
    at = heads if len(heads) else np.zeros(0, dtype=np.int64)
    return CandleColumns(
        starts[at],
        columns.open[at],
        np.maximum.reduceat(columns.high[:stop], at) if len(at) else columns.high[:0],
        np.minimum.reduceat(columns.low[:stop], at) if len(at) else columns.low[:0],
        columns.close[ends - 1],
        np.array([fsum(volume[start:end]) for start, end in slices], dtype=np.float64),
    )


class Bucket:
    """The higher candle in the making: `add` every closed lower candle."""

    __slots__ = ("_candles", "_higher", "_is_fresh", "_skipped_ms", "_start_ms")

    def __init__(self, higher: Higher) -> None:
        self._higher = higher
        self.reset()

    def reset(self) -> None:
        """Forget everything: the next candle is the first one ever."""
        self._is_fresh = True
        self._skipped_ms: int | None = None
        self._start_ms: int | None = None
        self._candles: list[Candle] = []

    def fill(self, columns: CandleColumns) -> None:
        """Start again as if every candle of `columns` had been added."""
        self.reset()
        if not len(columns):
            return
        starts = self._higher.starts(columns.time_ms)
        head = int(np.searchsorted(starts, starts[-1]))
        self._is_fresh = head == 0
        for candle in columns.slice(head):
            self.add(candle)

    def add(self, candle: Candle) -> list[Candle]:
        """Return the higher candles that are closed by `candle`, oldest first; mostly none."""
        start = self._higher.start(candle.time_ms)
        if self._is_fresh:
            self._is_fresh = False
            self._skipped_ms = start if candle.time_ms != start else None
        if start == self._skipped_ms:
            return []
        closed = []
        if self._candles and start != self._start_ms:
            closed.append(self._close())
        self._start_ms = start
        self._candles.append(candle)
        if self._higher.is_closed_by(candle.time_ms):
            closed.append(self._close())
        return closed

    def _close(self) -> Candle:
        candles, self._candles = self._candles, []
        return Candle(
            self._start_ms or 0,
            candles[0].open,
            max(candle.high for candle in candles),
            min(candle.low for candle in candles),
            candles[-1].close,
            fsum(candle.volume for candle in candles),
        )
