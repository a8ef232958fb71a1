"""What a session's client does on the wire: paid for before, heeded after."""

from collections.abc import Mapping
from typing import Final

from cts_tui.exchange.calls import Call, current, date_ms, retry_after, wait_of
from cts_tui.exchange.exchange_clock import ExchangeClock
from cts_tui.exchange.limiter import Limiter

UNSAID_WAIT_S: Final = 5.0
"""How long nothing goes out after a rate limit that does not say how long."""
RATE_LIMITS: Final = (418, 429)
BODY_KEPT: Final = 500
"""Characters of a body that are looked at for the end of a ban."""


class Wire:
    """The `Listener` of a session's client."""

    def __init__(self, clock: ExchangeClock) -> None:
        self._clock = clock
        self.limiter: Limiter | None = None
        self.has_time = True
        """Whether the exchange can be asked for its time; else the `Date` of answers tells."""

    async def pay(self, cost: float) -> None:
        """Wait for leave to send a request. Raises RateLimitedError when it would take too long."""
        if self.limiter is not None:
            await self.limiter.acquire(cost, current().priority)

    def sending(self, method: str) -> None:
        """Note that a request of the current call goes out."""
        call = current()
        call.sent_method, call.status, call.wait_s = method, 0, None
        call.headers, call.body = {}, ""
        call.sent_ms = self._clock.now_ms()

    def answered(self, status: int, headers: Mapping[str, str], body: str) -> None:
        """Note an answer; a rate limit holds back everything that shares the budget."""
        call = current()
        call.status, call.headers, call.body = status, headers, body[:BODY_KEPT]
        call.answered_ms = self._clock.now_ms()
        server_ms = self._clock.server_now_ms()
        if status >= 400:
            call.wait_s = retry_after(headers, server_ms)
        if status in RATE_LIMITS or (status == 403 and call.wait_s):
            self.throttle(call)
        if not self.has_time:
            self._clock.heed_date(date_ms(headers), call)

    def throttle(self, call: Call) -> float:
        """Send nothing for as long as the last answer of a call asks; return the seconds."""
        said_s = wait_of(call.headers, call.body, self._clock.server_now_ms())
        call.wait_s = UNSAID_WAIT_S if said_s is None else said_s
        if self.limiter is not None:
            self.limiter.throttle_until(call.wait_s)
        return call.wait_s
