"""Adoption: an order or a position of others becomes the desk's own, as the trader asks (S7)."""

from dataclasses import replace
from decimal import Decimal
from typing import Final

from cts_tui.engine.book import LivePosition
from cts_tui.engine.context import EngineContext
from cts_tui.engine.externals import Externals
from cts_tui.engine.ledger import Ledger
from cts_tui.engine.order_ids import ADOPTED, adopted_id
from cts_tui.engine.sending import OrderSender
from cts_tui.engine.settlement import record_position
from cts_tui.engine.working import Working, WorkingOrders
from cts_tui.model.external import External, ExternalStatus
from cts_tui.model.money import ZERO, money_text
from cts_tui.model.records import Fill, Order
from cts_tui.model.trading import (
    Direction,
    ExitReason,
    MarketType,
    OrderPurpose,
    OrderStatus,
    OrderType,
    Side,
)
from cts_tui.rules.protection import Protection
from cts_tui.venue.venue import OrderReport, Venue

_BEFORE_MS: Final = 86_400_000
_GUARD_OF: Final = {
    OrderType.STOP: (OrderPurpose.STOP, ExitReason.STOP_LOSS),
    OrderType.TAKE_PROFIT: (OrderPurpose.TARGET, ExitReason.TAKE_PROFIT),
}


