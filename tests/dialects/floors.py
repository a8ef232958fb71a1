"""The floors of the venue's and the feed's contracts, on a loopback exchange of Bybit's dialect."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from typing import Any

from cts_tui.clock import Clock, SystemClock
from cts_tui.exchange.limiter import Limiter
from cts_tui.exchange.session import ExchangeSession
from cts_tui.model.trading import MarketType, Mode
from cts_tui.venue.ccxt_venue import CcxtVenue
from tests.dialects.bybit import BybitExchange
from tests.loopback.fixtures import symbol_of
from tests.market.floors import MINUTE_MS, LoopbackFloor, Until
from tests.venue.floors import FUNDS, CcxtFloor


async def bybit_session(
    exchange: BybitExchange,
    market: str,
    *,
    clock: Clock | None = None,
    has_keys: bool = True,
    mode: Mode = Mode.LIVE,
    overlay: Mapping[str, Any] | None = None,
) -> ExchangeSession:
    """Open a session with a budget of its own."""
    return await ExchangeSession.open(
        exchange="bybit",
        mode=mode,
        market=MarketType(market),
        overlay={**exchange.overlay(market), **(overlay or {})},
        credentials=exchange.credentials if has_keys else None,
        clock=clock or SystemClock(),
        limiter=Limiter(interval_ms=0.01),
    )


async def venue_floor(
    market: str,
    stack: AsyncExitStack,
    *,
    fee_pct: str = "0",
    symbols: tuple[str, ...] | None = None,
) -> CcxtFloor:
    """Open an exchange without spread, a session and a venue on it."""
    exchange = await stack.enter_async_context(BybitExchange(balances=dict(FUNDS)))
    for quoted in ("BTCUSDT", "ETHUSDT"):
        exchange.market.quote(quoted).spread = Decimal(0)
    account = exchange.spot if market == "spot" else exchange.swap
    account.taker_fee = account.maker_fee = Decimal(fee_pct) / 100
    session = await bybit_session(exchange, market)
    stack.push_async_callback(session.close)
    symbol = symbol_of(market)
    return CcxtFloor(
        CcxtVenue(session, symbols or (symbol,)),
        symbol,
        now_ms=session.server_now_ms(),
        is_swap=market == "swap",
        exchange=exchange,
        session=session,
    )


@asynccontextmanager
async def feed_floor(until: Until, *overlays: dict[str, Any]) -> AsyncIterator[LoopbackFloor]:
    """Open the exchange with a feed on it; time stands 2 s into a minute."""
    async with BybitExchange() as exchange:
        exchange.clock.hold(exchange.clock.now_ms() // MINUTE_MS * MINUTE_MS + 2_000)
        overlay = {key: value for one in overlays for key, value in one.items()}
        session = await bybit_session(
            exchange,
            "spot",
            clock=exchange.clock,
            has_keys=False,
            mode=Mode.PAPER,
            overlay=overlay,
        )
        try:
            yield LoopbackFloor(exchange, session, until)
        finally:
            await session.close()
