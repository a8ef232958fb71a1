"""Time as the rooms see it: the system's clock when live, the candle's clock in a replay."""

import time
from datetime import UTC, datetime
from typing import Final, Protocol

_STEADY: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Boot time goes on while the machine sleeps; systems without it have the monotonic one."""


class Clock(Protocol):
    """What time it is, for whoever must not ask the operating system."""

    def now_ms(self) -> int:
        """Return the current UTC time in milliseconds since the epoch."""
        ...

    def steady_ms(self) -> int:
        """Return milliseconds that only ever pass, since whenever: nobody sets them.

        They go on while the machine sleeps, where its system can tell.
        """
        ...


class SystemClock:
    """The wall clock of the machine."""

    def now_ms(self) -> int:
        """Return the machine's UTC time in milliseconds since the epoch."""
        return time.time_ns() // 1_000_000

    def steady_ms(self) -> int:
        """Return the milliseconds since the machine started."""
        return time.clock_gettime_ns(_STEADY) // 1_000_000


class ManualClock:
    """A clock that stands still until it is set: replays and tests drive it."""

    def __init__(self, start_ms: int = 0) -> None:
        self._now_ms = start_ms
        self._jumped_ms = 0

    def now_ms(self) -> int:
        """Return the time last set, in milliseconds since the epoch."""
        return self._now_ms

    def steady_ms(self) -> int:
        """Return the same without its jumps."""
        return self._now_ms - self._jumped_ms

    def set(self, now_ms: int) -> None:
        """Move the clock to `now_ms`."""
        self._now_ms = now_ms

    def advance(self, delta_ms: int) -> None:
        """Move the clock by `delta_ms` (negative: back)."""
        self._now_ms += delta_ms

    def jump(self, delta_ms: int) -> None:
        """Have somebody set the clock `delta_ms` on (negative: back); no time passes by it."""
        self._now_ms += delta_ms
        self._jumped_ms += delta_ms


def is_waiting(until_ms: int, now_ms: int, longest_ms: int) -> bool:
    """Return whether a wait until `until_ms`, of a kind never longer than `longest_ms`, goes on.

    An end that lies further ahead was set by a clock that has since been set back: it has come.
    """
    return 0 < until_ms - now_ms <= longest_ms


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
