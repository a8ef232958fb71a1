"""What a limiter remembers for the screen: waits and spending, in bounded memory."""

import math
from collections import deque
from typing import Final

_KEPT_WAITS: Final = 256
_WINDOW_S: Final = 60


class Waits:
    """The last waits of one priority."""

    def __init__(self) -> None:
        self._waits_s: deque[float] = deque(maxlen=_KEPT_WAITS)

    def add(self, wait_s: float) -> None:
        """Remember a wait."""
        self._waits_s.append(wait_s)

    def p95_ms(self) -> float:
        """Return the wait that 95 % of the last calls did not exceed; 0 without calls."""
        if not self._waits_s:
            return 0.0
        place = math.ceil(0.95 * len(self._waits_s)) - 1
        return round(sorted(self._waits_s)[place] * 1000.0, 3)


class WindowSum:
    """Amounts in sum, in all and within the last minute (by whole seconds)."""

    def __init__(self) -> None:
        self.total = 0.0
        self._seconds: deque[tuple[int, float]] = deque()

    def add(self, now: float, amount: float) -> None:
        """Count `amount` at `now` (monotonic seconds); negative takes back."""
        self.total += amount
        second = int(now)
        if self._seconds and self._seconds[-1][0] >= second:
            self._seconds[-1] = (self._seconds[-1][0], self._seconds[-1][1] + amount)
        else:
            self._seconds.append((second, amount))
        self._forget(now)

    def last_minute(self, now: float) -> float:
        """Return the sum of the last minute."""
        self._forget(now)
        return max(0.0, sum(amount for _, amount in self._seconds))

    def _forget(self, now: float) -> None:
        while self._seconds and self._seconds[0][0] <= now - _WINDOW_S:
            self._seconds.popleft()
