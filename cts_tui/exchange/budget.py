"""The arithmetic of a rate limit: what may be spent now, and how long a call has to wait.

Pure: time comes in as seconds, nothing waits here. `limiter.py` queues calls in front of it.
"""

from dataclasses import dataclass
from typing import Final

BURST_S: Final = 0.25
"""What may be spent at once after a rest, in seconds of the venue's rate."""
LEAST_BURST: Final = 2.0
"""… and in cost units at least, for venues that allow a call a second."""
_RESERVED: Final = 0.5
"""The part of the burst that only orders and cancels may spend."""
_TRICKLE: Final = 0.1
"""The part of the flow that other calls get while orders use up the reserve: none starves."""
_NOTHING: Final = 1e-6
"""Cost units below which a lack is a rounding error."""
LEAST_SHARE: Final = 0.01


@dataclass(slots=True)
class Purse:
    """Cost units in stock, up to `capacity`; below zero after a call dearer than the capacity."""

    capacity: float
    stock: float

    @property
    def missing(self) -> float:
        """What it takes to be full."""
        return max(self.capacity - self.stock, 0.0)

    def lack(self, weight: float) -> float:
        """Return what is missing for a call; one dearer than the capacity needs a full purse."""
        short = min(weight, self.capacity) - self.stock
        return short if weight > 0 and short > _NOTHING else 0.0

    def add(self, amount: float) -> None:
        """Put in `amount`; what exceeds the capacity is lost."""
        self.stock = min(self.stock + amount, self.capacity)

    def resize(self, capacity: float) -> None:
        """Change the capacity; a full purse stays full, a fuller one loses the rest."""
        was_full = self.stock >= self.capacity
        self.capacity = capacity
        self.stock = capacity if was_full else min(self.stock, capacity)


class Budget:
    """Two purses filled by one flow: `reserve` for orders and cancels, `common` for the rest.

    The flow is one cost unit every `interval_ms` times `share`. It fills the reserve first; while
    the reserve fills, the common purse gets a tenth. Example: 50 ms give 20 units/s and a burst of
    5 units, 2.5 of them reserved.
    """

    def __init__(
        self, *, interval_ms: float, burst: float | None, share: float, now: float
    ) -> None:
        """`burst` is in cost units (None: a quarter of a second of the rate); `now` in seconds."""
        self._interval_ms = max(interval_ms, 1e-3)
        self._burst = burst
        self._share = _bounded(share)
        self._filled_at = now
        self.reserve: Final = Purse(self._burst_units * _RESERVED, self._burst_units * _RESERVED)
        rest = self._burst_units - self.reserve.capacity
        self.common: Final = Purse(rest, rest)

    @property
    def interval_ms(self) -> float:
        """Milliseconds per cost unit of the whole exchange's budget."""
        return self._interval_ms

    @property
    def share(self) -> float:
        """This process's part of the exchange's budget, 0…1."""
        return self._share

    @property
    def rate(self) -> float:
        """Cost units per second that this process may spend."""
        return self._share * 1000.0 / self._interval_ms

    def fill(self, now: float) -> None:
        """Let the time since the last call flow in; what exceeds the burst is lost."""
        elapsed = now - self._filled_at
        if elapsed <= 0:
            return
        self._filled_at = now
        filling = min(elapsed, self._filling_s)
        self.reserve.add(filling * self.rate * (1 - _TRICKLE))
        self.common.add((filling * _TRICKLE + elapsed - filling) * self.rate)

    def pause_until(self, then: float) -> None:
        """Let nothing flow in before `then`, and begin again with what orders need only."""
        self._filled_at = max(self._filled_at, then)
        self.common.stock = min(self.common.stock, 0.0)

    def change(self, now: float, *, share: float | None = None, interval_ms: float = 0.0) -> None:
        """Change the share, or slow down to `interval_ms`; what was earned so far stays."""
        self.fill(now)
        self._share = self._share if share is None else _bounded(share)
        self._interval_ms = max(self._interval_ms, interval_ms)
        self.reserve.resize(self._burst_units * _RESERVED)
        self.common.resize(self._burst_units * (1 - _RESERVED))

    def reserve_wait_s(self, weight: float) -> float:
        """Return the seconds until the reserve can pay for a call of `weight`."""
        return self.reserve.lack(weight) / (self.rate * (1 - _TRICKLE))

    def common_wait_s(self, weight: float) -> float:
        """Return the seconds until the common purse can pay for a call of `weight`."""
        lack = self.common.lack(weight)
        trickled = self._filling_s * _TRICKLE * self.rate
        if lack <= trickled:
            return lack / (self.rate * _TRICKLE)
        return self._filling_s + (lack - trickled) / self.rate

    @property
    def _filling_s(self) -> float:
        """Seconds until the reserve is full."""
        return self.reserve.missing / (self.rate * (1 - _TRICKLE))

    @property
    def _burst_units(self) -> float:
        whole = max(BURST_S * 1000.0 / self._interval_ms, LEAST_BURST)
        return (whole if self._burst is None else self._burst) * self._share


def _bounded(share: float) -> float:
    return min(max(share, LEAST_SHARE), 1.0)
