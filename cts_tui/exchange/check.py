"""The test of a connection: everything that must hold before it may trade, step by step."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from cts_tui.clock import Clock
from cts_tui.errors import ConfigError, RetryableError
from cts_tui.exchange.capabilities import capabilities_of
from cts_tui.exchange.check_account import Account
from cts_tui.exchange.check_course import (
    Course,
    Finding,
    OnStep,
    failed,
    fault,
    passed,
    skipped,
)
from cts_tui.exchange.check_markets import check_markets, check_rules
from cts_tui.exchange.check_public import check_limits, check_stream, check_ticker, judged_clock
from cts_tui.exchange.check_subject import Subject
from cts_tui.exchange.overlay import address_of
from cts_tui.exchange.session import ExchangeSession
from cts_tui.model.capabilities import Capabilities
from cts_tui.model.connection import SIMULATED_EXCHANGE, ConnectionDraft, ConnectionSetup
from cts_tui.model.connection_test import ConnectionTest, Permissions, verdict
from cts_tui.model.credentials import Credentials
from cts_tui.model.trading import MarketType, Mode

STEPS: Final = (
    "reachability",
    "clock",
    "markets",
    "ticker",
    "authentication",
    "permissions",
    "balance",
    "rate limit",
    "stream",
    "trading rules",
)
"""Every step, in the order in which they run."""
WHOLE_S: Final = 30.0
_PRIVATE: Final = ("authentication", "permissions", "balance")
_OTHER_EXCHANGE: Final = "choose another exchange"
_NO_MARKETS: Final = "not tried: the markets are not right"
_OPEN_S: Final = 15.0
_CALL_S: Final = 8.0
_STREAM_S: Final = 10.0


async def check_connection(
    setup: ConnectionSetup | ConnectionDraft,
    credentials: Credentials | None,
    clock: Clock,
    on_step: OnStep = lambda step: None,
    *,
    locked: str = "",
    is_public: bool = False,
) -> ConnectionTest:
    """Test a connection; `on_step` hears each step as it ends. It takes 30 s at most.

    `locked` says why stored credentials cannot be read, where that is so. A test that `is_public`
    needs no key and signs nothing. Nothing is ordered, changed or stored. What is wrong is a step
    of the result, not an exception.
    """
    course = Course(on_step, whole_s=WHOLE_S)
    checkup = Checkup(setup, credentials, clock, course, locked=locked, is_public=is_public)
    try:
        await checkup.run()
    finally:
        await checkup.close()
    return checkup.result()


class Checkup:
    """One run of the test of one connection."""

    def __init__(
        self,
        setup: ConnectionSetup | ConnectionDraft,
        credentials: Credentials | None,
        clock: Clock,
        course: Course,
        *,
        locked: str = "",
        is_public: bool = False,
    ) -> None:
        self._setup = setup
        self._is_public = is_public
        self._credentials = credentials if credentials and credentials.given else None
        self._clock = clock
        self._course = course
        self._locked = locked
        self._session: ExchangeSession | None = None
        self._permissions = Permissions()
        self._offset_ms: int | None = None
        self._capabilities: Capabilities | None = None

    async def run(self) -> None:
        """Run every step; what needs a step that failed is skipped."""
        if self._setup.exchange == SIMULATED_EXCHANGE:
            self._simulated()
        elif await self._is_on_offer() and await self._is_reached():
            assert self._session is not None  # noqa: S101 - it is open once it is reached
            symbols = tuple(self._setup.symbols)
            await self._steps(Subject(self._setup, self._session, self._clock, symbols))

    async def _is_on_offer(self) -> bool:
        """See that ccxt knows the exchange, and that it has the kind of market."""
        setup = self._setup
        try:
            found = await asyncio.to_thread(capabilities_of, setup.exchange, setup.market)
        except ConfigError as error:
            self._course.note("reachability", fault(error))
            self._course.skip(STEPS[1:], "not tried: there is no such exchange")
            return False
        self._capabilities = found
        if found.has_market:
            return True
        there = [market for market in MarketType if getattr(found, market)]
        self._course.skip(STEPS[:2], f"not tried: the exchange has no {setup.market} market")
        what = f"{setup.exchange} has no {setup.market} market"
        instead = f"connections edit {setup.name} --market {there[0]}" if there else _OTHER_EXCHANGE
        self._course.note("markets", failed(what, instead))
        self._course.skip(STEPS[3:], f"not tried: the exchange has no {setup.market} market")
        return False

    async def _is_reached(self) -> bool:
        is_reached = await self._course.step("reachability", self._reach, timeout_s=_OPEN_S)
        if not is_reached:
            self._course.skip(STEPS[1:], "not tried: the exchange was not reached")
        return is_reached

    async def _reach(self) -> Finding:
        try:
            self._session = await ExchangeSession.open(
                exchange=self._setup.exchange,
                mode=self._setup.mode,
                market=self._setup.market,
                overlay=self._setup.ccxt_config,
                credentials=self._credentials,
                clock=self._clock,
            )
        except RetryableError as error:
            found = fault(error)
            place = _host((self._setup.ccxt_config or {}).get("urls"))
            return replace(found, message=f"{found.message} ({place})") if place else found
        place = _host(self._session.client.urls) or self._setup.exchange
        which = " (its testnet)" if self._setup.mode is Mode.TESTNET else ""
        return passed(f"{place}{which} answers")

    async def _steps(self, subject: Subject) -> None:
        await self._course.step("clock", partial(self._clock_step, subject), timeout_s=_CALL_S)
        has_markets = await self._course.step(
            "markets", partial(check_markets, subject), timeout_s=_CALL_S
        )
        if has_markets:
            await self._course.step("ticker", partial(check_ticker, subject), timeout_s=_CALL_S)
        else:
            self._course.skip(("ticker",), _NO_MARKETS)
        await self._account_steps(subject)
        await self._course.step("rate limit", partial(check_limits, subject), timeout_s=_CALL_S)
        if has_markets:
            await self._course.step("stream", partial(check_stream, subject), timeout_s=_STREAM_S)
            await self._course.step(
                "trading rules", partial(check_rules, subject), timeout_s=_CALL_S
            )
        else:
            self._course.skip(STEPS[-2:], _NO_MARKETS)

    async def _clock_step(self, subject: Subject) -> Finding:
        self._offset_ms = await subject.session.measure_clock()
        return judged_clock(subject, self._offset_ms)

    async def _account_steps(self, subject: Subject) -> None:
        if self._credentials is None:
            self._without_key()
            return
        account = Account(subject, self._credentials)
        if not await self._course.step("authentication", account.check_key, timeout_s=_CALL_S):
            self._course.skip(_PRIVATE[1:], "not tried: the key is not accepted")
            return
        await self._course.step("permissions", account.check_permissions, timeout_s=_CALL_S)
        await self._course.step("balance", account.check_balance, timeout_s=_CALL_S)
        self._permissions = account.permissions

    def _without_key(self) -> None:
        setup = self._setup
        if self._is_public:
            self._course.skip(_PRIVATE, "not tried: only what needs no key is asked")
            return
        if setup.mode is Mode.PAPER:
            self._course.skip(_PRIVATE, "not needed: paper trading uses no key")
            return
        todo = f"give it a key: connections edit {setup.name} --credentials-stdin"
        found = failed(f"no key is stored; {setup.mode} needs one", todo)
        if self._locked:
            found = failed(self._locked, "see how the keys are kept: cts-tui secrets --help")
        self._course.note("authentication", found)
        self._course.skip(_PRIVATE[1:], "not tried: there is no key")

    async def close(self) -> None:
        """Let go of the exchange."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def result(self) -> ConnectionTest:
        """Return the test as it stands."""
        steps = tuple(self._course.results)
        return ConnectionTest(
            time_ms=self._clock.now_ms(),
            status=verdict(step.status for step in steps),
            steps=steps,
            permissions=self._permissions,
            clock_offset_ms=self._offset_ms,
            capabilities=self._capabilities.to_json() if self._capabilities else {},
        )

    def _simulated(self) -> None:
        """The demo market is in this program: there is nothing that could fail."""
        passes = {
            "reachability": "the demo market is part of this program",
            "markets": f"{len(self._setup.symbols)} symbols are simulated",
        }
        nothing = skipped("not needed: the demo market has no such thing")
        for name in STEPS:
            self._course.note(name, passed(passes[name]) if name in passes else nothing)


def _host(urls: Any) -> str:
    """Return `host` or `host:port` of a client's or overlay's first address, '' without one."""
    parts = urlsplit(address_of(urls) if isinstance(urls, Mapping) else "")
    return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or ""
