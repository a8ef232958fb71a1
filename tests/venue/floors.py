"""The floors on which venues are tested: paper's own, and the loopback exchange for ccxt."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cts_tui.clock import SystemClock
from cts_tui.exchange.limiter import Limiter
from cts_tui.exchange.session import ExchangeSession
from cts_tui.model.instrument import Instrument
from cts_tui.model.trading import MarketType, Mode
from cts_tui.venue.ccxt_venue import CcxtVenue
from cts_tui.venue.paper import PaperVenue
from tests.loopback import LoopbackExchange
from tests.loopback.fixtures import error_codes, symbol_of

from .contract import Floor, Open

FUNDS = {"USDT": Decimal(100_000), "BTC": Decimal(100)}


@dataclass
class PaperFloor(Floor):
    """The paper venue hears of every price."""

    async def trade(self, price: str) -> None:
        self.now_ms += 1
        self.venue.observe(self.symbol, Decimal(price), self.now_ms)

    async def hear(self) -> None:
        """Paper knows all of it already."""


@dataclass
class CcxtFloor(Floor):
    """The loopback exchange moves, and the venue is driven to ask."""

    exchange: LoopbackExchange | None = None
    session: ExchangeSession | None = None

    async def trade(self, price: str) -> None:
        assert self.exchange is not None
        self.exchange.market.trade("BTCUSDT", price)

    async def hear(self) -> None:
        assert isinstance(self.venue, CcxtVenue)
        await self.venue.poll()


def paper_instrument(symbol: str) -> Instrument:
    """Return a market with the loopback exchange's steps."""
    return Instrument(
        symbol=symbol,
        market=MarketType.SWAP if ":" in symbol else MarketType.SPOT,
        base="BTC",
        quote="USDT",
        settle="USDT",
        is_active=True,
        is_linear=True,
        contract_size=Decimal(1),
        amount_step=Decimal("0.00001"),
        price_step=Decimal("0.1"),
        min_amount=Decimal("0.00001"),
        max_amount=None,
        min_cost=Decimal(5),
        max_cost=None,
        maker_fee_pct=None,
        taker_fee_pct=None,
    )


def opener(kind: str, stack: AsyncExitStack) -> Open:
    """Return what opens a floor of a kind, `paper spot` … `ccxt swap`; `stack` closes it."""
    venue, market = kind.split()

    async def open_it(fee_pct: str = "0") -> Floor:
        if venue == "paper":
            return paper_floor(market, fee_pct)
        return await ccxt_floor(market, stack, fee_pct=fee_pct)

    return open_it


def paper_floor(market: str, fee_pct: str = "0", slippage_pct: str = "0") -> PaperFloor:
    """Return a paper venue that knows its instrument."""
    symbol = symbol_of(market)
    venue = PaperVenue(
        fee_pct=Decimal(fee_pct),
        slippage_pct=Decimal(slippage_pct),
        instruments={symbol: paper_instrument(symbol)},
        market=MarketType(market),
        funds=FUNDS,
    )
    return PaperFloor(venue, symbol, is_swap=market == "swap")


async def ccxt_floor(
    market: str,
    stack: AsyncExitStack,
    *,
    fee_pct: str = "0",
    overlay: Mapping[str, Any] | None = None,
    symbols: tuple[str, ...] | None = None,
) -> CcxtFloor:
    """Open a loopback exchange without spread, a session and a venue on it."""
    exchange = await stack.enter_async_context(LoopbackExchange(balances=dict(FUNDS)))
    for quoted in ("BTCUSDT", "ETHUSDT"):
        exchange.market.quote(quoted).spread = Decimal(0)
    account = exchange.spot if market == "spot" else exchange.swap
    account.taker_fee = account.maker_fee = Decimal(fee_pct) / 100
    session = await ExchangeSession.open(
        exchange="binance",
        mode=Mode.LIVE,
        market=MarketType(market),
        overlay={**exchange.overlay(market), **error_codes(market), **(overlay or {})},
        credentials=exchange.credentials,
        clock=SystemClock(),
        limiter=Limiter(interval_ms=0.01),
    )
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
