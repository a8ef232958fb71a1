"""The one set of rules that makes recorded candles fit to trade on: they stand before any replay.

The order of the rules matters and is this:

1. Rows that cannot be a candle are dropped, so that a broken row never displaces a sound one.
2. The rest is sorted by time; rows of one timestamp keep the order in which they were read.
3. Of a doubled timestamp the last row stays.
4. High and low are widened to enclose open and close, so only rows that stay count as repaired.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from cts_tui.model.columns import BoolArray, CandleColumns, IntArray
from cts_tui.model.market import timeframe_ms

MAX_TIME_MS: Final = 4_102_444_800_000
"""2100-01-01: a later open time is a fault (microseconds, garbage), not a candle."""


@dataclass(frozen=True, slots=True)
class DataQuality:
    """What cleaning found. `rows` − `dropped` candles were kept."""

    rows: int
    """Rows read: the data lines of a file, unreadable ones included."""
    dropped: int
    """Rows that cannot be a candle, and rows whose timestamp came again later."""
    repaired: int
    """Kept candles whose high or low was widened."""
    gaps: int
    """Holes between neighbouring candles: steps in time that are longer than one timeframe."""
    missing: int
    """Candles that the holes lack."""
    resorted: int = 0
    """Sound rows that stood after a later one; sorting is not a repair."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Sound candles, strictly ascending in time, with what it took to get them."""

    columns: CandleColumns
    quality: DataQuality


def clean(columns: CandleColumns, timeframe: str) -> Cleaned:
    """Return the sound candles of `columns`, which may hold anything in any order.

    A value that could not be read is NaN, a time that could not be read negative. Cleaning what
    is clean changes nothing. Raises ValueError when `timeframe` is none.
    """
    sound = _take(columns, sound_rows(columns))
    unique = _last_of_each_time(_sorted(sound))
    enclosed, repaired = _enclosed(unique)
    gaps, missing = count_gaps(enclosed.time_ms, timeframe_ms(timeframe))
    quality = DataQuality(
        rows=len(columns),
        dropped=len(columns) - len(enclosed),
        repaired=repaired,
        gaps=gaps,
        missing=missing,
        resorted=_count_late(sound.time_ms),
    )
    return Cleaned(enclosed, quality)


def sound_rows(columns: CandleColumns) -> BoolArray:
    """Return which rows can be a candle at all, whatever their neighbours.

    Times lie between 1970 and 2100, every value is finite, prices are positive, the volume is not
    negative and high ≥ low.
    """
    sound = (columns.time_ms >= 0) & (columns.time_ms <= MAX_TIME_MS)
    for prices in (columns.open, columns.high, columns.low, columns.close):
        sound &= (prices > 0) & (prices < np.inf)
    return sound & _is_not_negative(columns.volume) & (columns.high >= columns.low)


def count_gaps(time_ms: IntArray, step_ms: int) -> tuple[int, int]:
    """Return (gaps, missing) of ascending open times: 0, 1, 4 at step 1 → 1 gap, 2 missing."""
    steps = np.diff(time_ms)
    holes = steps[steps > step_ms]
    return len(holes), int(((holes - 1) // step_ms).sum())


def _is_not_negative(values: npt.NDArray[np.float64]) -> BoolArray:
    return (values >= 0) & (values < np.inf)


def _take(columns: CandleColumns, rows: BoolArray | IntArray) -> CandleColumns:
    if rows.dtype == np.bool_ and rows.all():
        return columns
    return CandleColumns(
        columns.time_ms[rows],
        columns.open[rows],
        columns.high[rows],
        columns.low[rows],
        columns.close[rows],
        columns.volume[rows],
    )


def _count_late(time_ms: IntArray) -> int:
    return int((time_ms < np.maximum.accumulate(time_ms)).sum())


def _sorted(columns: CandleColumns) -> CandleColumns:
    if not _count_late(columns.time_ms):
        return columns
    return _take(columns, np.argsort(columns.time_ms, kind="stable"))


def _last_of_each_time(columns: CandleColumns) -> CandleColumns:
    is_last = np.ones(len(columns), dtype=np.bool_)
    is_last[:-1] = columns.time_ms[1:] != columns.time_ms[:-1]
    return _take(columns, is_last)


def _enclosed(columns: CandleColumns) -> tuple[CandleColumns, int]:
    """Return the candles with high and low widened, and how many needed it."""
    high = np.maximum(columns.high, np.maximum(columns.open, columns.close))
    low = np.minimum(columns.low, np.minimum(columns.open, columns.close))
    repaired = int(((high != columns.high) | (low != columns.low)).sum())
    if not repaired:
        return columns, 0
    widened = CandleColumns(columns.time_ms, columns.open, high, low, columns.close, columns.volume)
    return widened, repaired
