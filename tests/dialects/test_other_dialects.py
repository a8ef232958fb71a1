"""Connection test and market data at exchanges of other dialects, as far as REST goes."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from cts_tui.clock import SystemClock
from cts_tui.exchange import session as session_module
from cts_tui.exchange.check import STEPS, check_connection
from cts_tui.exchange.limiter import Limiter
from cts_tui.exchange.session import ExchangeSession
from cts_tui.market.ccxt_feed import CcxtFeed
from cts_tui.model.connection import ConnectionDraft
from cts_tui.model.connection_test import Permissions, StepStatus
from cts_tui.model.trading import MarketType, Mode
from cts_tui.venue.ccxt_venue import CcxtVenue
from tests.market.floors import BOUNDS, Until, is_gapless, reading

from .canned import DIALECTS, KEYS, SYMBOLS, CannedExchange


@pytest.fixture(autouse=True)
def at_full_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "limiter_of", lambda *_, **__: Limiter(interval_ms=0.01))


@pytest.fixture(params=sorted(DIALECTS))
def exchange_id(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def exchange(exchange_id: str) -> AsyncIterator[CannedExchange]:
    async with CannedExchange(exchange_id) as running:
        yield running


@pytest.fixture
async def session(exchange_id: str, exchange: CannedExchange) -> AsyncIterator[Any]:
    opened = await ExchangeSession.open(
        exchange=exchange_id,
        mode=Mode.LIVE,
        market=MarketType.SPOT,
        overlay=exchange.overlay,
        credentials=KEYS,
        clock=SystemClock(),
    )
    yield opened
    await opened.close()


async def test_a_connection_passes_all_but_the_stream(
    exchange_id: str, exchange: CannedExchange
) -> None:
    symbols = (SYMBOLS[exchange_id],)
    draft = ConnectionDraft(
        "mine", exchange_id, Mode.LIVE, MarketType.SPOT, symbols, "1m", ccxt_config=exchange.overlay
    )
    test = await check_connection(draft, KEYS, SystemClock())
    bad = {step.name: step.message for step in test.steps if step.status is not StepStatus.PASS}
    assert set(bad) <= {"stream", "rate limit"}, bad
    assert [step.name for step in test.steps] == list(STEPS)
    assert test.permissions == Permissions(can_withdraw=False, can_trade=True)


async def test_candles_come_closed_gapless_and_prices_after_them(
    exchange_id: str, session: ExchangeSession, until: Until
) -> None:
    symbol = SYMBOLS[exchange_id]
    feed = CcxtFeed(session, (symbol,), "1m", SystemClock(), BOUNDS)
    history = list(await feed.history(symbol, "1m", 80))
    assert len(history) == 80
    assert is_gapless(history)
    async with reading(feed) as told:
        await until(lambda: told.ticks(symbol), "a price")
    assert float(told.ticks(symbol)[0].price) == pytest.approx(50_000.1)


async def test_balances_are_read_with_what_orders_hold(
    exchange_id: str, session: ExchangeSession
) -> None:
    balances = await CcxtVenue(session, (SYMBOLS[exchange_id],)).balances()
    currency = SYMBOLS[exchange_id].rpartition("/")[2]
    told = [getattr(balances, part)[currency] for part in ("free", "used", "total")]
    assert told == [900, 100, 1000]


async def test_a_time_in_whole_seconds_makes_no_clock_wrong(
    exchange_id: str, session: ExchangeSession
) -> None:
    offset_ms = session.clock_offset_ms
    assert offset_ms == 0 if exchange_id == "kraken" else abs(offset_ms) < 1_000
