"""The test of a connection against the loopback exchange: keys, rights and markets of Binance."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from cts_tui.clock import SystemClock
from cts_tui.exchange import session
from cts_tui.exchange.check import STEPS, check_connection
from cts_tui.exchange.limiter import Limiter
from cts_tui.model.connection import ConnectionDraft
from cts_tui.model.connection_test import ConnectionTest, Permissions, StepResult, StepStatus
from cts_tui.model.credentials import Credentials
from cts_tui.model.trading import MarketType, Mode
from tests.loopback.exchange import LoopbackExchange

PASS, FAIL, SKIP = StepStatus.PASS, StepStatus.FAIL, StepStatus.SKIP
SPOT = ConnectionDraft("mine", "binance", Mode.LIVE, MarketType.SPOT, ("BTC/USDT",), "5m")
SWAP = replace(SPOT, market=MarketType.SWAP, symbols=("BTC/USDT:USDT",))


@pytest.fixture(autouse=True)
def at_full_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "limiter_of", lambda *_, **__: Limiter(interval_ms=0.01))


@pytest.fixture
async def exchange() -> AsyncIterator[LoopbackExchange]:
    async with LoopbackExchange() as running:
        yield running


async def result_of(
    exchange: LoopbackExchange,
    draft: ConnectionDraft = SPOT,
    credentials: Credentials | None = None,
    **changes: Any,
) -> ConnectionTest:
    overlay = exchange.overlay(draft.market)
    given = exchange.credentials if credentials is None else credentials
    return await check_connection(
        replace(draft, ccxt_config=overlay, **changes), given, SystemClock()
    )


def failure(test: ConnectionTest) -> StepResult:
    """The one step that failed; it says what to do."""
    assert [fault.name for fault in test.faults if fault.status is FAIL] == [test.faults[0].name]
    assert test.faults[0].todo
    return test.faults[0]


@pytest.mark.parametrize("draft", [SPOT, SWAP], ids=["spot", "swap"])
async def test_a_sound_connection_passes_every_step(
    exchange: LoopbackExchange, draft: ConnectionDraft
) -> None:
    test = await result_of(exchange, draft)
    assert [(step.name, step.status) for step in test.steps] == [(name, PASS) for name in STEPS]
    assert test.permissions == Permissions(can_withdraw=False, can_trade=True)
    assert exchange.accepted == []


async def test_testnet_is_the_sandbox_of_the_overlay(exchange: LoopbackExchange) -> None:
    test = await result_of(exchange, mode=Mode.TESTNET)
    assert test.steps[0].status is PASS
    assert "testnet" in test.steps[0].message


async def test_s2_a_key_that_may_withdraw_is_refused_for_live(exchange: LoopbackExchange) -> None:
    exchange.withdraw_allowed = True
    test = await result_of(exchange)
    assert failure(test).name == "permissions"
    assert test.permissions.can_withdraw is True


async def test_a_wrong_key(exchange: LoopbackExchange) -> None:
    wrong = replace(exchange.credentials, api_key="wrongKey" * 8)
    found = failure(await result_of(exchange, credentials=wrong))
    assert found.name == "authentication"
    assert "key" in found.todo


async def test_a_wrong_secret(exchange: LoopbackExchange) -> None:
    wrong = replace(exchange.credentials, secret="wrongSecret" * 5)
    found = failure(await result_of(exchange, credentials=wrong))
    assert found.name == "authentication"
    assert "secret" in found.todo


async def test_half_of_a_key(exchange: LoopbackExchange) -> None:
    half = Credentials(api_key=exchange.credentials.api_key)
    found = failure(await result_of(exchange, credentials=half))
    assert "secret is missing" in found.message


async def test_an_ip_address_that_is_not_allowed(exchange: LoopbackExchange) -> None:
    refusal = "Invalid API-key, IP, or permissions for action."
    exchange.faults.add("*account*", "status", times=None, status=401, code=-2015, message=refusal)
    found = failure(await result_of(exchange))
    assert found.name == "authentication"
    assert "IP" in found.todo


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        ("html", {}, "web page"),
        ("empty", {}, "nothing"),
        ("malformed", {}, "malformed"),
        ("maintenance", {}, "maintenance"),
        ("reset", {}, "cut"),
        ("status", {"status": 429, "retry_after_s": 7}, "rate limit"),
        ("status", {"status": 418, "retry_after_s": 7}, "rate limit"),
    ],
)
async def test_an_exchange_that_is_not_well(
    exchange: LoopbackExchange, kind: str, settings: dict[str, Any], message: str
) -> None:
    exchange.faults.add("GET *", kind, times=None, **settings)
    test = await result_of(exchange)
    assert failure(test).name == "reachability"
    assert message in failure(test).message
    assert {step.status for step in test.steps[1:]} == {SKIP}


async def test_a_clock_half_a_minute_off_is_measured_and_the_key_still_tested(
    exchange: LoopbackExchange,
) -> None:
    exchange.clock_skew_ms = -30_000
    test = await result_of(exchange)
    assert failure(test).name == "clock"
    assert abs((test.clock_offset_ms or 0) + 30_000) < 1_000
    found = test.step("authentication")
    assert found
    assert found.status is PASS


async def test_a_symbol_that_is_halted(exchange: LoopbackExchange) -> None:
    exchange.halt("BTCUSDT")
    assert "not trading" in failure(await result_of(exchange)).message


async def test_a_symbol_that_was_delisted(exchange: LoopbackExchange) -> None:
    exchange.delist("ETHUSDT")
    found = failure(await result_of(exchange, symbols=("BTC/USDT", "ETH/USDT")))
    assert "ETH/USDT" in found.message
    assert found.todo == "connections edit mine --symbols BTC/USDT"


async def test_an_exchange_that_does_not_stream_is_a_warning(exchange: LoopbackExchange) -> None:
    exchange.faults.add("WS *", "reset", times=None)
    test = await result_of(exchange)
    assert [(found.name, found.status) for found in test.faults] == [("stream", StepStatus.WARN)]


async def test_no_message_holds_the_key(exchange: LoopbackExchange) -> None:
    exchange.faults.add("*account*", "status", times=None, status=400, code=-1, message="no")
    told = repr(await result_of(exchange))
    assert exchange.credentials.secret not in told
    assert exchange.credentials.api_key not in told


async def test_a_filter_chooses_the_symbols_that_are_tested(exchange: LoopbackExchange) -> None:
    test = await result_of(exchange, symbols=(), symbols_filter="quote=USDT top=2")
    assert test.faults == ()
    found = test.step("markets")
    assert found
    assert "the filter chooses 2: " in found.message


@pytest.mark.parametrize("rule", ["quote=XYZ", "quote=USDT volume>1000000B", "volume<5"])
async def test_a_filter_that_fits_nothing(exchange: LoopbackExchange, rule: str) -> None:
    found = failure(await result_of(exchange, symbols=(), symbols_filter=rule))
    assert found.name == "markets"
