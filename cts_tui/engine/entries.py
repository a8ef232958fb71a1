"""Entries: what the trader's limits, the venue's margin and the clock make of them.

Not part of a replay, which enters as a backtest does.
"""

from collections.abc import Callable
from typing import Final

from cts_tui.engine.book import Holder
from cts_tui.engine.context import EngineContext
from cts_tui.engine.limits import EntryLimits
from cts_tui.engine.loss_limits import LossLimits
from cts_tui.engine.margin import MarginKeeper
from cts_tui.engine.requests import EntryRequest, entry_again
from cts_tui.engine.resting_entries import Remainder, RestingEntries
from cts_tui.engine.risk import Refusal, check_entry
from cts_tui.engine.sending import OrderSender
from cts_tui.engine.working import Working, WorkingOrders
from cts_tui.model.records import Order
from cts_tui.model.trading import OrderType

_LATE_MS: Final = 10_000
"""Age from which an entry that waited (for the store, for others on its symbol) is an old idea."""


class Entries:
    """What execution asks about the entries of one connection."""

    def __init__(
        self,
        context: EngineContext,
        orders: WorkingOrders,
        sender: OrderSender,
        entering: Callable[[Holder], None],
    ) -> None:
        """`entering` hears whose entry is on its way again."""
        self._context = context
        self._orders = orders
        self._sender = sender
        self._entering = entering
        self.losses = LossLimits(context)
        self.limits = EntryLimits(context, orders, sender, self.losses)
        self.resting = RestingEntries(context, orders, sender, self._again)
        self._margin = MarginKeeper(context)

    def begin(self) -> None:
        """Check the next entries against what is open and on its way by now."""
        self.limits.begin()

    def refusal(self, order: Order, request: EntryRequest) -> Refusal | None:
        """Return why the limits let an entry not go out."""
        return self.limits.refusal(order, order.price or request.signal.price)

    async def late_fault(self, order: Order) -> str | None:
        """Return what has come up since an entry was checked, at the last moment."""
        if self._context.entries_stopped:
            return self._context.entries_stopped
        if self._context.brakes.reason:
            return self._context.brakes.reason
        late_ms = self._context.now_ms() - order.created_ms
        if late_ms > _LATE_MS:
            return f"it could go out only {late_ms / 1000:.0f} s after it was decided"
        if order.is_live and not self._context.setup.live:
            return "live trading was turned off"
        return await self._margin.fault(order)

    async def stop_entering(self, position_key: str) -> None:
        """Cancel what would enlarge a position that is about to be closed."""
        await self.resting.stop_entering(position_key)

    def placed(self, request: EntryRequest, working: Working) -> None:
        """Hear of an entry that the venue took."""
        self.resting.placed(request, working)

    async def _again(self, left: Remainder) -> None:
        """Send what is left of a limit entry at the price of now, if it may still be entered."""
        order, request = left.order, left.request
        moved = entry_again(self._context, request.signal, order, left.attempt)
        reason = self._not_again(left, moved) or await self.late_fault(moved)
        if reason:
            self._sender.tell(order, f"the rest is given up: {reason}", before=order.status)
            return
        working = Working(moved, request.spec)
        (fault,) = await self._sender.record([working])
        if fault:
            self._sender.tell(order, f"the rest is given up: {fault}", before=order.status)
            return
        await self._sender.send(working)
        if self._orders.is_active(working):
            self._entering(working.holder)
            self.resting.placed(request, working, left.attempt)

    def _not_again(self, left: Remainder, moved: Order) -> str | None:
        """Return why the rest of an entry is not wanted any more."""
        ended, signal = left.order, left.request.signal
        held = self._context.book.held((ended.strategy, ended.symbol, ended.timeframe))
        if moved.is_live is not ended.is_live or moved.type is not OrderType.LIMIT:
            return "it would not be the same order any more"
        if held is not None and held.key != ended.position_key:
            return "the strategy holds another position on this symbol by now"
        if held is None and ended.filled:
            return "its position is closed"
        if self._orders.has_unknown(ended.symbol):
            return "an order on this symbol has an unknown outcome"
        self.begin()
        refusal = check_entry(self._context.entry_situation(signal)) or self.refusal(
            moved, left.request
        )
        return None if refusal is None else refusal.reason
