"""Runs one call of ccxt: asks the breaker, keeps the time, explains and counts what goes wrong."""

import asyncio
from collections.abc import Callable
from inspect import isawaitable
from typing import Any

from cts_tui.errors import AuthenticationError, CtsError, MaintenanceError, RetryableError
from cts_tui.exchange.breaker import Breaker, Pass
from cts_tui.exchange.calls import CURRENT, Call
from cts_tui.exchange.exchange_clock import ExchangeClock
from cts_tui.exchange.faults import (
    Circumstances,
    explained,
    is_clock_fault,
    is_rate_limit,
    is_silence,
)
from cts_tui.exchange.wire import RATE_LIMITS, Wire


class Caller:
    """One connection's calls and their faults."""

    def __init__(
        self, exchange: str, secrets: tuple[str, ...], clock: ExchangeClock, wire: Wire
    ) -> None:
        self._exchange = exchange
        self._secrets = secrets
        self._clock = clock
        self._wire = wire
        self.breaker = Breaker(clock.now_ms)
        self.has_proxy = False
        self.key_refusals = 0
        """How often the exchange refused the key, its secret or its rights."""
        self.key_refusal = ""
        self._calls = self._errors = self._last_error_ms = 0
        self._last_error = ""

    async def run(
        self,
        ask: Callable[[], Any],
        call: Call,
        *,
        timeout_s: float | None,
        is_order: bool,
        is_urgent: bool,
    ) -> Any:
        """Return what ccxt answers when asked. Raises kinds of CtsError."""
        given = self.breaker.enter(is_urgent=is_urgent)
        self._calls += 1
        token = CURRENT.set(call)
        try:
            async with asyncio.timeout(timeout_s):
                answer = ask()
                result = await answer if isawaitable(answer) else answer
        except asyncio.CancelledError:
            self.breaker.released(given)
            if is_cancelled():
                raise
            failure: BaseException = RetryableError("the request was dropped", 1.0)
            if is_order and call.sent_method:
                failure = TimeoutError("the request was dropped")
        except Exception as error:  # noqa: BLE001 - ccxt raises anything; all of it is explained
            failure = error
        else:
            self.breaker.succeeded(given)
            return result
        finally:
            CURRENT.reset(token)
        found = self.fault(failure, call, is_order=is_order)
        self._tell_breaker(given, failure, found, call)
        raise found

    def fault(self, error: BaseException, call: Call, *, is_order: bool = False) -> CtsError:
        """Return what an exception of a call means, counted."""
        if is_rate_limit(error) and call.status and call.status not in RATE_LIMITS:
            self._wire.throttle(call)
        known = Circumstances(
            exchange=self._exchange,
            secrets=self._secrets,
            sent_method=call.sent_method,
            status=call.status,
            wait_s=call.wait_s,
            clock_offset_ms=self._clock.offset_ms,
            has_proxy=self.has_proxy,
        )
        found = explained(error, is_order=is_order, known=known)
        self._errors += 1
        self._last_error, self._last_error_ms = str(found), self._clock.now_ms()
        if isinstance(found, AuthenticationError):
            self.key_refusals += 1
            self.key_refusal = self._last_error
        if is_clock_fault(error):
            self._clock.is_due = True
        return found

    def figures(self) -> dict[str, Any]:
        """Return what the screen shows, JSON-able."""
        return {
            "calls": self._calls,
            "errors": self._errors,
            "last_error": self._last_error,
            "last_error_ms": self._last_error_ms,
        }

    def _tell_breaker(
        self, given: Pass, failure: BaseException, found: CtsError, call: Call
    ) -> None:
        """A refusal is an answer; only silence, garbage and a closed exchange are failures."""
        if call.sent_method and is_silence(failure, call.status):
            self.breaker.failed(given, str(found), call.wait_s)
        elif isinstance(found, MaintenanceError):
            self.breaker.failed(given, str(found), found.wait_s)
        elif call.status:
            self.breaker.succeeded(given)
        else:
            self.breaker.released(given)


def is_cancelled() -> bool:
    """Return whether this very task is being cancelled, and not only what it waits for."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
