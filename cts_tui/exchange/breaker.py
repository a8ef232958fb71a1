"""The circuit breaker of one connection: an exchange that does not answer is left alone a while.

Entries and data are refused while it is open; cancels and exits may still try, at intervals of
their own, because an unprotected position is worse than a wasted request.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Any, Final

from cts_tui.errors import RetryableError

THRESHOLD: Final = 3
"""So many failures in a row open it."""
FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 30.0
URGENT_WAIT_S: Final = 1.0
"""Between two cancels or exits while it is open."""


class BreakerState(StrEnum):
    """Whether requests go out."""

    CLOSED = "closed"
    """All do."""
    OPEN = "open"
    """None but cancels and exits, one at a time."""
    HALF_OPEN = "half_open"
    """One is on its way to see whether the exchange is back."""


@dataclass(frozen=True, slots=True)
class Pass:
    """Leave to send one request; given back by `succeeded`, `failed` or `released`."""

    is_probe: bool
    number: int


class Breaker:
    """Counts failures of connection. Waits run on `monotonic` seconds; `now_ms` only dates them."""

    def __init__(
        self,
        now_ms: Callable[[], int],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        seed: int | None = None,
    ) -> None:
        self._now_ms = now_ms
        self._monotonic = monotonic
        self._random = Random(seed)
        self._openings = 0
        self._next_try = 0.0
        self._next_urgent = 0.0
        self._probe: int | None = None
        self._passes = 0
        self.state = BreakerState.CLOSED
        self.since_ms = now_ms()
        self.next_try_ms = 0
        """When the next request may try; 0 while closed."""
        self.failures = 0
        """Failures in a row."""
        self.last_error = ""

    def enter(self, *, is_urgent: bool = False) -> Pass:
        """Return leave to send. Raises RetryableError with the wait while it is open."""
        now = self._monotonic()
        self._passes += 1
        if self.state is BreakerState.CLOSED:
            return Pass(is_probe=False, number=self._passes)
        if self._probe is None and now >= self._next_try:
            self._probe = self._passes
            self._become(BreakerState.HALF_OPEN)
            return Pass(is_probe=True, number=self._passes)
        if is_urgent and now >= self._next_urgent:
            self._next_urgent = now + URGENT_WAIT_S
            return Pass(is_probe=False, number=self._passes)
        wait_s = max((self._next_urgent if is_urgent else self._next_try) - now, 0.25)
        raise RetryableError(
            f"not sent: the exchange did not answer {self.failures} times in a row "
            f"({self.last_error}); next try in {wait_s:.0f} s",
            wait_s,
        )

    def succeeded(self, given: Pass) -> None:
        """Hear that the exchange answered, be it with a refusal: it is there."""
        if self._probe == given.number:
            self._probe = None
        self.failures = 0
        if self.state is not BreakerState.CLOSED:
            self._openings = 0
            self._probe = None
            self.next_try_ms = 0
            self._become(BreakerState.CLOSED)

    def failed(self, given: Pass, message: str, wait_s: float | None = None) -> None:
        """Hear that no answer came; `wait_s` where the exchange said for how long it is away."""
        self.last_error = message
        self.failures += 1
        was_probe = self._probe == given.number
        if was_probe:
            self._probe = None
        if was_probe or wait_s or (self.is_closed and self.failures >= THRESHOLD):
            self._open(wait_s)

    def released(self, given: Pass) -> None:
        """Hear that a request ended without saying anything of the exchange (cancelled)."""
        if self._probe == given.number:
            self._probe = None
            self._become(BreakerState.OPEN)

    @property
    def is_closed(self) -> bool:
        """Whether requests go out as usual."""
        return self.state is BreakerState.CLOSED

    def figures(self) -> dict[str, Any]:
        """Return what the screen shows, JSON-able."""
        return {
            "state": self.state.value,
            "since_ms": self.since_ms,
            "next_try_ms": self.next_try_ms,
            "failures": self.failures,
            "last_error": self.last_error,
        }

    def _open(self, wait_s: float | None) -> None:
        backoff_s = min(FIRST_WAIT_S * 2**self._openings, LONGEST_WAIT_S)
        self._openings = min(self._openings + 1, 16)
        waits_s = max(backoff_s * self._random.uniform(0.5, 1.0), wait_s or 0.0)
        self._next_try = self._monotonic() + waits_s
        self.next_try_ms = self._now_ms() + int(waits_s * 1000)
        self._become(BreakerState.OPEN)

    def _become(self, state: BreakerState) -> None:
        if state is not self.state:
            if BreakerState.CLOSED in (state, self.state):
                self.since_ms = self._now_ms()
            self.state = state
