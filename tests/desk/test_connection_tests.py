"""`desk.tests`: a test of a connection is run, stored with its time, and told of."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cts_tui.clock import SystemClock
from cts_tui.desk import connection_tests
from cts_tui.desk.desk import Desk
from cts_tui.errors import ConfigError, LockedError
from cts_tui.exchange import session
from cts_tui.exchange.limiter import Limiter
from cts_tui.model.connection import ConnectionDraft
from cts_tui.model.connection_test import ConnectionTest, StepResult, StepStatus
from cts_tui.model.credentials import Credentials
from cts_tui.model.trading import Actor, MarketType, Mode
from cts_tui.paths import DataFolder
from tests.loopback.exchange import LoopbackExchange

DRAFT = ConnectionDraft("mine", "binance", Mode.LIVE, MarketType.SPOT, ("BTC/USDT",), "5m")
NO_KEYS = Credentials()


@pytest.fixture
async def exchange(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LoopbackExchange]:
    monkeypatch.setattr(session, "limiter_of", lambda *_, **__: Limiter(interval_ms=0.01))
    async with LoopbackExchange() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk in real time with a key for its secrets."""
    monkeypatch.setenv("CTS_MASTER_KEY", "a-key-of-this-test")
    desk = Desk.open(DataFolder(tmp_path / "data"), Actor.TUI, SystemClock())
    yield desk
    desk.close()


def add(desk: Desk, exchange: LoopbackExchange, **changes: Any) -> None:
    draft = replace(DRAFT, ccxt_config=exchange.overlay("spot"), **changes)
    desk.connections.add(draft, exchange.credentials)


async def run(desk: Desk, name: str = "mine", **more: Any) -> ConnectionTest:
    """Run a test as a screen does: in a worker thread."""
    return await asyncio.to_thread(desk.tests.run, name, **more)


def last_event(desk: Desk) -> tuple[str, str | None, str | None]:
    event = desk.events.list(limit=1)[0]
    return event.message, event.before, event.after


def all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_a_test_is_heard_step_by_step_and_stored_with_its_time(
    desk: Desk, exchange: LoopbackExchange
) -> None:
    add(desk, exchange)
    heard: list[StepResult] = []
    test = await run(desk, on_step=heard.append)
    assert test.status is StepStatus.PASS
    assert tuple(heard) == test.steps
    assert desk.connections.get("mine").last_test == test
    assert last_event(desk) == ("connection tested: all is well", "not tested", "pass")


async def test_the_event_names_the_first_failure(desk: Desk, exchange: LoopbackExchange) -> None:
    add(desk, exchange)
    exchange.withdraw_allowed = True
    await run(desk)
    told = "connection tested: permissions failed: the key may withdraw"
    assert last_event(desk) == (told, "not tested", "fail")
    exchange.withdraw_allowed = False
    await run(desk)
    assert last_event(desk)[1:] == ("fail", "pass")


async def test_no_row_holds_a_secret(
    desk: Desk, exchange: LoopbackExchange, tmp_path: Path
) -> None:
    add(desk, exchange)
    exchange.faults.add("*account*", "status", times=None, status=401, code=-2015, message="no")
    await run(desk)
    desk.close()
    raw = all_bytes(tmp_path)
    assert exchange.credentials.secret.encode() not in raw
    assert exchange.credentials.api_key.encode() not in raw


def test_a_connection_that_is_not_there_is_refused(desk: Desk) -> None:
    with pytest.raises(ConfigError, match="nobody"):
        desk.tests.run("nobody")


async def test_a_connection_changed_meanwhile_keeps_no_result_of_what_it_was(
    desk: Desk, exchange: LoopbackExchange
) -> None:
    add(desk, exchange)

    def change(step: StepResult) -> None:
        if step.name == "clock":
            desk.connections.edit("mine", symbols=("ETH/USDT",))

    with pytest.raises(ConfigError, match="changed while it was tested"):
        await run(desk, on_step=change)
    assert desk.connections.get("mine").last_test is None


async def test_credentials_that_are_locked_are_a_step_that_says_so(
    desk: Desk, exchange: LoopbackExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(desk, exchange)

    def locked(name: str) -> Credentials:
        raise LockedError("CTS_MASTER_KEY is not set")

    monkeypatch.setattr(desk.credentials, "read", locked)
    test = await run(desk)
    assert [fault.message for fault in test.faults] == ["CTS_MASTER_KEY is not set"]


async def test_a_draft_is_tested_without_being_stored(
    desk: Desk, exchange: LoopbackExchange
) -> None:
    draft = replace(DRAFT, ccxt_config=exchange.overlay("spot"))
    before = desk.connections.list()
    test = await asyncio.to_thread(desk.tests.try_draft, draft, exchange.credentials)
    assert test.status is StepStatus.PASS
    assert desk.connections.list() == before


async def test_a_draft_without_credentials_uses_those_that_are_stored(
    desk: Desk, exchange: LoopbackExchange
) -> None:
    add(desk, exchange)
    draft = replace(DRAFT, ccxt_config=exchange.overlay("spot"))
    stored = await asyncio.to_thread(desk.tests.try_draft, draft, NO_KEYS)
    other = await asyncio.to_thread(desk.tests.try_draft, replace(draft, name="new"), NO_KEYS)
    assert stored.status is StepStatus.PASS
    assert [fault.name for fault in other.faults] == ["authentication"]


def test_the_demo_passes(desk: Desk) -> None:
    assert desk.tests.run("demo").status is StepStatus.PASS
    assert desk.tests.capabilities("simulated", MarketType.SPOT) is None


def test_what_an_exchange_can_do_is_known_without_a_test(desk: Desk) -> None:
    found = desk.tests.capabilities("bybit", MarketType.SWAP)
    assert found
    assert found.stop_orders
    assert desk.tests.capabilities("bybbit", MarketType.SWAP) is None


def test_a_warning_is_told_as_one() -> None:
    step = StepResult("stream", StepStatus.WARN, "nothing came", "look")
    test = ConnectionTest(1, StepStatus.WARN, (step, step))
    expected = "connection tested: stream warns: nothing came (and 1 more)"
    assert connection_tests.told(test) == expected
