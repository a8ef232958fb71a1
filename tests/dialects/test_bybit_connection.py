"""The connection test at an exchange of Bybit's dialect: what it finds, and what it believes."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from cts_tui.clock import SystemClock
from cts_tui.exchange import session as session_module
from cts_tui.exchange.check import STEPS, check_connection
from cts_tui.exchange.limiter import Limiter
from cts_tui.model.connection import ConnectionDraft
from cts_tui.model.connection_test import ConnectionTest, StepResult, StepStatus
from cts_tui.model.trading import MarketType, Mode
from tests.dialects.bybit import BybitExchange

TICKERS = "GET /v5/market/tickers"


@pytest.fixture(autouse=True)
def at_full_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "limiter_of", lambda *_, **__: Limiter(interval_ms=0.01))


@pytest.fixture
async def exchange() -> AsyncIterator[BybitExchange]:
    async with BybitExchange() as running:
        yield running


async def result_of(
    exchange: BybitExchange, market: str = "swap", overlay: dict[str, Any] | None = None
) -> ConnectionTest:
    symbol = "BTC/USDT:USDT" if market == "swap" else "BTC/USDT"
    draft = ConnectionDraft(
        "mine",
        "bybit",
        Mode.LIVE,
        MarketType(market),
        (symbol,),
        "1m",
        ccxt_config=overlay or exchange.overlay(market),
    )
    return await check_connection(draft, exchange.credentials, SystemClock())


def step(test: ConnectionTest, name: str) -> StepResult:
    return next(one for one in test.steps if one.name == name)


@pytest.mark.parametrize("market", ["spot", "swap"])
async def test_a_sound_connection_passes_every_step(exchange: BybitExchange, market: str) -> None:
    for overlay in (None, {"urls": {"api": exchange.url}}):
        test = await result_of(exchange, market, overlay)
        passed = [(one.name, one.status) for one in test.steps]
        assert passed == [(name, StepStatus.PASS) for name in STEPS]


async def test_a_price_that_ccxt_computed_is_not_shown_as_one(exchange: BybitExchange) -> None:
    fields = {"result.list.lastPrice": None}
    exchange.faults.add(TICKERS, "fields", times=None, fields=fields)
    assert step(await result_of(exchange), "ticker").message.startswith("BTC/USDT:USDT 50000.05;")
    fields["result.list.bid1Price"] = None
    assert step(await result_of(exchange), "ticker").status is StepStatus.FAIL


async def test_a_key_that_may_withdraw_is_found_out(exchange: BybitExchange) -> None:
    exchange.withdraw_allowed = True
    assert step(await result_of(exchange), "permissions").status is StepStatus.FAIL


@pytest.mark.parametrize("wrong", ["is_expired", "is_whitelisted", "can_read"])
async def test_a_key_that_is_not_accepted_fails(exchange: BybitExchange, wrong: str) -> None:
    setattr(exchange.gate, wrong, wrong == "is_expired")
    assert step(await result_of(exchange), "authentication").status is StepStatus.FAIL
