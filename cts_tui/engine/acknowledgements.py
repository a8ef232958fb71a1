"""How long an exchange takes to acknowledge an order, from the call to its answer."""

from collections import deque
from math import ceil
from typing import Any, Final

_KEPT: Final = 512


class Acknowledgements:
    """The times of the last orders that were answered, in milliseconds."""

    def __init__(self) -> None:
        self._count = 0
        self._times: deque[float] = deque(maxlen=_KEPT)

    def note(self, elapsed_ms: float) -> None:
        """Take note of one answer."""
        self._count += 1
        self._times.append(elapsed_ms)

    def as_row(self) -> dict[str, Any]:
        """Return how many were answered since the start, and what the last of them took."""
        return {"count": self._count, "p50_ms": self._within(0.5), "p99_ms": self._within(0.99)}

    def _within(self, share: float) -> float | None:
        """Return the time within which a share of the last orders was answered."""
        times = sorted(self._times)
        return round(times[ceil(share * len(times)) - 1], 1) if times else None
