"""`connections test` and what `connections show` tells of it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from cts_tui.desk.desk import Desk
from cts_tui.exchange import session
from cts_tui.exchange.check import STEPS
from cts_tui.exchange.limiter import Limiter
from tests.loopback.exchange import LoopbackExchange

from .conftest import Cts, Outcome

Call = Callable[..., Awaitable[Outcome]]


@pytest.fixture
async def exchange(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LoopbackExchange]:
    monkeypatch.setattr(session, "limiter_of", lambda *_, **__: Limiter(interval_ms=0.01))
    monkeypatch.setenv("CTS_MASTER_KEY", "a-key-of-this-test")
    async with LoopbackExchange() as running:
        yield running


@pytest.fixture
async def call(cts: Cts, exchange: LoopbackExchange, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call a command beside the exchange, which runs in this thread; `mine` is on it."""
    for name, value in {"API_KEY": "api_key", "SECRET": "secret"}.items():
        monkeypatch.setenv(f"MINE_{name}", getattr(exchange.credentials, value))

    async def called(*arguments: object) -> Outcome:
        return await asyncio.to_thread(cts, *arguments)

    added = await called(
        "connections", "add", "mine", "--exchange", "binance", "--mode", "live",
        "--symbols", "BTC/USDT", "--ccxt-config", json.dumps(exchange.overlay("spot")),
        "--credentials-env", "MINE",
    )  # fmt: skip
    assert added.code == 0, added
    return called


def words(outcome: Outcome) -> list[tuple[str, str]]:
    """The verdict and name of each step as printed."""
    lines = [line for line in outcome.out.splitlines() if not line.startswith(" ")]
    return [(line.split()[0], line[6:22].strip()) for line in lines[:-1]]


async def test_every_step_is_said_with_its_verdict(call: Call) -> None:
    said = await call("connections", "test", "mine")
    assert (said.code, said.err) == (0, "")
    assert words(said) == [("PASS", name) for name in STEPS]
    assert said.out.splitlines()[-1] == "PASS  mine, the result is stored"


async def test_a_failure_says_what_to_do_and_ends_with_1(
    call: Call, exchange: LoopbackExchange
) -> None:
    exchange.withdraw_allowed = True
    said = await call("connections", "test", "mine")
    assert said.code == 1
    assert ("FAIL", "permissions") in words(said)
    assert "do: make a key without the right to withdraw" in said.out
    assert said.err.startswith("cts-tui: mine did not pass its test: permissions: ")
    assert said.err.count("\n") == 1


async def test_a_warning_ends_with_0(call: Call, exchange: LoopbackExchange) -> None:
    exchange.faults.add("WS *", "reset", times=None)
    said = await call("connections", "test", "mine")
    assert said.code == 0
    assert ("WARN", "stream") in words(said)


async def test_the_document_has_everything_and_nothing_else_is_printed(
    call: Call, exchange: LoopbackExchange
) -> None:
    exchange.clock_skew_ms = 20_000
    said = await call("connections", "test", "mine", "--json")
    document: dict[str, Any] = said.document
    assert said.code == 1
    assert set(document) == {
        "name", "time", "status", "clock_offset_ms", "permissions", "capabilities", "steps",
    }  # fmt: skip
    assert (document["name"], document["status"]) == ("mine", "fail")
    assert document["time"].endswith("Z")
    assert abs(document["clock_offset_ms"] - 20_000) < 1_000
    assert document["permissions"] == {"can_withdraw": False, "can_trade": True}
    assert document["capabilities"]["exchange"] == "binance"
    assert [step["name"] for step in document["steps"]] == list(STEPS)
    keys = {"name", "status", "message", "todo", "duration_ms"}
    assert {frozenset(step) for step in document["steps"]} == {frozenset(keys)}


async def test_the_last_test_is_shown(call: Call) -> None:
    await call("connections", "test", "mine")
    shown = (await call("connections", "show", "mine", "--json")).document
    assert shown["last_test"]["status"] == "pass"
    assert len(shown["last_test"]["steps"]) == len(STEPS)
    listed = (await call("connections", "list", "--json")).document
    mine = next(row for row in listed if row["name"] == "mine")
    assert mine["last_test"] == {"time": shown["last_test"]["time"], "status": "pass"}


async def test_no_output_holds_the_key(call: Call, exchange: LoopbackExchange) -> None:
    exchange.faults.add("*account*", "status", times=None, status=401, code=-2015, message="no")
    for arguments in (("test", "mine"), ("test", "mine", "--json"), ("show", "mine")):
        said = await call("connections", *arguments)
        for secret in exchange.credentials.secrets:
            assert secret not in said.out + said.err


def test_the_demo_passes_its_test(cts: Cts) -> None:
    assert cts("connections", "test", "demo", "--json").document["status"] == "pass"


def test_a_connection_that_is_not_there_is_refused(cts: Cts) -> None:
    assert "nobody" in cts("connections", "test", "nobody").refusal


def test_what_an_exchange_can_do_is_shown_without_a_test(cts: Cts, desk: Desk) -> None:
    shown = cts("connections", "show", "kraken", "--json").document
    assert shown["capabilities"]["market"] == "spot"
    assert "order book" in shown["capabilities"]["streams"]
    said = cts("connections", "show", "kraken").out
    assert "client order ids" in said
    assert "streams" in said


def test_the_demo_has_no_capabilities(cts: Cts) -> None:
    assert cts("connections", "show", "demo", "--json").document["capabilities"] is None
