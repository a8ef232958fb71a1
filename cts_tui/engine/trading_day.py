"""The day (UTC) in which losses are counted: a clock that somebody sets does not begin another one.

A day that came by time passing begins at once. One that came by a jump of the clock has to stand
for a while first: a clock that is set forth and back again would else wipe out the day's losses.
"""

from typing import Final

from cts_tui.clock import Clock, utc_from_ms

_JUMP_MS: Final = 5_000
"""Clocks that are slewed move by less between two looks."""
_DOUBTED_MS: Final = 600_000
"""How long a clock that has jumped is not believed a new day."""


class TradingDay:
    """Tells which day it is; to be asked often."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead_ms = clock.now_ms() - clock.steady_ms()
        self._doubted_until_ms: int | None = None

    def today(self, counted: str) -> str:
        """Return the day as YYYY-MM-DD: the one `counted` so far while the clock is in doubt."""
        now_ms, steady_ms = self._clock.now_ms(), self._clock.steady_ms()
        ahead_ms = now_ms - steady_ms
        if abs(ahead_ms - self._ahead_ms) > _JUMP_MS:
            self._doubted_until_ms = steady_ms + _DOUBTED_MS
        self._ahead_ms = ahead_ms
        is_doubted = self._doubted_until_ms is not None and steady_ms < self._doubted_until_ms
        return counted if counted and is_doubted else utc_from_ms(now_ms).date().isoformat()
