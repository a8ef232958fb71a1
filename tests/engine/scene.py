"""A live engine and its account, looked at by the reconciler when the test says so."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from cts_tui.engine.book import LivePosition
from cts_tui.engine.working import Working
from cts_tui.model.external import ExternalWish
from cts_tui.model.market import Source, Tick
from cts_tui.model.records import Fill, Order
from cts_tui.model.trading import Direction, OrderPurpose, OrderStatus, OrderType, Side
from cts_tui.store import externals
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal
from cts_tui.store.orders import _order
from cts_tui.store.tables import FILLS, ORDERS
from cts_tui.venue.venue import OrderReport, Traits, VenuePosition

from .venue_double import SPOT, SWAP, VenueDouble
from .world import World, make_connection


class Scene:
    """A live engine and its account, looked at by the reconciler when the test says so."""

    def __init__(
        self, database: Database, journal: Journal, market: str = "swap", **traits: Any
    ) -> None:
        self.symbol = SWAP if market == "swap" else SPOT
        given = {"has_stop": True, "has_target": False, "can_amend": False, "has_client_ids": True}
        self.venue = VenueDouble(Traits(**{**given, "has_positions": market == "swap", **traits}))
        setup = make_connection(
            database, mode="testnet", market=market, symbols=(self.symbol,), live=True
        )
        self.world = World(database, journal, setup=setup, venue=self.venue, reconciles=True)
        self.database = database
        self.context = self.world.context
        self.execution = self.world.pipeline.execution
        assert self.world.pipeline.reconciler is not None
        self.reconciler = self.world.pipeline.reconciler
        self.context.recall = self._recall

    def _recall(self, client_order_id: str, venue_order_id: str) -> Working | None:
        """Look into the store, as a live engine does."""
        is_it = (
            ORDERS.c.client_order_id == client_order_id
            if client_order_id
            else ORDERS.c.venue_order_id == venue_order_id
        )
        with self.database.read() as transaction:
            row = transaction.execute(select(ORDERS).where(is_it)).mappings().first()
            if row is None:
                return None
            order = _order(row)
            query = select(FILLS.c.venue_trade_id).where(
                FILLS.c.client_order_id == order.client_order_id
            )
            return Working(order, trade_ids=set(transaction.execute(query).scalars()))

    async def look(self, after_s: float = 0) -> None:
        """Let time pass, then reconcile once; nothing may fail that was not told to."""
        self.context.clock.advance(int(after_s * 1000))  # type: ignore[attr-defined]
        errors = self.reconciler.figures.errors
        await self.reconciler.run_cycle()
        await self.world.journal.flush()
        if not self.venue.failing:
            assert self.reconciler.figures.errors == errors, self.reconciler.figures.last_error

    async def looks(self, *after_s: float) -> None:
        for pause_s in after_s:
            await self.look(pause_s)

    @property
    def now_ms(self) -> int:
        return self.context.now_ms()

    def hold(
        self,
        quantity: str = "1",
        price: str = "100",
        side: Direction = Direction.LONG,
        key: str = "cts-entry",
        strategy: str = "any",
    ) -> LivePosition:
        """Hold a live position, opened by an order that has filled."""
        order = self.order(
            key,
            Side.to_open(side),
            OrderPurpose.ENTRY,
            quantity,
            strategy=strategy,
            position_key=key,
        )
        self.work(order)
        fill = self.fill(order, price, trade=f"t-{key}")
        self.execution.ledger.book(fill)
        position = self.context.book.get(key)
        assert position is not None
        return position

    def order(
        self,
        key: str,
        side: Side,
        purpose: OrderPurpose,
        quantity: str = "1",
        **changes: Any,
    ) -> Order:
        """Return a live order of ours that the venue has accepted."""
        order = Order(
            client_order_id=key,
            position_key="cts-entry",
            strategy="any",
            symbol=self.symbol,
            side=side,
            type=OrderType.MARKET,
            reduce_only=purpose is not OrderPurpose.ENTRY,
            quantity=Decimal(quantity),
            cost=None,
            price=None,
            status=OrderStatus.OPEN,
            created_ms=self.now_ms,
            updated_ms=self.now_ms,
            reason="a test",
            venue_order_id=f"v-{key}",
            purpose=purpose,
            timeframe="1m",
            is_live=True,
        )
        return replace(order, **changes)

    def work(self, order: Order) -> Working:
        """Have an order of ours at work, as the store knows."""
        working = Working(order, sent_ms=order.created_ms - 1)
        self.execution.sender.update(working, order)
        self.execution.working.add(working)
        return working

    def fill(self, order: Order, price: str, quantity: str = "", trade: str = "t") -> Fill:
        """Return a fill of an order of ours."""
        return self.trade(
            order.side,
            quantity or str(order.quantity),
            price,
            client=order.client_order_id,
            order=order.venue_order_id or "",
            trade=trade,
        )

    def trade(
        self,
        side: Side,
        quantity: str,
        price: str,
        *,
        client: str = "",
        order: str = "w-1",
        trade: str = "w-t1",
        fee: str = "0",
        after_s: float = 0,
    ) -> Fill:
        """Return a fill of the account, some seconds from now; by hand unless it says otherwise."""
        return Fill(
            client_order_id=client,
            venue_order_id=order,
            venue_trade_id=trade,
            symbol=self.symbol,
            side=side,
            quantity=Decimal(quantity),
            price=Decimal(price),
            fee=Decimal(fee),
            fee_currency="USDT",
            time_ms=self.now_ms + int(after_s * 1000),
        )

    def report(self, key: str, side: Side, quantity: str = "1", **changes: Any) -> OrderReport:
        """Have an order rest at the venue; by hand unless `client_order_id` is given."""
        report = OrderReport(
            client_order_id="web-1",
            venue_order_id=key,
            symbol=self.symbol,
            side=side,
            type=OrderType.LIMIT,
            status=OrderStatus.OPEN,
            quantity=Decimal(quantity),
            price=Decimal(90),
            filled=Decimal(0),
            average_price=None,
            reduce_only=False,
            updated_ms=self.now_ms,
        )
        report = replace(report, **changes)
        self.venue.resting[key] = report
        return report

    def there(self, side: Direction, quantity: str, price: str | None = "100", **more: Any) -> None:
        """Have the venue hold a position, beside those it holds."""
        entry = None if price is None else Decimal(price)
        self.venue.held.append(VenuePosition(self.symbol, side, Decimal(quantity), entry, **more))

    def price(self, price: str) -> None:
        """Trade at a real price."""
        tick = Tick(self.symbol, self.now_ms, Decimal(price), Source.STREAM)
        self.context.market.apply([tick], self.now_ms)

    async def rows(self, table: str) -> list[Any]:
        return await self.world.rows(table)

    async def events(self, *words: str) -> list[Any]:
        """Return the events that say all of `words`."""
        rows = await self.rows("events")
        return [row for row in rows if all(word in row["message"] for word in words)]

    async def wish(self, wish: ExternalWish) -> None:
        """Wish for every external that is shown, as a face does, and pass it on as the program."""
        await self.world.journal.flush()
        with self.database.write() as transaction:
            for view in externals.views(transaction):
                externals.wish_for(transaction, view.id, wish)
        self.pass_on()

    def pass_on(self) -> None:
        with self.database.read() as transaction:
            wishes = externals.wishes(transaction)
        for wanted in wishes.values():
            self.reconciler.decide(wanted)
