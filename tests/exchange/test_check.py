"""The test of a connection, step by step, against a server in Bybit's dialect."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from cts_tui.clock import SystemClock
from cts_tui.exchange import check, session
from cts_tui.exchange.check import STEPS, check_connection
from cts_tui.exchange.limiter import Limiter
from cts_tui.model.connection_test import ConnectionTest, Permissions, StepResult, StepStatus
from cts_tui.model.trading import MarketType, Mode
from tests.exchange.bybit_server import KEYS, SPOT, BybitServer
from tests.exchange.check_rig import (
    BALANCE,
    DRAFT,
    FAIL,
    PASS,
    SKIP,
    WARN,
    exchange,
    only_fault,
    result_of,
    step,
)


@pytest.fixture(autouse=True)
def at_full_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exchange's own pace would make every test half a second long."""
    monkeypatch.setattr(session, "limiter_of", lambda *_, **__: Limiter(interval_ms=0.01))


# -- all is well ----------------------------------------------------------------------------------


async def test_a_sound_connection_passes_every_step_in_order() -> None:
    heard: list[StepResult] = []
    async with exchange() as server:
        draft = replace(DRAFT, ccxt_config=server.overlay)
        test = await check_connection(draft, KEYS, SystemClock(), heard.append)
    assert [(found.name, found.status) for found in test.steps] == [(name, PASS) for name in STEPS]
    assert tuple(heard) == test.steps
    assert test.status is PASS
    assert test.permissions == Permissions(can_withdraw=False, can_trade=True)
    assert abs(test.clock_offset_ms or 0) < 1_000
    assert test.capabilities["client_order_ids"] is True
    assert ConnectionTest.from_json(json.loads(json.dumps(test.to_json()))) == test


async def test_nothing_is_ordered_or_changed() -> None:
    async with exchange() as server:
        await result_of(server)
        assert set(server.paths("POST")) == set()


async def test_a_swap_is_tested_as_one() -> None:
    async with exchange(ContractTrade=["Order", "Position"]) as server:
        test = await result_of(server, market=MarketType.SWAP, symbols=("BTC/USDT:USDT",))
    assert test.faults == ()


async def test_paper_needs_no_key_and_says_so() -> None:
    async with exchange() as server:
        test = await result_of(server, None, mode=Mode.PAPER)
        assert BALANCE not in server.paths()
    skipped = [found.name for found in test.steps if found.status is SKIP]
    assert skipped == ["authentication", "permissions", "balance"]
    assert "paper" in step(test, "authentication").message
    assert test.status is PASS


async def test_the_demo_market_needs_nothing() -> None:
    test = await result_of(None, None, exchange="simulated", mode=Mode.PAPER)
    assert test.status is PASS
    assert {found.status for found in test.steps} == {PASS, SKIP}


# -- the way there --------------------------------------------------------------------------------


async def test_an_exchange_that_ccxt_does_not_know() -> None:
    found = only_fault(await result_of(None, exchange="bybbit"), "reachability")
    assert "bybit" in found.todo


async def test_an_exchange_without_the_market() -> None:
    found = only_fault(await result_of(None, exchange="kraken", market=MarketType.SWAP), "markets")
    assert found.todo == "connections edit mine --market spot"


async def test_a_name_that_is_not_found() -> None:
    overlay = {"urls": {"api": "https://exchange.invalid"}}
    test = await result_of(None, ccxt_config=overlay)
    assert "DNS" in only_fault(test, "reachability").message
    assert "exchange.invalid" in step(test, "reachability").message
    assert {found.status for found in test.steps[1:]} == {SKIP}


async def test_a_server_that_speaks_no_tls() -> None:
    async with exchange() as server:
        overlay = {"urls": {"api": server.address.replace("http:", "https:")}}
        test = await result_of(None, ccxt_config=overlay)
    assert "TLS" in only_fault(test, "reachability").message


async def test_nobody_listens_there() -> None:
    async with exchange() as server:
        overlay = server.overlay
    found = only_fault(await result_of(None, ccxt_config=overlay), "reachability")
    assert "connection" in found.message


TIME = "/v5/market/time"
REFUSALS = [
    ("<html>please log in</html>", 200, {}, "web page", "proxy"),
    ("", 200, {}, "nothing", "again"),
    ('{"retCode":0,', 200, {}, "malformed", "again"),
    ("<html>Bad gateway</html>", 502, {}, "502", "again"),
    ('{"retCode":10006,"retMsg":"Too many visits!"}', 429, {"Retry-After": "17"}, "rate", "17 s"),
    ('{"retCode":10006,"retMsg":"Too many visits!"}', 429, {}, "rate", "wait"),
    ('{"retMsg":"system maintenance"}', 503, {}, "maintenance", "nothing is wrong here"),
]


