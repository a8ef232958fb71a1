"""A live engine on the loopback exchange, through ccxt as it is; nothing of it runs by itself."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

from cts_tui.clock import SystemClock
from cts_tui.engine.book import LivePosition
from cts_tui.engine.working import Working
from cts_tui.exchange.limiter import Limiter
from cts_tui.exchange.session import ExchangeSession
from cts_tui.model.external import ExternalWish
from cts_tui.model.market import Source, Tick
from cts_tui.model.records import Order
from cts_tui.model.trading import MarketType, Mode, OrderStatus, OrderType, Side
from cts_tui.store import externals
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal
from cts_tui.venue.ccxt_venue import CcxtVenue
from tests.loopback import LoopbackExchange
from tests.loopback.fixtures import error_codes, symbol_of

from .world import World, make_connection

D = Decimal
Until = Callable[..., Awaitable[None]]


class ShiftedClock(SystemClock):
    """The wall clock, which the test moves on."""

    shift_ms = 0

    def now_ms(self) -> int:
        return super().now_ms() + self.shift_ms


class Bench:
    """A live engine of one symbol on the loopback exchange; nothing runs by itself."""

    def __init__(
        self, exchange: LoopbackExchange, venue: CcxtVenue, world: World, symbol: str
    ) -> None:
        self.exchange = exchange
        self.venue = venue
        self.world = world
        self.symbol = symbol
        self.clock = ShiftedClock()
        self.context = world.context
        self.context.clock = self.clock
        self.context.live_venue = venue
        assert world.pipeline.reconciler and world.pipeline.guard and world.pipeline.resolver
        self.reconciler = world.pipeline.reconciler
        self.guard = world.pipeline.guard
        self.resolver = world.pipeline.resolver

    async def looks(self, *after_s: float) -> None:
        """Reconcile after each pause; nothing may fail."""
        for pause_s in after_s:
            self.clock.shift_ms += int(pause_s * 1000)
            await self.reconciler.run_cycle()
            assert self.reconciler.figures.errors == 0, self.reconciler.figures.last_error

    async def trade(self, price: str) -> None:
        self.exchange.market.trade("BTCUSDT", price)
        tick = Tick(self.symbol, self.clock.now_ms(), D(price), Source.STREAM)
        self.context.market.apply([tick], self.clock.now_ms())

    def order(self, key: str, side: Side, quantity: str, **changes: Any) -> Order:
        now_ms = self.clock.now_ms()
        order = Order(
            client_order_id=key,
            position_key="cts-entry",
            strategy="any",
            symbol=self.symbol,
            side=side,
            type=OrderType.MARKET,
            reduce_only=False,
            quantity=D(quantity),
            cost=None,
            price=None,
            status=OrderStatus.INTENT,
            created_ms=now_ms,
            updated_ms=now_ms,
            reason="a test",
            timeframe="1m",
            is_live=True,
        )
        return replace(order, **changes)

    async def send(self, order: Order) -> Working:
        sender, working = self.world.pipeline.execution.sender, Working(order)
        assert await sender.record([working]) == [None]
        await sender.send(working)
        return working

    async def enter(self, quantity: str = "0.5", side: Side = Side.BUY) -> LivePosition:
        """Buy at the market; the reconciler is the first to hear of the fill."""
        await self.send(self.order("cts-entry", side, quantity))
        await self.looks(0)
        (position,) = list(self.context.book)
        return position

    async def wish(self, wish: ExternalWish) -> None:
        await self.world.rows("externals")
        with self.world.database.write() as transaction:
            for view in externals.views(transaction):
                externals.wish_for(transaction, view.id, wish)
            wanted = externals.wishes(transaction)[self.context.setup.id]
        self.reconciler.decide(wanted)

    @property
    def changes(self) -> list[Any]:
        """The requests that changed something at the exchange."""
        methods = ("POST", "PUT", "DELETE")
        return [
            one
            for one in self.exchange.journal.requests("*")
            if one.method in methods and "rder" in one.path
        ]


Open = Callable[[str], Any]


def opener(database: Database, journal: Journal) -> Open:
    """Return what opens a bench on a market, `spot` or `swap`."""

    @asynccontextmanager
    async def open_it(market: str) -> AsyncIterator[Bench]:
        symbol = symbol_of(market)
        async with LoopbackExchange(balances={"USDT": D(100_000)}) as exchange:
            exchange.market.quote("BTCUSDT").spread = D(0)
            session = await ExchangeSession.open(
                exchange="binance",
                mode=Mode.LIVE,
                market=MarketType(market),
                overlay={**exchange.overlay(market), **error_codes(market)},
                credentials=exchange.credentials,
                clock=SystemClock(),
                limiter=Limiter(interval_ms=0.01),
            )
            setup = make_connection(
                database, mode="testnet", market=market, symbols=(symbol,), live=True
            )
            venue = CcxtVenue(session, (symbol,))
            world = World(database, journal, setup=setup, venue=venue, reconciles=True)
            bench = Bench(exchange, venue, world, symbol)
            await bench.trade("50000")
            try:
                yield bench
            finally:
                await session.close()

    return open_it