class Adoption:
    """Takes over what others have left on the account, with rows that add up."""

    def __init__(
        self,
        context: EngineContext,
        orders: WorkingOrders,
        sender: OrderSender,
        ledger: Ledger,
        externals: Externals,
    ) -> None:
        self._context = context
        self._orders = orders
        self._sender = sender
        self._ledger = ledger
        self._externals = externals

    def adopt_position(self, external: External) -> None:
        """Hold what the venue holds beyond ours as a position with the usual stop and target."""
        price = external.price or self._last_price(external.symbol)
        if price is None:
            self._externals.refuse(external, "neither the venue nor the market tells a price")
            return
        key, now_ms = self._key(external), self._context.now_ms()
        side = Direction(external.side)
        order = self._order(external, key, Side.to_open(side), OrderType.MARKET, None)
        working = Working(replace(order, quantity=external.quantity), reported=external.quantity)
        self._sender.update(working, working.order)
        self._orders.add(working)
        self._ledger.book(
            Fill(
                client_order_id=key,
                venue_order_id="",
                venue_trade_id=f"adopted-{key}",
                symbol=external.symbol,
                side=order.side,
                quantity=external.quantity,
                price=price,
                fee=ZERO,
                fee_currency=external.symbol.partition("/")[2].partition(":")[0],
                time_ms=now_ms,
            )
        )
        position = self._context.book.get(key)
        levels = "" if position is None else self._levels(position)
        self._externals.decide(
            external, ExternalStatus.ADOPTED, f"is adopted as a position{levels}"
        )

    def _levels(self, position: LivePosition) -> str:
        """Set the levels so that none is beyond the price already; return them in words.

        A position that won or lost more than its levels allow would else be closed at once.
        """
        price = self._last_price(position.symbol)
        origin = "entry"
        if price is not None and position.protection.touched_at(price) is not None:
            spec = self._context.spec_of(position.strategy)
            position.protection = Protection.at_entry(spec, position.side, price)
            self._context.book.protect(position)
            record_position(self._context, position)
            origin = "last price"
        stop, target = position.protection.stop, position.protection.target
        return f" with stop {_text(stop)} and target {_text(target)}, measured from the {origin}"

    async def adopt_order(self, venue: Venue, external: External, report: OrderReport) -> None:
        """Track an order that rests as our own. Raises what the venue raises, then nothing is."""
        if self._closes(report):
            self._adopt_guard(venue, external, report)
            return
        fills = []
        if report.filled:
            since_ms = min(report.updated_ms or external.first_seen_ms, external.first_seen_ms)
            fills = await venue.fills(report.symbol, since_ms - _BEFORE_MS)
        key = self._key(external)
        order = self._order(external, key, report.side, report.type, report.price)
        order = replace(order, quantity=report.quantity, venue_order_id=report.venue_order_id)
        working = self._track(venue, order, report)
        for fill in fills:
            if fill.venue_order_id == report.venue_order_id:
                self._ledger.book(replace(fill, client_order_id=key))
        what = f"is adopted as {working.order.client_order_id}: it opens a position when it fills"
        self._externals.decide(external, ExternalStatus.ADOPTED, what)

    def _closes(self, report: OrderReport) -> bool:
        is_spot = self._context.setup.market is MarketType.SPOT
        return report.reduce_only or (is_spot and report.side is Side.SELL)

    def _adopt_guard(self, venue: Venue, external: External, report: OrderReport) -> None:
        """Make a stop or target that was placed by hand that of the position it protects."""
        position = self._protected(report)
        if report.type not in _GUARD_OF:
            why = "it closes a position, and the desk closes by stop, target or market only"
            self._externals.refuse(external, f"{why}: leave it, ignore it or cancel it")
            return
        if position is None or report.price is None:
            self._externals.refuse(
                external, "the desk holds no position that it protects: adopt that one first"
            )
            return
        purpose, reason = _GUARD_OF[report.type]
        order = replace(
            self._order(external, self._key(external), report.side, report.type, report.price),
            position_key=position.key,
            strategy=position.strategy,
            timeframe=position.timeframe,
            quantity=report.quantity or position.holding.held,
            venue_order_id=report.venue_order_id,
            purpose=purpose,
            reason=reason,
            reduce_only=True,
        )
        self._track(venue, order, report)
        levels = position.protection
        position.protection = (
            replace(levels, stop=report.price, is_trailing=False)
            if purpose is OrderPurpose.STOP
            else replace(levels, target=report.price)
        )
        self._context.book.protect(position)
        record_position(self._context, position)
        what = f"is adopted as the {purpose} of {position.side} {position.symbol}"
        self._externals.decide(external, ExternalStatus.ADOPTED, what)

    def _protected(self, report: OrderReport) -> LivePosition | None:
        """Return the live position that an order closes: one that it fits, else the oldest."""
        fitting = [
            position
            for position in self._context.book
            if position.is_live
            and position.symbol == report.symbol
            and Side.to_close(position.side) is report.side
        ]
        exact = [one for one in fitting if one.holding.held == report.quantity]
        return next(iter(exact or fitting), None)

    def _track(self, venue: Venue, order: Order, report: OrderReport) -> Working:
        """Take an order among the working ones, by the venue's id."""
        now_ms = self._context.now_ms()
        working = Working(order, reported=report.filled, sent_ms=now_ms, heard_ms=now_ms)
        self._sender.update(working, order)
        self._orders.add(working)
        venue.follow([working.order])
        return working

    def _key(self, external: External) -> str:
        context = self._context
        return adopted_id(
            context.store_id, context.setup.name, external.venue_key, context.now_ms()
        )

    def _order(
        self, external: External, key: str, side: Side, kind: OrderType, price: Decimal | None
    ) -> Order:
        """Return an entry whose strategy is its own: each adoption holds its own position."""
        now_ms = self._context.now_ms()
        return Order(
            client_order_id=key,
            position_key=key,
            strategy=f"{ADOPTED}{key[-6:]}",
            symbol=external.symbol,
            side=side,
            type=kind,
            reduce_only=False,
            quantity=None,
            cost=None,
            price=price,
            status=OrderStatus.OPEN,
            created_ms=now_ms,
            updated_ms=now_ms,
            reason=f"adopted {external.kind} of the account",
            purpose=OrderPurpose.ENTRY,
            timeframe=self._context.setup.timeframe,
            is_live=True,
        )

    def _last_price(self, symbol: str) -> Decimal | None:
        quote = self._context.market.real_quotes.get(symbol)
        return quote.price if quote else None


def _text(price: Decimal | None) -> str:
    return "none" if price is None else money_text(price)
