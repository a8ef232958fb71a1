"""The exchange's time beside ours: measured by the shortest way there and back, signed with."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from cts_tui.clock import Clock
from cts_tui.errors import RetryableError
from cts_tui.exchange.calls import Call
from cts_tui.exchange.limiter import Priority

SAMPLES: Final = 3
"""Readings of the exchange's clock; the one with the shortest way is used."""
SHORT_WAY_MS: Final = 60
"""A reading whose way was no longer needs no second one."""
COARSE_MS: Final = 1000
"""What a `Date` header, or a time in whole seconds, cannot tell from zero."""


class ExchangeClock:
    """Holds the offset of one exchange and keeps ccxt's signing in step with it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._client: Any = None
        self._lock = asyncio.Lock()
        self.offset_ms = 0
        """The exchange's time minus ours, last measured."""
        self.is_due = False
        """True after the exchange refused a timestamp: measure before the next request."""

    def attach(self, client: Any) -> None:
        """Keep this client's `timeDifference` in step."""
        self._client = client

    def now_ms(self) -> int:
        """Return our time."""
        return self._clock.now_ms()

    def server_now_ms(self) -> int:
        """Return the exchange's time by our clock."""
        return self._clock.now_ms() + self.offset_ms

    async def measure(self, fetch_time: Callable[[Call], Awaitable[Any]]) -> int:
        """Return the offset, measured now. Raises what `fetch_time` raises."""
        async with self._lock:
            best_way_ms = 0
            for sample in range(SAMPLES):
                call = Call(Priority.ACCOUNT)
                server_ms = await fetch_time(call)
                if not isinstance(server_ms, int | float):
                    raise RetryableError("the exchange does not say its time", 1.0)
                way_ms = call.answered_ms - call.sent_ms
                if sample == 0 or way_ms < best_way_ms:
                    best_way_ms = way_ms
                    offset_ms = int(server_ms) - (call.sent_ms + call.answered_ms) // 2
                    self._set(_finer(offset_ms) if server_ms % COARSE_MS == 0 else offset_ms)
                if way_ms <= SHORT_WAY_MS:
                    break
            self.is_due = False
            return self.offset_ms

    def heed_date(self, server_ms: int | None, call: Call) -> None:
        """Take the offset from an answer's `Date` where the exchange has no time to ask for.

        What is within a second of ours counts as equal: the header has no fractions.
        """
        if server_ms is not None:
            self._set(_finer(server_ms - (call.sent_ms + call.answered_ms) // 2))

    def _set(self, offset_ms: int) -> None:
        self.offset_ms = offset_ms
        ahead_ms = self._client.milliseconds() - self._clock.now_ms()
        self._client.options["timeDifference"] = ahead_ms - offset_ms


def _finer(offset_ms: int) -> int:
    """Return the offset of a time that was told in whole seconds: none where it may be none."""
    return offset_ms if abs(offset_ms) > COARSE_MS else 0
