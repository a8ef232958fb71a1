"""Request weight per minute, as the `X-MBX-USED-WEIGHT-1M` header and the ban tell it."""

from tests.loopback.clock import VenueClock
from tests.loopback.dialect import Refusal

_MINUTE_MS = 60_000
_BAN_AT = 1.5


class Rates:
    """Counts weight; refuses above `limit` where one is set."""

    def __init__(self, clock: VenueClock) -> None:
        self.clock = clock
        self.limit: int | None = None
        """Weight a minute; None for any."""
        self.used = 0
        self.orders = 0
        self.has_retry_after = True
        self._minute = 0

    def take(self, weight: int, *, is_order: bool) -> None:
        """Count a request. Raises Refusal with 429, and 418 when it goes on."""
        now = self.clock.real_ms()
        if now // _MINUTE_MS != self._minute:
            self._minute, self.used, self.orders = now // _MINUTE_MS, 0, 0
        self.used += weight
        self.orders += int(is_order)
        if self.limit is None or self.used <= self.limit:
            return
        refusal = Refusal(
            -1003,
            f"Too much request weight used; current limit is {self.limit} request weight "
            "per 1 MINUTE. Please use WebSocket Streams for live updates.",
            status=418 if self.used > self.limit * _BAN_AT else 429,
        )
        if self.has_retry_after:
            left_ms = _MINUTE_MS - now % _MINUTE_MS
            refusal.headers["Retry-After"] = str(left_ms // 1_000 + 1)
        raise refusal

    def headers(self) -> dict[str, str]:
        """Return what every answer tells of the budget."""
        return {
            "X-MBX-USED-WEIGHT-1M": str(self.used),
            "X-MBX-ORDER-COUNT-10S": str(self.orders),
        }
