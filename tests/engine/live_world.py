"""A live pipeline on a small exchange: positions are opened and closed by request, time by hand."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from cts_tui.engine.book import LivePosition
from cts_tui.engine.guard import Guard
from cts_tui.engine.requests import EntryRequest, ExitRequest
from cts_tui.engine.resolution import Resolver
from cts_tui.model.market import Source
from cts_tui.model.records import Order, Signal
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trading import (
    Direction,
    ExitReason,
    OrderPurpose,
    SignalKind,
    SignalStatus,
)
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal

from .small_exchange import SWAP, SmallExchange
from .world import MINUTE_MS, SYMBOL, World, make_connection, spoken, stored


class LiveWorld(World):
    """One armed connection; its venue is a small exchange."""

    venue: SmallExchange

    def __init__(
        self,
        database: Database,
        journal: Journal,
        *,
        venue: SmallExchange | None = None,
        spec: StrategySpec | None = None,
        **settings: Any,
    ) -> None:
        self.venue = venue or SmallExchange(SWAP)
        self.spec = spec or spoken()
        setup = make_connection(database, "armed", mode="live", live=True, exchange="binance")
        super().__init__(
            database, journal, self.spec, setup=setup, venue=self.venue, has_ticks=True, **settings
        )
        self.context.reconciled = lambda: True

    @property
    def guard(self) -> Guard:
        assert self.pipeline.guard is not None
        return self.pipeline.guard

    @property
    def resolver(self) -> Resolver:
        assert self.pipeline.resolver is not None
        return self.pipeline.resolver

    async def minute(self) -> None:
        """Close a candle where the market is."""
        await self.flat(float(self.venue.price), source=Source.STREAM)

    async def price(self, price: str) -> None:
        """Let the market be at a price, and run everything once."""
        self.venue.price = Decimal(price)
        await self.tick(price)

    def entry(self, side: Direction = Direction.LONG) -> EntryRequest:
        """Return a request to enter, signalled by the candle that closed last."""
        return EntryRequest(self.signal(SignalKind.ENTRY, side), self.spec)

    def signal(self, kind: SignalKind, side: Direction) -> Signal:
        """Return a signal of the candle that closed last, as it is recorded."""
        signal = Signal(
            strategy=self.spec.name,
            symbol=SYMBOL,
            timeframe="1m",
            time_ms=self.clock.now_ms() - MINUTE_MS,
            side=side,
            kind=kind,
            price=self.venue.price,
            reason="a test",
            source="stream",
        )
        batch = self.context.recorder.batch
        batch.signal(self.setup.id, signal, SignalStatus.NEW, self.clock.now_ms())
        return signal

    def exit_by_rule(self) -> ExitRequest:
        """Return a rule's request to close the only position."""
        self.clock.advance(MINUTE_MS)  # one candle gives one signal
        position = self.position
        signal = self.signal(SignalKind.EXIT, position.side)
        return ExitRequest(position, ExitReason.RULE, signal=signal)

    async def enter(self, side: Direction = Direction.LONG) -> Order:
        """Ask for an entry and run everything once; return the order that was sent."""
        await self.minute()
        self.pipeline.execution.request(self.entry(side))
        await self.run()
        return self.sent(OrderPurpose.ENTRY)[-1]

    async def leave(self) -> None:
        """Ask for the exit of the only position and run everything once."""
        self.pipeline.execution.request(self.exit_of(self.position))
        await self.run()

    def exit_of(self, position: LivePosition) -> ExitRequest:
        """Return the trader's request to close a position."""
        return ExitRequest(position, ExitReason.MANUAL)

    async def run(self, seconds: float = 0.0, cycles: int = 1) -> None:
        """Let time pass, the market stay where it is, and everything run."""
        for _ in range(cycles):
            self.clock.advance(int(seconds * 1000))
            await self.tick(str(self.venue.price))

    @property
    def position(self) -> LivePosition:
        (position,) = self.context.book
        return position

    @property
    def is_flat(self) -> bool:
        return not len(self.context.book)

    def sent(self, purpose: OrderPurpose) -> list[Order]:
        """Return the orders that the venue was sent, of one purpose."""
        return [order for order in self.venue.sent if order.purpose is purpose]

    async def stored_order(self, order: Order) -> Mapping[str, Any]:
        """Return the row of an order once all is written."""
        rows = {row["client_order_id"]: row for row in await self.rows("orders")}
        return rows[order.client_order_id]

    async def told(self) -> list[str]:
        """Return the messages of all events."""
        await self.rows("events")
        return [row["message"] for row in stored(self.database, "events")]
