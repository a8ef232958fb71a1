"""RestingEntries: cancels entries that must not rest any longer, and moves those that waited.

An entry rests no longer once entries are stopped (kill switch, flatten, live turned off), its
position is being closed, or it has waited as long as the settings let it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from cts_tui.engine.context import EngineContext
from cts_tui.engine.order_ids import is_adopted
from cts_tui.engine.processor import CycleReport, Processor
from cts_tui.engine.requests import EntryRequest
from cts_tui.engine.sending import OrderSender
from cts_tui.engine.working import Working, WorkingOrders
from cts_tui.errors import CtsError
from cts_tui.model.records import Order
from cts_tui.model.trading import OrderPurpose, OrderStatus, OrderType, PositionStatus

_RESTING: Final = (OrderStatus.OPEN, OrderStatus.PARTIALLY_FILLED)
_WAITED: Final = "it waited long enough"


@dataclass(frozen=True, slots=True)
class Remainder:
    """What is left of an entry that was cancelled to be sent again at the price of now."""

    request: EntryRequest
    order: Order
    """As it ended."""
    attempt: int
    """Which one comes now, from 1 on."""

    @property
    def quantity(self) -> Decimal:
        """What has not filled."""
        return (self.order.quantity or Decimal(0)) - self.order.filled


class RestingEntries(Processor):
    """One per engine; idle while no entry rests."""

    name = "entries"
    interval_s = 0.5
    patience_s = 60.0

    def __init__(
        self,
        context: EngineContext,
        orders: WorkingOrders,
        sender: OrderSender,
        again: Callable[[Remainder], Awaitable[None]],
    ) -> None:
        """`again` sends what is to be sent again."""
        super().__init__()
        self._context = context
        self._orders = orders
        self._sender = sender
        self._again = again
        self._requests: dict[str, tuple[EntryRequest, int]] = {}
        """Limit entries by client order id, and how often they were moved."""
        self._moving: dict[str, Working] = {}
        """Cancelled ones whose last fills are still to be booked."""

    def placed(self, request: EntryRequest, working: Working, attempt: int = 0) -> None:
        """Remember what an entry that rests was asked for, so that it can be moved."""
        if working.order.type is OrderType.LIMIT:
            self._requests[working.order.client_order_id] = (request, attempt)

    async def cycle(self) -> CycleReport:
        """Cancel what must rest no longer; one that cannot be cancelled keeps up no other."""
        resting = [working for working in self._orders if _rests(working.order)]
        for working in resting:
            why = self._reason(working.order)
            if why:
                await self._isolated(working, why)
        await self._move()
        self._forget()
        if resting:
            self._context.recorder.flush_when_full()
        return CycleReport(len(resting))

    def _reason(self, order: Order) -> str:
        """Return why an entry must not rest any longer; empty where it may."""
        context = self._context
        if context.entries_stopped:
            return context.entries_stopped
        if is_adopted(order):  # the trader placed it, and may take it away
            return ""
        if order.is_live and not context.setup.live:
            return "live trading is off"
        position = context.book.get(order.position_key)
        if position is not None and position.status is PositionStatus.CLOSING:
            return "its position is being closed"
        waited_ms = context.now_ms() - order.created_ms
        is_late = waited_ms >= context.settings.limit_wait_s * 1000
        return _WAITED if is_late and order.type is OrderType.LIMIT else ""

    async def stop_entering(self, position_key: str) -> None:
        """Cancel what would enlarge a position that is about to be closed."""
        for working in self._orders.of_position(position_key, OrderPurpose.ENTRY):
            if _rests(working.order):
                await self._isolated(working, "its position is being closed")

    async def _isolated(self, working: Working, why: str) -> None:
        try:
            await self._cancel(working, why)
        except CtsError as error:
            self.figures.record_error(error, self._context.now_ms())

    async def _cancel(self, working: Working, why: str) -> None:
        """Cancel an entry; where it was gone already, have it looked at at once."""
        before = working.order.status
        if not await self._sender.cancel(working, why):
            working.is_look_asked, working.next_look_ms = True, 0
            return
        self._sender.tell(working.order, f"cancelled: {why}", before=before)
        if why == _WAITED and working.order.client_order_id in self._requests:
            self._moving[working.order.client_order_id] = working

    async def _move(self) -> None:
        """Send what is left of the cancelled ones again, once all their fills are booked."""
        for key, working in list(self._moving.items()):
            if not working.is_settled:
                continue
            del self._moving[key]
            request, attempt = self._requests.pop(key)
            left = Remainder(request, working.order, attempt + 1)
            if attempt < self._context.settings.limit_reprices and left.quantity > 0:
                await self._again(left)

    def _forget(self) -> None:
        """Let go of what was asked for by entries that are over."""
        for key in [key for key in self._requests if key not in self._moving]:
            working = self._orders.find(key)
            if working is None or not self._orders.is_active(working):
                del self._requests[key]


def _rests(order: Order) -> bool:
    """Return whether an entry may wait for its fill; at an exchange one at market does not."""
    if order.purpose is not OrderPurpose.ENTRY or order.status not in _RESTING:
        return False
    return not (order.is_live and order.type is OrderType.MARKET)
