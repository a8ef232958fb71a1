"""LiveWatch: turns live trading off, in memory at once and in its row, when it must not go on (S2).

The exchange refuses the key, the key turns out to be able to withdraw, or the kill switch is on.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from cts_tui.clock import utc_from_ms
from cts_tui.engine.context import EngineContext
from cts_tui.engine.processor import NOTHING, CycleReport, Processor
from cts_tui.engine.sessions import SessionKeeper
from cts_tui.errors import AuthenticationError, CtsError
from cts_tui.exchange.check_account import asked_permissions
from cts_tui.exchange.permissions import tells_permissions
from cts_tui.exchange.session import ExchangeSession
from cts_tui.model.credentials import Credentials
from cts_tui.model.trading import Actor, EventKind, Mode
from cts_tui.store import connections, events
from cts_tui.store.database import Database

_PERMISSIONS_EVERY_S: Final = 600.0
_KILLED: Final = "the kill switch is on"


class LiveWatch(Processor):
    """One per engine that may trade real money."""

    name = "live watch"
    interval_s = 0.25

    def __init__(
        self,
        context: EngineContext,
        sessions: SessionKeeper,
        database: Database,
        *,
        turn_off: Callable[[], None],
        read: Callable[[], Credentials | None],
    ) -> None:
        """`turn_off` has the engine move real money no more; `read` gives its credentials
        and may block."""
        super().__init__()
        self._context = context
        self._sessions = sessions
        self._database = database
        self._turn_off = turn_off
        self._credentials = read
        self._session: ExchangeSession | None = None
        self._refusals = 0
        """How many refusals of the key are known, and were before live trading began."""
        self._asked_at: float | None = None
        self._unwritten = ""
        """Why it was turned off, while the row does not say so yet."""

    async def cycle(self) -> CycleReport:
        """Look for a reason to stop; write it down, again until that works."""
        if self._unwritten:
            await self._write()
        if not self._context.setup.live:
            self._asked_at = None
            self._note_refusals()
            return NOTHING
        reason = self._key_fault() or (_KILLED if self._context.is_killed else "")
        reason = reason or await self._withdrawal()
        if reason and self._context.setup.live:
            self._turn_off()
            self._unwritten = reason
            await self._write()
        return CycleReport(1)

    def _note_refusals(self) -> int:
        """Return how many refusals of the key are new since the last look."""
        session = self._sessions.session
        known = self._refusals if session is self._session else 0
        self._session = session
        self._refusals = 0 if session is None else session.key_refusals
        return self._refusals - known

    def _key_fault(self) -> str:
        """Return what the exchange says against the key; empty where it says nothing."""
        is_refused = self._note_refusals() > 0
        if is_refused and self._session is not None:
            return f"the exchange refuses the key: {self._session.key_refusal}"
        if self._sessions.session is None and self._sessions.is_key_refused:
            return f"the exchange refuses the key: {self._sessions.last_error}"
        return ""

    async def _withdrawal(self) -> str:
        """Return that the key may withdraw by now; asked at once, then every ten minutes."""
        session, setup = self._sessions.session, self._context.setup
        is_due = self._asked_at is None or time.monotonic() - self._asked_at > _PERMISSIONS_EVERY_S
        if session is None or not is_due or setup.mode is not Mode.LIVE:
            return ""
        self._asked_at = time.monotonic()
        if not tells_permissions(setup.exchange):
            return ""
        try:
            credentials = await asyncio.to_thread(self._credentials)
            if credentials is None:
                return "it has no credentials any more"
            permissions = await asked_permissions(session, credentials, setup.market)
        except CtsError as error:
            if isinstance(error, AuthenticationError):
                self._refusals = session.key_refusals  # this question alone may be refused
            self.figures.record_error(error, self._context.now_ms())
            return ""
        return "the key may withdraw" if permissions.can_withdraw else ""

    async def _write(self) -> None:
        """Turn the row off; raises StoreError, to be tried again."""
        await asyncio.to_thread(self._write_now, self._unwritten)
        self._unwritten = ""

    def _write_now(self, reason: str) -> None:
        context = self._context
        now = utc_from_ms(context.now_ms())
        with self._database.write() as transaction:
            setup = connections.find(transaction, context.setup.name)
            if setup is None or not setup.live:
                return
            connections.change(transaction, setup.id, now, live=False)
            if reason != _KILLED:  # the last test is not true any more
                connections.change(transaction, setup.id, now, last_test=None)
            events.add(
                transaction,
                time=now,
                who=Actor.ENGINE,
                kind=EventKind.CONNECTION,
                subject=setup.name,
                message=f"live trading off: {reason}",
                before="live",
                after="not live",
            )
