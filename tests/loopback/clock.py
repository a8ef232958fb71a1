"""The venue's clock: real time plus a skew, or time that moves by hand."""

import time


class VenueClock:
    """What the venue believes the time is, in milliseconds."""

    def __init__(self) -> None:
        self.skew_ms = 0
        self._held_ms: int | None = None

    @property
    def is_held(self) -> bool:
        """Whether time moves by hand only."""
        return self._held_ms is not None

    def now_ms(self) -> int:
        """Return the time that candles, trades and `serverTime` have."""
        return self.real_ms() if self._held_ms is None else self._held_ms

    def steady_ms(self) -> int:
        """Return the time without its skew: a desk that runs by this clock asks for it."""
        return self.now_ms() - (self.skew_ms if self._held_ms is None else 0)

    def real_ms(self) -> int:
        """Return real time plus the skew."""
        return time.time_ns() // 1_000_000 + self.skew_ms

    def hold(self, now_ms: int | None = None) -> None:
        """Stop time, at `now_ms` where given."""
        self._held_ms = self.now_ms() if now_ms is None else now_ms

    def advance(self, step_ms: int) -> None:
        """Move held time forward."""
        self._held_ms = self.now_ms() + step_ms

    def release(self) -> None:
        """Let real time go on."""
        self._held_ms = None

    def agrees_with(self, timestamp_ms: int, window_ms: int) -> bool:
        """Say whether a request signed at `timestamp_ms` is fresh, as Binance judges it.

        While time is held, a client may have measured either clock; both are good then.
        """
        clocks = {self.now_ms(), self.real_ms()}
        return any(now - window_ms <= timestamp_ms < now + 1_000 for now in clocks)
