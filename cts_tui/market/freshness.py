"""Whether market data is fresh enough to enter on (S8): stale data blocks entries, never exits.

Data from the future is stale as well: the clock was set back, or the venue's is wrong, and an age
that cannot be known is not young.
"""

from dataclasses import dataclass
from typing import Final

from cts_tui.model.market import timeframe_ms

FUTURE_TOLERANCE_MS: Final = 2_000
"""How far ahead of our clock a timestamp may lie: venues' clocks differ by about a second."""
_MAX_AGE_TIMEFRAMES: Final = 2


@dataclass(frozen=True, slots=True)
class Freshness:
    """The bounds of one symbol's data: candles of `timeframe`, ticks of `tick_stale_s` seconds."""

    timeframe: str
    tick_stale_s: float

    def is_candle_stale(self, open_ms: int | None, now_ms: int) -> bool:
        """Return whether the newest closed candle, opened at `open_ms`, is too old to enter on."""
        return is_candle_stale(self.timeframe, open_ms, now_ms)

    def is_tick_stale(self, tick_ms: int | None, now_ms: int) -> bool:
        """Return whether the newest tick is too old to enter on."""
        return is_tick_stale(self.tick_stale_s, tick_ms, now_ms)


def is_candle_stale(timeframe: str, open_ms: int | None, now_ms: int) -> bool:
    """Return whether a candle's close lies more than two timeframes back, or in the future.

    A 1m candle of 12:00 closes at 12:01 and is stale after 12:03. None, no candle yet, is stale.
    Raises ValueError when `timeframe` is none.
    """
    step_ms = timeframe_ms(timeframe)
    if open_ms is None:
        return True
    return _is_out_of_bounds(now_ms - (open_ms + step_ms), _MAX_AGE_TIMEFRAMES * step_ms)


def is_tick_stale(tick_stale_s: float, tick_ms: int | None, now_ms: int) -> bool:
    """Return whether a tick is older than `tick_stale_s` seconds, or from the future."""
    if tick_ms is None:
        return True
    return _is_out_of_bounds(now_ms - tick_ms, tick_stale_s * 1000)


def _is_out_of_bounds(age_ms: int, max_age_ms: float) -> bool:
    return age_ms > max_age_ms or age_ms < -FUTURE_TOLERANCE_MS
