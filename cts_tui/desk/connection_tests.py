"""Tests of connections, for a face: run against the exchange, stored with their time.

A test blocks for seconds and runs an event loop of its own: a screen calls it in a worker thread.
"""

import asyncio
from collections.abc import Callable

from cts_tui.desk.credentials import CredentialDesk
from cts_tui.desk.room import Room
from cts_tui.errors import ConfigError, LockedError
from cts_tui.model.capabilities import Capabilities
from cts_tui.model.connection import (
    RECORDED_EXCHANGE,
    SIMULATED_EXCHANGE,
    ConnectionDraft,
    ConnectionSetup,
)
from cts_tui.model.connection_test import ConnectionTest, StepResult, StepStatus
from cts_tui.model.credentials import Credentials
from cts_tui.model.trading import EventKind, MarketType, Mode
from cts_tui.redaction import keep_secret
from cts_tui.store import connections
from cts_tui.store.database import Transaction

OnStep = Callable[[StepResult], None]
"""Hears each step as it ends, in the thread that called."""


def _unheard(step: StepResult) -> None:
    """Nobody listens."""


class ConnectionTestDesk:
    """Connection tests: of a stored connection, or of a draft before it is stored."""

    def __init__(self, room: Room, credentials: CredentialDesk) -> None:
        self._room = room
        self._credentials = credentials

    def run(self, name: str, on_step: OnStep = _unheard) -> ConnectionTest:
        """Test a connection and store the result; it takes 30 s at most.

        What is wrong with the connection is in the result. Raises ConfigError when there is none
        of that name, or when it was changed or removed meanwhile: nothing is stored then.
        """
        setup = self._setup(name)
        credentials, locked = self._readable(name)
        test = self._tested(setup, credentials, on_step, locked)
        self._record(setup, test)
        return test

    def try_draft(
        self, draft: ConnectionDraft, credentials: Credentials, on_step: OnStep = _unheard
    ) -> ConnectionTest:
        """Test a draft before it is stored; nothing is. A form left without credentials stands for
        those that the connection of that name has.
        """
        keep_secret(credentials.secrets)
        if credentials.given:
            return self._tested(draft, credentials, on_step)
        stored, locked = self._readable(draft.name)
        return self._tested(draft, stored, on_step, locked)

    def capabilities(self, exchange: str, market: MarketType) -> Capabilities | None:
        """Return what an exchange can do, as ccxt knows it; None where ccxt does not know it.

        It takes 0.4 s the first time; the demo market and replays have nothing of the kind.
        """
        from cts_tui.exchange.capabilities import capabilities_of

        if exchange in (SIMULATED_EXCHANGE, RECORDED_EXCHANGE):
            return None
        try:
            return capabilities_of(exchange, market)
        except ConfigError:
            return None

    def _readable(self, name: str) -> tuple[Credentials | None, str]:
        """Return the stored credentials, and why they cannot be read where that is so."""
        with self._room.database.read() as transaction:
            if connections.find(transaction, name) is None:
                return None, ""
        try:
            return self._credentials.read(name), ""
        except LockedError as error:
            return None, str(error)

    def _tested(
        self,
        subject: ConnectionSetup | ConnectionDraft,
        credentials: Credentials | None,
        on_step: OnStep,
        locked: str = "",
    ) -> ConnectionTest:
        from cts_tui.exchange.check import check_connection

        clock = self._room.clock
        return asyncio.run(check_connection(subject, credentials, clock, on_step, locked=locked))

    def _setup(self, name: str) -> ConnectionSetup:
        with self._room.database.read() as transaction:
            setup = connections.find(transaction, name)
        if setup is None:
            raise ConfigError(f"there is no connection called {name!r}; see: connections list")
        if setup.exchange == RECORDED_EXCHANGE:
            raise ConfigError(f"{name} holds a replay: there is nothing to test on it")
        return setup

    def _record(self, setup: ConnectionSetup, test: ConnectionTest) -> None:
        """Store a test, unless it is of a connection that is not as it was any more."""
        with self._room.database.write() as transaction:
            now = connections.find(transaction, setup.name)
            if now is None or _what_counts(now) != _what_counts(setup):
                raise ConfigError(f"{setup.name} was changed while it was tested: test it again")
            before = _last_status(transaction, setup.name)
            connections.record_test(transaction, setup.id, test, self._room.now())
            self._end_live(transaction, now, test)
            self._room.tell(
                transaction,
                EventKind.CONNECTION,
                setup.name,
                told(test),
                before=before,
                after=str(test.status),
            )

    def _end_live(
        self, transaction: Transaction, setup: ConnectionSetup, test: ConnectionTest
    ) -> None:
        """Turn live trading off where the test says that it must not go on (S2)."""
        reason = _disarms(setup, test)
        if setup.live and reason:
            connections.change(transaction, setup.id, self._room.now(), live=False)
            self._room.tell(
                transaction,
                EventKind.CONNECTION,
                setup.name,
                f"live trading off: {reason}",
                before="live",
                after="not live",
            )


def _disarms(setup: ConnectionSetup, test: ConnectionTest) -> str:
    """Return what of a test ends live trading; empty where nothing does."""
    key = test.step("authentication")
    if key is not None and key.status is StepStatus.FAIL:
        return f"the key is not accepted: {key.message}"
    may_withdraw = test.permissions.can_withdraw and setup.mode is Mode.LIVE
    return "the key may withdraw" if may_withdraw else ""


def told(test: ConnectionTest) -> str:
    """Return a test in one line: how it ended, and the first step that is not well."""
    grave = [step for step in test.steps if step.status is StepStatus.FAIL] or list(test.faults)
    if not grave:
        return "connection tested: all is well"
    first = grave[0]
    more = f" (and {len(grave) - 1} more)" if len(grave) > 1 else ""
    word = "failed" if first.status is StepStatus.FAIL else "warns"
    return f"connection tested: {first.name} {word}: {first.message}{more}"


def _last_status(transaction: Transaction, name: str) -> str:
    views = connections.views(transaction)
    last = next((view.last_test for view in views if view.name == name), None)
    return str(last.status) if last else "not tested"


def _what_counts(setup: ConnectionSetup) -> tuple[object, ...]:
    """Return what of a connection a test is about: not whether it is enabled, nor the symbols
    that a filter chooses anew while the engine runs.
    """
    symbols = setup.symbols if setup.symbols_filter is None else ()
    return (
        setup.id, setup.exchange, setup.mode, setup.market, symbols, setup.timeframe,
        setup.ccxt_config, setup.symbols_filter, setup.credentials_ms,
    )  # fmt: skip
