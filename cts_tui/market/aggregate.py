"""Candles of a coarser timeframe from finer ones: over history at once, or one at a time.

Both follow one definition. A bucket is a stretch of the coarse timeframe on its grid: multiples
since the epoch, weeks from Monday 00:00 UTC. Only whole candles count:

- the first bucket only if the first fine candle opens exactly where the bucket opens;
- the last bucket only if the fine candles reach its end;
- a bucket in between is built from the fine candles there are; without any there is no candle.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from cts_tui.errors import ConfigError
from cts_tui.model.columns import CandleColumns, IntArray
from cts_tui.model.market import Candle, timeframe_ms

_MONDAY_MS: Final = 4 * 86_400_000
"""1970-01-05, the first Monday since the epoch."""


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where the buckets of one timeframe lie, and how long the fine candles are."""

    fine_ms: int
    step_ms: int
    origin_ms: int

    @classmethod
    def between(cls, from_timeframe: str, to_timeframe: str) -> "_Grid":
        """Raise ConfigError unless buckets of `to_timeframe` are whole `from_timeframe` candles."""
        try:
            fine_ms, step_ms = timeframe_ms(from_timeframe), timeframe_ms(to_timeframe)
        except ValueError as error:
            raise ConfigError(str(error)) from error
        origin_ms = _origin_ms(to_timeframe)
        if step_ms % fine_ms or (origin_ms - _origin_ms(from_timeframe)) % fine_ms:
            raise ConfigError(
                f"candles of {to_timeframe} cannot be built from candles of {from_timeframe}: "
                f"expected a whole multiple of {from_timeframe}"
            )
        return cls(fine_ms, step_ms, origin_ms)

    def start_ms(self, time_ms: int) -> int:
        """Return the open time of the bucket that `time_ms` lies in."""
        return time_ms - (time_ms - self.origin_ms) % self.step_ms

    def is_end(self, bucket_ms: int, time_ms: int) -> bool:
        """Return whether the fine candle that opens at `time_ms` ends the bucket."""
        return time_ms + self.fine_ms >= bucket_ms + self.step_ms


def bucket_open_ms(time_ms: int, timeframe: str) -> int:
    """Return the open time of the candle of `timeframe` that `time_ms` falls in.

    Raises ValueError when `timeframe` is none.
    """
    return time_ms - (time_ms - _origin_ms(timeframe)) % timeframe_ms(timeframe)


def _origin_ms(timeframe: str) -> int:
    return _MONDAY_MS if timeframe.endswith("w") else 0


def aggregate(columns: CandleColumns, from_timeframe: str, to_timeframe: str) -> CandleColumns:
    """Return the whole candles of `to_timeframe` in `columns`, which are strictly ascending.

    `1m` to `5m`: five candles 12:00 … 12:04 give one of 12:00. Raises ConfigError when
    `to_timeframe` is finer than `from_timeframe` or not a multiple of it.
    """
    grid = _Grid.between(from_timeframe, to_timeframe)
    if not len(columns):
        return columns
    bucket_ms = columns.time_ms - (columns.time_ms - grid.origin_ms) % grid.step_ms
    folded = _fold(columns, bucket_ms)
    is_first_whole = columns.time_ms[0] == bucket_ms[0]
    is_last_whole = grid.is_end(int(bucket_ms[-1]), int(columns.time_ms[-1]))
    return folded.slice(0 if is_first_whole else 1, None if is_last_whole else -1)


def _fold(columns: CandleColumns, bucket_ms: IntArray) -> CandleColumns:
    """Return one candle per run of equal `bucket_ms`."""
    is_new = np.diff(bucket_ms, prepend=bucket_ms[0] - 1) != 0
    starts = np.flatnonzero(is_new)
    ends = np.append(starts[1:], len(bucket_ms)) - 1
    return CandleColumns(
        bucket_ms[starts],
        columns.open[starts],
        np.maximum.reduceat(columns.high, starts),
        np.minimum.reduceat(columns.low, starts),
        columns.close[ends],
        # bincount adds in order, as one would by hand; add.reduceat rounds differently
        np.bincount(np.cumsum(is_new) - 1, weights=columns.volume).astype(np.float64, copy=False),
    )


class CandleAggregator:
    """The same candles as `aggregate`, as soon as each is known to be whole."""

    def __init__(self, from_timeframe: str, to_timeframe: str) -> None:
        """Raise ConfigError when the target is finer than the source or not a multiple of it."""
        self._grid = _Grid.between(from_timeframe, to_timeframe)
        self._forming: Candle | None = None
        self._last_ms = -1
        self._broken_ms: int | None = None
        """The first bucket where it began before the first fine candle: it never counts."""

    def add(self, candle: Candle) -> tuple[Candle, ...]:
        """Take the next fine candle; return the coarse candles that are now whole.

        There are none, one, or, after a hole at a bucket's end, two. Raises ValueError when
        `candle` does not come after the one before.
        """
        if candle.time_ms <= self._last_ms:
            raise ValueError(f"candle {candle.time_ms} does not come after {self._last_ms}")
        bucket_ms = self._grid.start_ms(candle.time_ms)
        if self._last_ms < 0 and bucket_ms != candle.time_ms:
            self._broken_ms = bucket_ms
        self._last_ms = candle.time_ms
        if bucket_ms == self._broken_ms:
            return ()
        ended = self._enter(bucket_ms, candle)
        if self._grid.is_end(bucket_ms, candle.time_ms):
            ended += self._take_forming()
        return ended

    def _enter(self, bucket_ms: int, candle: Candle) -> tuple[Candle, ...]:
        """Add `candle` to its bucket; return the bucket before if that was still open."""
        forming = self._forming
        if forming is not None and forming.time_ms == bucket_ms:
            self._forming = _joined(forming, candle)
            return ()
        ended = self._take_forming()
        self._forming = candle._replace(time_ms=bucket_ms)
        return ended

    def _take_forming(self) -> tuple[Candle, ...]:
        forming, self._forming = self._forming, None
        return () if forming is None else (forming,)


def _joined(forming: Candle, fine: Candle) -> Candle:
    return Candle(
        forming.time_ms,
        forming.open,
        max(forming.high, fine.high),
        min(forming.low, fine.low),
        fine.close,
        forming.volume + fine.volume,
    )
