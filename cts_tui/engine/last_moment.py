"""The last moment before an order goes out: its intent is recorded, and time has passed since."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from cts_tui.engine.book import LivePosition
from cts_tui.engine.context import EngineContext
from cts_tui.engine.entries import Entries
from cts_tui.engine.netting import entry_opposition
from cts_tui.engine.processor import CycleFigures
from cts_tui.engine.requests import EntryRequest, Request, exit_quantity
from cts_tui.engine.sending import OrderSender
from cts_tui.engine.working import Working, WorkingOrders
from cts_tui.errors import CtsError


class LastMoment:
    """Looks again at what may have changed, and makes way for the order."""

    def __init__(
        self,
        context: EngineContext,
        orders: WorkingOrders,
        sender: OrderSender,
        figures: CycleFigures,
    ) -> None:
        self._context = context
        self._orders = orders
        self._sender = sender
        self._figures = figures
        self.entries: Entries | None = None
        """The trader's limits, and the entries that rest; None in a replay."""
        self.clear: Callable[[str], Awaitable[bool]] | None = None
        """Takes away the stops on a symbol whose positions are closed; returns whether (swaps)."""
        self.release: Callable[[LivePosition], Awaitable[None]] | None = None
        """Takes away the stop at the venue that locks the balance which an exit needs (spot)."""

    async def fault(self, request: Request, working: Working) -> str | None:
        """Return why an order whose intent is recorded goes out no more, None where it does."""
        entries = self.entries
        if isinstance(request, EntryRequest):
            if self._orders.has_unknown(working.order.symbol):
                return "an order sent before it on this symbol has an unknown outcome"
            opposition = entry_opposition(self._context, self._orders, working.order)
            if opposition is not None:
                return opposition
            if working.order.is_live and self.clear and not await self.clear(working.order.symbol):
                return "a stop of an earlier position still rests on the symbol"
            return None if entries is None else await entries.late_fault(working.order)
        if entries is not None:
            await entries.stop_entering(request.position.key)
        if not await self._is_released(request.position, working):
            return "the stop at the venue could not be taken away, or has closed the position"
        return None

    async def _is_released(self, position: LivePosition, working: Working) -> bool:
        """Free what a resting stop locks on spot; return whether the exit may go out.

        The stop may have sold a part meanwhile: the exit sells what is left.
        """
        venue = self._context.live_venue
        if not position.is_live or self.release is None or venue is None:
            return True
        if venue.traits.has_positions:
            return True
        try:
            await self.release(position)
        except CtsError as error:
            self._figures.record_error(error, self._context.now_ms())
            return False
        if self._context.book.get(position.key) is not position:
            return False
        left = exit_quantity(self._context, position)
        if left != working.order.quantity:
            self._sender.update(working, replace(working.order, quantity=left))
        return True
