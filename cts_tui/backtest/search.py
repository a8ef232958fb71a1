"""Where a position's levels are touched: numpy narrows it down, the protection itself decides."""

from math import inf
from typing import Final

import numpy as np

from cts_tui.model.columns import BoolArray, CandleColumns, FloatArray
from cts_tui.model.trading import Direction
from cts_tui.rules.protection import Protection, Touch

_FIRST_CHUNK: Final = 64
_CHUNK_GROWTH: Final = 4
_LAST_CHUNK: Final = 65_536
_SLACK: Final = 1e-9
"""A trailing stop is looked for nearer to the price by this share, then tested exactly."""

Found = tuple[int, Touch] | None
"""The number of a candle and the level it touches."""


def first_touch(candles: CandleColumns, protection: Protection, first: int, last: int) -> Found:
    """Return the first candle from `first` to `last`, both included, that touches a level.

    `protection` is as it stands at the open of candle `first`; it trails along as far as the
    search goes. The candles are read in chunks that grow, since most trades are short.
    """
    find = _trailing_touch if protection.trailing_stop_pct else _fixed_touch
    chunk = _FIRST_CHUNK
    while first <= last:
        after = min(first + chunk, last + 1)
        found = find(candles, protection, first, after)
        if found is not None:
            return found
        first, chunk = after, min(chunk * _CHUNK_GROWTH, _LAST_CHUNK)
    return None


def _fixed_touch(candles: CandleColumns, protection: Protection, first: int, after: int) -> Found:
    suspect = _is_out_of_bounds(candles, protection, first, after)
    offset = int(suspect.argmax())
    return _test(candles, protection, first + offset) if suspect[offset] else None


def _trailing_touch(
    candles: CandleColumns, protection: Protection, first: int, after: int
) -> Found:
    """Find a touch while the stop trails; where there is none, trail behind all the candles.

    The stop depends on the best close alone, so catching up with that one close is enough.
    """
    best = _running_best(candles.close[first:after], protection)
    suspect = _is_out_of_bounds(candles, protection, first, after)
    suspect |= _is_near_trail(candles, protection, first, best[:-1])
    for offset in np.flatnonzero(suspect).tolist():
        if offset:
            protection.closed(float(best[offset]))
        found = _test(candles, protection, first + offset)
        if found is not None:
            return found
    protection.closed(float(best[-1]))
    return None


def _is_out_of_bounds(
    candles: CandleColumns, protection: Protection, first: int, after: int
) -> BoolArray:
    is_below: BoolArray = candles.low[first:after] <= protection.lower
    return is_below | (candles.high[first:after] >= protection.upper)


def _running_best(close: FloatArray, protection: Protection) -> FloatArray:
    """Return the best close since entry, before each candle and, one value more, after the last.

    Before the first close since entry it is 0 (short: infinity).
    """
    is_long = protection.direction is Direction.LONG
    none_yet = 0.0 if is_long else inf
    known = protection.best_close
    closes = np.concatenate(([none_yet if known is None else float(known)], close))
    best: FloatArray = (np.maximum if is_long else np.minimum).accumulate(closes)
    return best


def _is_near_trail(
    candles: CandleColumns, protection: Protection, first: int, best_before: FloatArray
) -> BoolArray:
    share = float(protection.trailing_stop_pct) / 100
    after = first + len(best_before)
    is_near: BoolArray
    if protection.direction is Direction.LONG:
        is_near = candles.low[first:after] <= best_before * ((1 - share) * (1 + _SLACK))
    else:
        is_near = candles.high[first:after] >= best_before * ((1 + share) * (1 - _SLACK))
    return is_near


def _test(candles: CandleColumns, protection: Protection, index: int) -> Found:
    """Return `index` and the level that candle touches by the protection's own order of tests."""
    touch = protection.touched(
        float(candles.open[index]), float(candles.high[index]), float(candles.low[index])
    )
    return None if touch is None else (index, touch)
