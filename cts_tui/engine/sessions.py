"""Keeps the one session of a connection with its exchange: opens it, again where need be.

Feed and venue of a connection share it, so that they share its limiter and its breaker.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

from cts_tui.clock import Clock
from cts_tui.errors import AuthenticationError, ConfigError, CtsError, RetryableError
from cts_tui.exchange.session import ExchangeSession
from cts_tui.model.connection import ConnectionSetup
from cts_tui.model.credentials import Credentials

_BACKOFF_S: Final = (1.0, 2.0, 5.0, 15.0, 60.0)
_HOPELESS_S: Final = 60.0
"""Between tries where only the trader can help: configuration, credentials."""


class SessionKeeper:
    """Opens the session when it is first asked for, and again after it was given up."""

    def __init__(
        self,
        setup: ConnectionSetup,
        clock: Clock,
        credentials: Callable[[], Credentials | None],
        clock_check_s: float,
    ) -> None:
        """`credentials` blocks and may raise CtsError; on paper it gives none."""
        self.session: ExchangeSession | None = None
        self.last_error: str | None = None
        self.is_key_refused = False
        """Whether the session could not be opened because the exchange refuses the key."""
        self._setup = setup
        self._clock = clock
        self._credentials = credentials
        self._clock_check_s = clock_check_s
        self._failures = 0
        self._retry_at = 0.0
        self._lock = asyncio.Lock()

    async def obtain(self) -> ExchangeSession:
        """Return the session, opened if need be.

        Raises what opening raises; within the wait after a failure the same again, untried.
        """
        async with self._lock:
            if self.session is None:
                self._refuse_within_wait()
                try:
                    self.session = await self._open()
                except CtsError as error:
                    self._note(error)
                    raise
                self._failures, self.last_error, self.is_key_refused = 0, None, False
            return self.session

    async def run(self) -> None:
        """Measure the exchange's clock now and then, until cancelled."""
        while True:
            await asyncio.sleep(self._clock_check_s)
            if self.session is not None:
                try:
                    await self.session.measure_clock()
                except CtsError as error:
                    self.last_error = str(error)

    async def give_up(self) -> None:
        """Close the session; the next who asks gets a new one."""
        session, self.session = self.session, None
        if session is not None:
            await session.close()

    def figures(self) -> dict[str, Any] | None:
        """Return the session's figures, None while there is none."""
        return None if self.session is None else self.session.figures()

    async def _open(self) -> ExchangeSession:
        setup = self._setup
        return await ExchangeSession.open(
            exchange=setup.exchange,
            mode=setup.mode,
            market=setup.market,
            overlay=setup.ccxt_config,
            credentials=await asyncio.to_thread(self._credentials),
            clock=self._clock,
        )

    def _refuse_within_wait(self) -> None:
        wait_s = self._retry_at - time.monotonic()
        if wait_s > 0:
            raise RetryableError(self.last_error or "the exchange is left alone", wait_s)

    def _note(self, error: CtsError) -> None:
        wait_s = _BACKOFF_S[min(self._failures, len(_BACKOFF_S) - 1)]
        if isinstance(error, ConfigError | AuthenticationError):
            wait_s = _HOPELESS_S
        elif isinstance(error, RetryableError):
            wait_s = max(wait_s, error.wait_s)
        self.is_key_refused = isinstance(error, AuthenticationError)
        self._failures += 1
        self._retry_at = time.monotonic() + wait_s
        self.last_error = str(error)
