"""Fills of the account that nobody told of: those of our orders are booked, others only known.

A venue tells of one symbol at a time, and asking costs of the budget that orders need. So with
many symbols each round asks for those it asked for longest ago; after a cut for all at work.
"""

from collections import OrderedDict
from collections.abc import Collection
from dataclasses import replace
from typing import Final

from cts_tui.engine.context import EngineContext
from cts_tui.engine.differences import Differences, ours
from cts_tui.engine.fill_names import FillNames
from cts_tui.engine.ledger import Ledger
from cts_tui.engine.processor import CycleFigures
from cts_tui.engine.working import WorkingOrders
from cts_tui.errors import CtsError
from cts_tui.model.money import money_text
from cts_tui.model.records import Fill, Order
from cts_tui.model.trading import EventKind
from cts_tui.venue.venue import Venue

_FIRST_MARGIN_MS: Final = 300_000
_MARGIN_MS: Final = 60_000
"""Fills are asked for again from a minute before the last look: some come in late."""
_LINGER_MS: Final = 300_000
"""So long a symbol is looked at after the last order or position on it was over."""
_NEWS_MS: Final = 5_000
"""A younger fill may still be on its way by stream: to book it first is no difference."""
_KEPT: Final = 5_000
_MOST_AT_WORK: Final = 40
_MOST_IDLE: Final = 10
"""So many symbols a round: with 20 of 6,000 a minute for each (Binance) a third of the budget."""

TradeKey = tuple[str, str]
"""Symbol and the venue's trade id."""


class MissedFills:
    """Asks for the fills of every symbol on which something of ours is at work."""

    def __init__(
        self,
        context: EngineContext,
        orders: WorkingOrders,
        ledger: Ledger,
        differences: Differences,
        names: FillNames,
        figures: CycleFigures,
    ) -> None:
        self._context = context
        self._orders = orders
        self._ledger = ledger
        self._differences = differences
        self._names = names
        self._figures = figures
        self._fetched_ms: dict[str, int] = {}
        self._since_cut: set[str] = set()
        """Symbols asked for since the streams were cut."""
        self._active_ms: dict[str, int] = {}
        self._foreign: OrderedDict[TradeKey, str] = OrderedDict()
        """Fills that were not ours by the name they bore: a venue may learn the name later."""

    def linger(self, symbol: str) -> None:
        """Look at a symbol for a while: something of ours was at work there."""
        self._active_ms[symbol] = self._context.now_ms()

    def suspect(self, order: Order) -> None:
        """Look for the fills of an order that was given up: it may come in late all the same.

        Fills that were nobody's so far may turn out to be of it.
        """
        self._names.suspect(order)
        self._fetched_ms.pop(order.symbol, None)
        for key in [key for key in self._foreign if key[0] == order.symbol]:
            del self._foreign[key]

    def again(self) -> None:
        """Ask for all that is at work in the next round: fills may have been told to nobody."""
        self._since_cut.clear()

    async def look(self, venue: Venue) -> Collection[str]:
        """Book what was missed; return the symbols whose fills could not be had."""
        failed = []
        for symbol in self._due():
            try:
                await self._fetch(venue, symbol)
            except CtsError as error:
                self._figures.record_error(error, self._context.now_ms())
                failed.append(symbol)
        return failed

    def _due(self) -> list[str]:
        """Return the symbols to ask for in this round, those not asked for longest first."""
        at_work = {position.symbol for position in self._context.book if position.is_live}
        at_work |= {working.order.symbol for working in self._orders if working.order.is_live}
        for symbol in at_work:
            self.linger(symbol)
        self._forget()
        idle = {*self._active_ms, *self._names.suspected()} - at_work
        unread = len(at_work - self._since_cut)
        return (
            sorted(at_work, key=self._longest_ago)[: max(unread, _MOST_AT_WORK)]
            + sorted(idle, key=self._longest_ago)[:_MOST_IDLE]
        )

    def _longest_ago(self, symbol: str) -> tuple[bool, int]:
        return symbol in self._since_cut, self._fetched_ms.get(symbol, 0)

    def _forget(self) -> None:
        """Let go of symbols on which nothing of ours was at work for a while."""
        over_ms = self._context.now_ms() - _LINGER_MS
        for symbol in [symbol for symbol, at_ms in self._active_ms.items() if at_ms < over_ms]:
            del self._active_ms[symbol]
        for symbol in self._fetched_ms.keys() - self._active_ms.keys() - {*self._names.suspected()}:
            del self._fetched_ms[symbol]
            self._since_cut.discard(symbol)

    async def _fetch(self, venue: Venue, symbol: str) -> None:
        now_ms = self._context.now_ms()
        fills = await venue.fills(symbol, self._since_ms(symbol, now_ms))
        for fill in await self._names.named(venue, fills):
            self._take(fill)
        self._fetched_ms[symbol] = now_ms
        self._since_cut.add(symbol)

    def _since_ms(self, symbol: str, now_ms: int) -> int:
        """Return from when on a fill of ours may have been missed."""
        fetched_ms = self._fetched_ms.get(symbol)
        if fetched_ms is not None:
            return fetched_ms - _MARGIN_MS
        orders = (one.order for one in self._orders if one.order.symbol == symbol)
        begun = [order.created_ms for order in orders if order.is_live]
        begun += [one.entry_time_ms for one in self._context.book if one.symbol == symbol]
        newest_ms = self._context.last_fill_ms(symbol)
        first_ms = min(begun, default=now_ms) if newest_ms is None else newest_ms
        suspected_ms = self._names.since_ms(symbol)
        return min(first_ms, suspected_ms or first_ms) - _FIRST_MARGIN_MS

    def _take(self, fill: Fill) -> None:
        key = (fill.symbol, fill.venue_trade_id)
        if self._foreign.get(key) == fill.client_order_id:
            return
        working = ours(self._context, self._orders, fill.client_order_id, fill.venue_order_id)
        if working is None:
            self._foreign[key] = fill.client_order_id
            if len(self._foreign) > _KEPT:
                self._foreign.popitem(last=False)
            return
        if fill.venue_trade_id in working.trade_ids:
            return
        order, booked = working.order, self._ledger.fills
        self._ledger.book(replace(fill, client_order_id=order.client_order_id))
        if self._ledger.fills > booked and self._context.now_ms() - fill.time_ms > _NEWS_MS:
            filled = money_text(order.filled + fill.quantity)
            self._differences.tell(
                fill.symbol,
                f"a fill was missed and is booked now: {order.purpose} {fill.side} "
                f"{money_text(fill.quantity)} at {money_text(fill.price)}",
                before=f"filled {money_text(order.filled)}",
                after=f"filled {filled}",
                kind=EventKind.ORDER,
            )