@pytest.mark.parametrize(("body", "status", "headers", "message", "todo"), REFUSALS)
async def test_an_answer_that_is_none(
    body: str, status: int, headers: dict[str, str], message: str, todo: str
) -> None:
    async with exchange() as server:
        server.always(TIME, body, status, **headers)
        found = only_fault(await result_of(server), "reachability")
    assert message in found.message
    assert todo in found.todo


async def test_a_server_that_says_nothing_at_all_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(check, "_OPEN_S", 0.5)

    async def silent(_: object) -> Any:
        await asyncio.Event().wait()

    async with exchange() as server:
        server.answers[TIME] = silent
        found = only_fault(await result_of(server), "reachability")
    assert "no answer" in found.message


async def test_the_whole_test_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "WHOLE_S", 0.0)
    test = await result_of(None)
    assert "time was over" in only_fault(test, "reachability").message
    assert [found.name for found in test.steps] == list(STEPS)


@pytest.mark.parametrize("overlay", [{"apiKey": "k"}, {"urls": "there"}, {"verbose": True}])
async def test_an_overlay_that_does_not_fit(overlay: dict[str, Any]) -> None:
    only_fault(await result_of(None, ccxt_config=overlay), "reachability")


async def test_an_exchange_without_a_testnet() -> None:
    test = await result_of(None, exchange="coinbase", mode=Mode.TESTNET)
    assert "testnet" in only_fault(test, "reachability").message


# -- clock ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("skew_ms", "status", "side"),
    [(2_500, WARN, "behind"), (-2_500, WARN, "ahead"), (30_000, FAIL, "behind")],
)
async def test_a_clock_that_is_off(skew_ms: int, status: StepStatus, side: str) -> None:
    async with exchange() as server:
        server.skew_ms = skew_ms
        test = await result_of(server)
    found = only_fault(test, "clock", status)
    assert f"{abs(skew_ms) / 1000:.1f} s {side}" in found.message
    assert "NTP" in found.todo
    assert abs((test.clock_offset_ms or 0) - skew_ms) < 1_000


# -- markets and prices ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "instead"), [("BTC/USTD", "BTC/USDT"), ("BTZ/USDT", "BTC/USDT"), ("X/Y", "LIST")]
)
async def test_a_symbol_that_is_not_there(wanted: str, instead: str) -> None:
    async with exchange() as server:
        test = await result_of(server, symbols=(wanted,))
    found = only_fault(test, "markets")
    assert found.todo == f"connections edit mine --symbols {instead}"
    assert [step(test, name).status for name in ("ticker", "stream", "trading rules")] == [SKIP] * 3
    assert step(test, "authentication").status is PASS


async def test_a_symbol_of_the_other_market_leads_to_the_right_one() -> None:
    async with exchange() as server:
        test = await result_of(server, market=MarketType.SWAP)
    assert step(test, "markets").todo == "connections edit mine --symbols BTC/USDT:USDT"


def instruments(server: BybitServer, *listed: Any) -> None:
    result = {"category": "spot", "list": listed}
    server.always(
        "/v5/market/instruments-info", json.dumps({"retCode": 0, "retMsg": "OK", "result": result})
    )


async def test_a_symbol_that_does_not_trade() -> None:
    halted = SPOT | {"status": "Closed", "symbol": "ETHUSDT", "baseCoin": "ETH"}
    async with exchange() as server:
        instruments(server, SPOT, halted)
        both = await result_of(server, symbols=("BTC/USDT", "ETH/USDT"))
        alone = await result_of(server, symbols=("ETH/USDT",))
    assert "ETH/USDT" in only_fault(both, "markets", WARN).message
    assert step(alone, "markets").status is FAIL


async def test_candles_that_the_exchange_does_not_have() -> None:
    async with exchange() as server:
        found = only_fault(await result_of(server, timeframe="10m"), "markets")
    assert found.todo == "connections edit mine --timeframe 15m"


async def test_rules_that_the_exchange_does_not_tell() -> None:
    async with exchange() as server:
        limits = {"basePrecision": "0.000001"}
        instruments(server, SPOT | {"lotSizeFilter": limits})
        found = only_fault(await result_of(server), "trading rules", WARN)
    assert "smallest order" in found.message


async def test_a_ticker_without_a_price() -> None:
    async with exchange() as server:
        ticker = {"symbol": "BTCUSDT", "lastPrice": ""}
        result = {"category": "spot", "list": [ticker]}
        answer = {"retCode": 0, "retMsg": "OK", "result": result, "time": 1}
        server.always("/v5/market/tickers", json.dumps(answer))
        only_fault(await result_of(server), "ticker")


async def test_a_stream_that_brings_nothing_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cts_tui.exchange.check_public.STREAM_WAIT_S", 0.3)
    async with BybitServer() as server:
        found = only_fault(await result_of(server, None, mode=Mode.PAPER), "stream", WARN)
    assert "REST" in found.todo
