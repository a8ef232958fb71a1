"""Time as the rooms see it: the system's clock when live, the candle's clock in a replay."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What time it is, for whoever must not ask the operating system."""

    def now_ms(self) -> int:
        """Return the current UTC time in milliseconds since the epoch."""
        ...


class SystemClock:
    """The wall clock of the machine."""

    def now_ms(self) -> int:
        """Return the machine's UTC time in milliseconds since the epoch."""
        return time.time_ns() // 1_000_000


class ManualClock:
    """A clock that stands still until it is set: replays and tests drive it."""

    def __init__(self, start_ms: int = 0) -> None:
        self._now_ms = start_ms

    def now_ms(self) -> int:
        """Return the time last set, in milliseconds since the epoch."""
        return self._now_ms

    def set(self, now_ms: int) -> None:
        """Move the clock to `now_ms`."""
        self._now_ms = now_ms

    def advance(self, delta_ms: int) -> None:
        """Move the clock by `delta_ms` (negative: back)."""
        self._now_ms += delta_ms


def utc_from_ms(time_ms: int) -> datetime:
    """Return the aware UTC datetime of `time_ms` milliseconds since the epoch."""
    return datetime.fromtimestamp(time_ms / 1000, tz=UTC)


def iso_from_ms(time_ms: int) -> str:
    """Return `time_ms` as ISO-8601 UTC with `Z`; milliseconds are written only when there are any.

    1743699900000 → `2025-04-03T17:05:00Z`.
    """
    whole, millis = divmod(time_ms, 1000)
    text = datetime.fromtimestamp(whole, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{millis:03d}Z" if millis else f"{text}Z"
