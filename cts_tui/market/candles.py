"""The newest closed candles of one symbol in memory: feeds append, indicators and charts read."""

from enum import StrEnum
from math import inf, isfinite
from typing import Final

import numpy as np

from cts_tui.market.clean import MAX_TIME_MS, count_gaps, sound_rows
from cts_tui.model.columns import CandleColumns
from cts_tui.model.market import Candle, timeframe_ms

_DAY_MS: Final = 86_400_000
_ANY_PHASE: Final = -1


class Refusal(StrEnum):
    """Why a candle did not enter (S12)."""

    NOT_FINITE = "not finite"
    PRICE_NOT_POSITIVE = "price not positive"
    NEGATIVE_VOLUME = "negative volume"
    HIGH_BELOW_LOW = "high below low"
    IMPOSSIBLE_TIME = "impossible time"
    MISALIGNED = "not aligned to the timeframe"
    DOUBLED = "doubled"
    OUT_OF_ORDER = "out of order"


class CandleBuffer:
    """A ring of the last `capacity` candles that reads as contiguous columns.

    The columns are written into arrays of twice the capacity; when these are full, the newest
    candles move to fresh ones. So an append costs the same whatever the capacity, a read copies
    nothing, and columns once read never change under their reader.

    Candles must open on multiples of the timeframe since the epoch. From one day up, and where
    the timeframe does not divide the day, exchanges disagree about the origin (a week opens on
    Monday or on Thursday): there the first candle sets it.

    Counters run from creation on, beyond what the ring still holds.
    """

    def __init__(self, timeframe: str, capacity: int) -> None:
        """Raise ValueError when `timeframe` is none or `capacity` is under 1."""
        if capacity < 1:
            raise ValueError(f"a candle buffer holds at least 1 candle, not {capacity}")
        self.timeframe: Final = timeframe
        self.capacity: Final = capacity
        self.gaps = 0
        """Holes seen between one accepted candle and the next."""
        self.missing = 0
        """Candles that the holes lack."""
        self.repaired = 0
        """Accepted candles whose high or low was widened to enclose open and close."""
        self.refused: dict[Refusal, int] = dict.fromkeys(Refusal, 0)
        """Candles that did not enter, by reason."""
        self.last_refusal: Refusal | None = None
        self._step_ms = timeframe_ms(timeframe)
        self._phase_ms = _ANY_PHASE
        if self._step_ms < _DAY_MS and _DAY_MS % self._step_ms == 0:
            self._phase_ms = 0
        self._room = 2 * capacity
        self.clear()

    def __len__(self) -> int:
        return min(self._end, self.capacity)

    @property
    def last(self) -> Candle | None:
        """The newest candle, None while there is none."""
        return self._last

    @property
    def refused_count(self) -> int:
        """Candles that did not enter, for whatever reason."""
        return sum(self.refused.values())

    def clear(self) -> None:
        """Forget the candles, keep the counters: the history is about to be read anew."""
        self._last: Candle | None = None
        self._last_ms = -1
        self._end = 0
        self._allocate()

    def append(self, candle: Candle) -> bool:
        """Take the next closed candle; return False (and count why) when it must not enter."""
        time_ms, open_, high, low, close, volume = candle
        if not (
            self._last_ms < time_ms <= MAX_TIME_MS
            and time_ms % self._step_ms == self._phase_ms
            and 0.0 < low <= open_ <= high < inf
            and low <= close <= high
            and 0.0 <= volume < inf
        ):
            mended = self._mend(candle)
            if mended is None:
                return False
            time_ms, open_, high, low, close, volume = candle = mended
        if time_ms - self._last_ms != self._step_ms:
            self._note_gap(time_ms)
        end = self._end
        if end == self._room:
            end = self._make_room()
        self._time[end] = time_ms
        self._open[end] = open_
        self._high[end] = high
        self._low[end] = low
        self._close[end] = close
        self._volume[end] = volume
        self._end = end + 1
        self._last = candle
        self._last_ms = time_ms
        return True

    def extend(self, columns: CandleColumns) -> int:
        """Take `columns` in order, as if appended one by one; return how many entered."""
        if not self._follows_soundly(columns):
            return sum(map(self.append, columns))
        self._phase_ms = self._phase_with(int(columns.time_ms[0]))
        self._note_gap(int(columns.time_ms[0]))
        gaps, missing = count_gaps(columns.time_ms, self._step_ms)
        self.gaps += gaps
        self.missing += missing
        self._write(columns.slice(-self.capacity))
        return len(columns)

    def columns(self, limit: int | None = None) -> CandleColumns:
        """Return the newest `limit` candles (default: all), oldest first, without copying."""
        count = len(self) if limit is None else max(0, min(limit, len(self)))
        return self._stored().slice(self._end - count, self._end)

    def _stored(self) -> CandleColumns:
        return CandleColumns(
            self._time, self._open, self._high, self._low, self._close, self._volume
        )

    def _allocate(self) -> None:
        self._time = np.empty(self._room, dtype=np.int64)
        self._open, self._high, self._low, self._close, self._volume = (
            np.empty(self._room, dtype=np.float64) for _ in range(5)
        )

    def _make_room(self) -> int:
        """Move the held candles to fresh arrays; return where the next one goes."""
        held = self.columns()
        self._allocate()
        self._end = 0
        self._copy_in(held)
        return self._end

    def _write(self, columns: CandleColumns) -> None:
        if self._end + len(columns) > self._room:
            self._make_room()
        self._copy_in(columns)
        self._last = next(iter(columns.slice(-1)))
        self._last_ms = self._last.time_ms

    def _copy_in(self, columns: CandleColumns) -> None:
        target = slice(self._end, self._end + len(columns))
        self._time[target] = columns.time_ms
        self._open[target] = columns.open
        self._high[target] = columns.high
        self._low[target] = columns.low
        self._close[target] = columns.close
        self._volume[target] = columns.volume
        self._end = target.stop

    def _note_gap(self, time_ms: int) -> None:
        step = time_ms - self._last_ms
        if self._last_ms >= 0 and step > self._step_ms:
            self.gaps += 1
            self.missing += (step - 1) // self._step_ms

    def _follows_soundly(self, columns: CandleColumns) -> bool:
        """Return whether every candle may enter as it is."""
        if not len(columns) or columns.time_ms[0] <= self._last_ms:
            return False
        phase_ms = self._phase_with(int(columns.time_ms[0]))
        low = np.minimum(columns.open, columns.close)
        high = np.maximum(columns.open, columns.close)
        return bool(
            (np.diff(columns.time_ms) > 0).all()
            and (columns.time_ms % self._step_ms == phase_ms).all()
            and sound_rows(columns).all()
            and ((columns.low <= low) & (high <= columns.high)).all()
        )

    def _phase_with(self, time_ms: int) -> int:
        """Return the origin of the grid, which a first candle at `time_ms` would set."""
        return time_ms % self._step_ms if self._phase_ms == _ANY_PHASE else self._phase_ms

    def _mend(self, candle: Candle) -> Candle | None:
        """Return the candle as it may enter, or None when it may not."""
        refusal = self._fault(candle)
        if refusal is not None:
            self.refused[refusal] += 1
            self.last_refusal = refusal
            return None
        self._phase_ms = self._phase_with(candle.time_ms)
        high = max(candle.high, candle.open, candle.close)
        low = min(candle.low, candle.open, candle.close)
        if high != candle.high or low != candle.low:
            self.repaired += 1
        return candle._replace(high=high, low=low)

    def _fault(self, candle: Candle) -> Refusal | None:
        return value_fault(candle) or self._time_fault(candle.time_ms)

    def _time_fault(self, time_ms: int) -> Refusal | None:
        if not 0 <= time_ms <= MAX_TIME_MS:
            return Refusal.IMPOSSIBLE_TIME
        if time_ms % self._step_ms != self._phase_with(time_ms):
            return Refusal.MISALIGNED
        if time_ms == self._last_ms:
            return Refusal.DOUBLED
        return Refusal.OUT_OF_ORDER if time_ms < self._last_ms else None


def value_fault(candle: Candle) -> Refusal | None:
    """Return why the values of `candle` are none of a candle; None when they are sound."""
    _, *prices, volume = candle
    if not all(map(isfinite, (*prices, volume))):
        return Refusal.NOT_FINITE
    if min(prices) <= 0:
        return Refusal.PRICE_NOT_POSITIVE
    if volume < 0:
        return Refusal.NEGATIVE_VOLUME
    return Refusal.HIGH_BELOW_LOW if candle.high < candle.low else None
