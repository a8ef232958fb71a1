"""Books what the venue tells: reports move orders along, fills open, enlarge and close positions.

Each fill counts once, by the venue's trade id, in whatever order and however often it is told.
"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from cts_tui.engine.book import LivePosition
from cts_tui.engine.context import EngineContext
from cts_tui.engine.order_ids import is_ours
from cts_tui.engine.order_life import with_fill, with_report
from cts_tui.engine.sending import OrderSender
from cts_tui.engine.settlement import close, enter, is_dust, leave, record_position, reopen
from cts_tui.engine.working import Working, WorkingOrders
from cts_tui.model.holding import fee_parts
from cts_tui.model.money import money_text, round_money
from cts_tui.model.records import Fill, Order
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trading import ExitReason, OrderPurpose, PositionStatus, Side
from cts_tui.venue.venue import OrderReport, Updates

_Told = TypeVar("_Told", OrderReport, Fill)


class Ledger:
    """The one place where fills become positions."""

    def __init__(
        self,
        context: EngineContext,
        orders: WorkingOrders,
        sender: OrderSender,
        *,
        on_closed: Callable[[LivePosition], None],
        on_stray: Callable[[str], None],
    ) -> None:
        """`on_closed` hears of positions that closed, `on_stray` of fills that fit nowhere."""
        self.fills = 0
        self._context = context
        self._orders = orders
        self._sender = sender
        self._on_closed = on_closed
        self._on_stray = on_stray

    def take(self, updates: Updates) -> None:
        """Book what a venue has told of by itself."""
        for report in updates.orders:
            self._isolated(self.report, report)
        for fill in updates.fills:
            self._isolated(self.book, fill)

    def _isolated(self, step: Callable[[_Told], object], told: _Told) -> None:
        """Let one message that cannot be booked keep up no other: it is not told again."""
        try:
            step(told)
        except Exception as error:  # noqa: BLE001 - counted and recorded by who hears of strays
            self._on_stray(f"{told} could not be booked: {type(error).__name__}: {error}")

    def report(self, report: OrderReport) -> Working | None:
        """Move an order along; return it, None where the order is none of this engine's."""
        working = self._working(report.client_order_id, report.venue_order_id)
        if working is None:
            return None
        working.heard_ms = self._context.now_ms()
        working.absent_looks = working.looks = 0
        working.reported = max(working.reported, report.filled)
        before = working.order.status
        order = with_report(working.order, report, self._context.now_ms())
        if order is not working.order:
            self._sender.update(working, order)
            if order.status is not before and (order.is_live or order.status.is_final):
                self._sender.tell(working.order, f"now {order.status}", before=before)
        if not working.is_settled:  # it works although it was believed over, or fills are missing
            self._orders.add(working)
        self._settle(working)
        return working

    def book(self, fill: Fill) -> None:
        """Count a fill, once."""
        working = self._working(fill.client_order_id, fill.venue_order_id)
        if working is None:
            if is_ours(fill.client_order_id):
                self._on_stray(f"a fill of {fill.client_order_id}, no working order of this engine")
            return
        if fill.venue_trade_id in working.trade_ids or self._is_beyond(working, fill):
            return
        working.trade_ids.add(fill.venue_trade_id)
        working.heard_ms = self._context.now_ms()
        self.fills += 1
        is_late = not self._orders.is_active(working)
        self._book(working, fill)
        self._settle(working)
        if is_late and working.order.purpose is not OrderPurpose.ENTRY:
            self.conclude(working)

    def _is_beyond(self, working: Working, fill: Fill) -> bool:
        """Return whether a fill of an order of others goes beyond the position it has closed."""
        if working.order.reason != ExitReason.EXTERNAL:
            return False
        position = self._context.book.get(working.order.position_key)
        return position is None or fill.quantity > position.holding.held

    def _working(self, client_order_id: str, venue_order_id: str) -> Working | None:
        """Return the order of either id; one that has ended is taken up again from the store."""
        known = self._orders.find(client_order_id, venue_order_id)
        if known is None:
            known = self._context.recall(client_order_id, venue_order_id)
            if known is not None and known.is_settled:
                self._orders.remember(known)
            elif known is not None:
                self._orders.add(known)
        return known

    def _book(self, working: Working, fill: Fill) -> None:
        context, order = self._context, working.order
        fee = fee_parts(fill, self._price_of(fill))
        self._sender.update(working, with_fill(order, fill, fee.value, context.now_ms()))
        own = fill if fill.client_order_id else _named(fill, order.client_order_id)
        context.recorder.batch.fill(context.setup.id, own)
        if order.purpose is OrderPurpose.ENTRY:
            if context.book.get(order.position_key) is None:
                self._reopened(order)
            enter(context, working.order, self._spec(working), fill, fee)
            return
        left = fill
        for position in self._reduced(order):
            if left.quantity <= position.holding.held:
                self._leave(working, position, left)
                return
            quantity = min(left.quantity, position.holding.held)
            if quantity > 0:
                part, left = _split(left, quantity)
                self._leave(working, position, part)
        if left.quantity > 0:
            self._leave_closed(working, left)

    def _reduced(self, order: Order) -> list[LivePosition]:
        """Return the positions that an order may reduce, its own first.

        A swap account knows one position a symbol and side: a stop that fires when its own is
        closed reduces the next one.
        """
        own = self._context.book.get(order.position_key)
        found, venue = [] if own is None else [own], self._context.live_venue
        if order.is_live and venue is not None and venue.traits.has_positions:
            found += [
                position
                for position in self._context.book
                if position is not own
                and position.is_live
                and position.symbol == order.symbol
                and Side.to_close(position.side) is order.side
            ]
        return found

    def _leave(self, working: Working, position: LivePosition, fill: Fill) -> None:
        fee = fee_parts(fill, self._price_of(fill))
        if leave(self._context, position, _reason(working), fill, fee):
            self._on_closed(position)

    def _leave_closed(self, working: Working, fill: Fill) -> None:
        """Book a fill that nothing open explains on the position that it was to close."""
        order = working.order
        position = self._reopened(order)
        if position is not None:
            self._leave(working, position, fill)
        if position is None or position.holding.held < 0:
            self._beyond(order, fill)

    def _beyond(self, order: Order, fill: Fill) -> None:
        """Tell of what an order traded beyond its position, which had been closed otherwise."""
        what = (
            f"{money_text(fill.quantity)} {fill.symbol} at {money_text(fill.price)} beyond its "
            "position, which was closed already: it was taken from what else the account holds"
        )
        self._on_stray(f"{order.client_order_id} traded {what}")
        verb = "bought" if fill.side is Side.BUY else "sold"
        self._sender.tell(order, f"{verb} {what}", before=order.status)

    def _reopened(self, order: Order) -> LivePosition | None:
        """Take up the closed position of an order whose fill comes in late, if there is one."""
        if not order.is_live:
            return None
        key = order.position_key
        position = self._context.book.closed(key) or self._context.recall_position(key)
        if position is not None:
            reopen(self._context, position)
        return position

    def _price_of(self, fill: Fill) -> Decimal | None:
        """Return the price of the currency a fee was paid in, in the quote of the fill."""
        quote = fill.symbol.partition("/")[2].partition(":")[0]
        priced = self._context.market.quotes.get(f"{fill.fee_currency}/{quote}")
        return priced.price if priced else None

    def _spec(self, working: Working) -> StrategySpec:
        return working.spec or self._context.spec_of(working.order.strategy)

    def _settle(self, working: Working) -> None:
        """Let go of an order that is over."""
        if working.is_settled:
            self._orders.remove(working)

    def conclude(self, working: Working) -> None:
        """Go on with the position of an order that is over.

        What an exit has left is open again, or dust; so may be what an entry brought.
        """
        position = self._context.book.get(working.order.position_key)
        if position is None:
            return
        if self._is_dust(position):
            close(
                self._context,
                position,
                _reason(working),
                self._context.now_ms(),
                status=PositionStatus.CLOSED_WITH_DUST,
            )
            self._on_closed(position)
        elif working.order.purpose is OrderPurpose.EXIT:
            position.status = PositionStatus.OPEN  # a part of it is left: it may be asked for again
            record_position(self._context, position)

    def _is_dust(self, position: LivePosition) -> bool:
        """Return whether what is left is too little to be sold, and nothing will be added."""
        instrument = self._context.instrument(position.symbol)
        if instrument is None or self._orders.of_position(position.key, OrderPurpose.ENTRY):
            return False
        quote = self._context.market.real_quotes.get(position.symbol)
        price = quote.price if quote else position.holding.entry_price
        return is_dust(position.holding.held, instrument, price)


def _split(fill: Fill, quantity: Decimal) -> tuple[Fill, Fill]:
    """Return a part of a fill and the rest, each with its part of the fee."""
    fee = round_money(fill.fee * quantity / fill.quantity)
    rest = replace(fill, quantity=fill.quantity - quantity, fee=fill.fee - fee)
    return replace(fill, quantity=quantity, fee=fee), rest


def _named(fill: Fill, client_order_id: str) -> Fill:
    """Return a fill that the venue tells by its own order id alone, with ours."""
    return replace(fill, client_order_id=client_order_id)


def _reason(working: Working) -> ExitReason:
    """Return why an order closes its position; an entry that brought dust: it has no stop."""
    if working.order.purpose is OrderPurpose.ENTRY:
        return ExitReason.UNPROTECTED
    try:
        return ExitReason(working.order.reason)
    except ValueError:
        return ExitReason.STOP_LOSS
