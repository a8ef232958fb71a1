"""The orders that rest at the venue against those that we believe to rest there."""

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from cts_tui.engine.context import EngineContext
from cts_tui.engine.differences import Differences, ours
from cts_tui.engine.externals import Externals
from cts_tui.engine.ledger import Ledger
from cts_tui.engine.missed_fills import MissedFills
from cts_tui.engine.resolution import Resolver
from cts_tui.engine.sending import OrderSender
from cts_tui.engine.working import Working, WorkingOrders
from cts_tui.model.external import ExternalKind
from cts_tui.model.trading import EventKind, OrderPurpose, OrderStatus, OrderType
from cts_tui.venue.venue import OrderReport, Venue

_SETTLING_MS: Final = 5_000
"""A listing may still hold what ended a moment before it was asked for."""
_RESTING: Final = (OrderStatus.OPEN, OrderStatus.PARTIALLY_FILLED)


class OrderCheck:
    """Moves our orders along, revives what was given up, shows what is not ours."""

    def __init__(
        self,
        context: EngineContext,
        orders: WorkingOrders,
        sender: OrderSender,
        ledger: Ledger,
        resolver: Resolver,
        fills: MissedFills,
        externals: Externals,
        differences: Differences,
    ) -> None:
        self.reports: dict[str, OrderReport] = {}
        """What rested and was not ours at the last look, by the venue's id."""
        self.vanished: dict[str, int] = {}
        """Guards that are not in the listing, by client order id, and since when."""
        self._context = context
        self._orders = orders
        self._sender = sender
        self._ledger = ledger
        self._resolver = resolver
        self._fills = fills
        self._externals = externals
        self._differences = differences

    async def look(self, venue: Venue, symbols: Collection[str]) -> None:
        """Compare once. Raises what the venue raises."""
        asked_ms = self._context.now_ms()
        reports = await venue.open_orders(sorted(symbols))
        foreign: dict[str, OrderReport] = {}
        listed: set[str] = set()
        for report in reports:
            working = self._own(report)
            if working is not None:
                listed.add(working.order.client_order_id)
                await self._take(working, report, asked_ms)
            elif not self._may_be_ours(report):
                foreign[report.venue_order_id] = report
                self._externals.see_order(report)
        self.reports = foreign
        self._externals.absent(ExternalKind.ORDER, symbols, foreign.keys())
        self._look_for_vanished(symbols, listed, asked_ms)

    def _own(self, report: OrderReport) -> Working | None:
        if self._externals.is_there(ExternalKind.ORDER, report.venue_order_id):
            return None
        return ours(self._context, self._orders, report.client_order_id, report.venue_order_id)

    def _may_be_ours(self, report: OrderReport) -> bool:
        """Return whether a nameless order may be one of ours whose answer is still to come."""
        return not report.client_order_id and any(
            working.order.is_live
            and working.order.symbol == report.symbol
            and not working.order.venue_order_id
            for working in self._orders
        )

    async def _take(self, working: Working, report: OrderReport, asked_ms: int) -> None:
        if not working.order.status.is_final:
            self._ledger.report(replace(report, client_order_id=working.order.client_order_id))
            return
        is_old_news = working.order.updated_ms > asked_ms - _SETTLING_MS
        if not is_old_news and working.order.status is not OrderStatus.FILLED:
            await self._revive(working, report)

    async def _revive(self, working: Working, report: OrderReport) -> None:
        """Take an order back to work that rests although it had ended for us.

        An entry came in too late to be wanted, and is cancelled at once.
        """
        order = working.order
        working.reported = max(working.reported, report.filled)
        working.heard_ms, working.is_cancel_asked = self._context.now_ms(), False
        status = OrderStatus.PARTIALLY_FILLED if order.filled else OrderStatus.OPEN
        venue_order_id = report.venue_order_id or order.venue_order_id
        self._sender.update(
            working, replace(order, status=status, venue_order_id=venue_order_id, answer="")
        )
        self._orders.add(working)
        self._fills.linger(order.symbol)
        self._differences.tell(
            order.symbol,
            f"{order.purpose} {order.side} {order.symbol} rests at the venue although it had ended "
            f"({order.answer or order.status})",
            before=order.status,
            after=status,
            kind=EventKind.ORDER,
        )
        if order.purpose is OrderPurpose.ENTRY:
            await self._call_off(working)

    async def _call_off(self, working: Working) -> None:
        why = "it came in after it had been given up"
        before = working.order.status
        if await self._sender.cancel(working, why):
            self._sender.tell(
                working.order, f"cancelled: {why}", before=before, after=OrderStatus.CANCELLED
            )
        self._resolver.look_now(working)  # a part of it may have filled

    def _look_for_vanished(
        self, symbols: Collection[str], listed: Collection[str], asked_ms: int
    ) -> None:
        """Have it found out what became of the orders that should rest and do not."""
        missing: dict[str, int] = {}
        for working in self._orders:
            order = working.order
            rests = order.is_live and order.status in _RESTING and order.type != OrderType.MARKET
            is_news = max(working.sent_ms, working.heard_ms) >= asked_ms
            if not rests or is_news or order.symbol not in symbols:
                continue
            if order.client_order_id in listed:
                continue
            missing[order.client_order_id] = self.vanished.get(order.client_order_id, asked_ms)
            self._resolver.look_now(working)
        self.vanished = missing
