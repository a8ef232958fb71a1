"""Tells a quiet market from a dead stream: where the stream is silent, REST is asked what happened.

Pure: times come in as arguments, milliseconds of a clock that never jumps.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

CONFIRM_MS: Final = 2_000
"""How long a stream may take to tell what REST has told already."""


class Pulse(StrEnum):
    """What is known of one symbol's prices."""

    STREAM = "stream"
    REST = "rest"
    QUIET = "quiet"
    """Nothing was traded, and REST says the same."""
    DEAD = "dead"
    """Nothing is heard, by neither."""
    HALTED = "halted"
    """The exchange does not trade it at the moment, or no more."""


@dataclass(slots=True)
class _Line:
    """What was heard of one symbol, and when; None: never."""

    since_ms: float
    heard_ms: float | None = None
    checked_ms: float | None = None
    moved_ms: float | None = None
    """When REST first told what the stream had not; None once the stream has spoken."""


class Liveness:
    """Watches over the symbols of one feed."""

    def __init__(self, symbols: Iterable[str], now_ms: float, silent_ms: float) -> None:
        """A stream that says nothing of a symbol for `silent_ms` is checked against REST."""
        self._silent_ms: Final = silent_ms
        self._confirm_ms: Final = min(silent_ms, CONFIRM_MS)
        self._lines = {symbol: _Line(now_ms) for symbol in symbols}

    def watch(self, symbols: Iterable[str], now_ms: float) -> None:
        """Watch over these symbols from now on, and no others."""
        self._lines = {symbol: self._lines.get(symbol) or _Line(now_ms) for symbol in symbols}

    def heard(self, symbol: str, now_ms: float) -> None:
        """The stream has said something of a symbol."""
        line = self._lines.get(symbol)
        if line is not None:
            line.heard_ms = now_ms
            line.moved_ms = None

    def checked(self, symbol: str, now_ms: float, *, has_moved: bool) -> None:
        """REST has answered for a symbol; `has_moved`: it told what the stream had not."""
        line = self._lines.get(symbol)
        if line is None:
            return
        line.checked_ms = now_ms
        if has_moved and line.moved_ms is None:
            line.moved_ms = now_ms

    def begin_stream(self, now_ms: float) -> None:
        """A stream begins anew: it has its time to speak."""
        for line in self._lines.values():
            line.since_ms = now_ms
            line.moved_ms = None

    def silent(self, now_ms: float) -> list[str]:
        """Return the symbols of which nothing was heard for too long, to be asked of REST now."""
        return [
            symbol
            for symbol, line in self._lines.items()
            if now_ms - (line.heard_ms or line.since_ms) >= self._silent_ms
            and (
                line.moved_ms is not None
                or line.checked_ms is None
                or now_ms - line.checked_ms >= self._silent_ms
            )
        ]

    def stalled(self, now_ms: float) -> list[str]:
        """Return the symbols that moved without the stream's telling, in the time it had for it."""
        return [
            symbol
            for symbol, line in self._lines.items()
            if line.moved_ms is not None and now_ms - line.moved_ms >= self._confirm_ms
        ]

    def unheard(self, since_ms: float) -> list[str]:
        """Return the symbols of which the stream has not spoken since `since_ms`."""
        return [
            symbol
            for symbol, line in self._lines.items()
            if line.heard_ms is None or line.heard_ms < since_ms
        ]

    def age_ms(self, symbol: str, now_ms: float) -> int | None:
        """Return how long ago anything was learnt of a symbol, None when nothing ever was."""
        line = self._lines[symbol]
        times = [time for time in (line.heard_ms, line.checked_ms) if time is not None]
        return round(now_ms - max(times)) if times else None

    def pulse(self, symbol: str, now_ms: float, *, is_streaming: bool) -> Pulse:
        """Return what is known of a symbol now."""
        line = self._lines[symbol]
        if is_streaming and _is_young(line.heard_ms, now_ms, self._silent_ms):
            return Pulse.STREAM
        if _is_young(line.checked_ms, now_ms, 3 * self._silent_ms):
            return Pulse.QUIET if is_streaming else Pulse.REST
        return Pulse.DEAD

    def is_alive(self, now_ms: float) -> bool:
        """Return whether anything at all was learnt within the bound."""
        return any(
            _is_young(line.heard_ms, now_ms, self._silent_ms)
            or _is_young(line.checked_ms, now_ms, 2 * self._silent_ms)
            for line in self._lines.values()
        )


def _is_young(time_ms: float | None, now_ms: float, most_ms: float) -> bool:
    return time_ms is not None and now_ms - time_ms < most_ms
