"""Clearance: takes stops and targets away before a spot exit, with their position, and when they
come in too late to be wanted.

On spot a stop locks what an exit would sell, and one that is forgotten sells what is not the
position's; on swaps it would reduce the next position.
"""

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Final

from cts_tui.engine.beside import Step
from cts_tui.engine.book import LivePosition
from cts_tui.engine.context import EngineContext
from cts_tui.engine.guard_orders import GUARDS, expose, is_being_sold, rests
from cts_tui.engine.processor import CycleFigures
from cts_tui.engine.sending import OrderSender
from cts_tui.engine.working import Working, WorkingOrders
from cts_tui.errors import CtsError, RetryableError
from cts_tui.model.trading import OrderPurpose, OrderStatus
from cts_tui.venue.venue import Venue

_ARRIVAL_MS: Final = 2_000
"""So long after it was sent a stop that nobody knows of keeps a spot exit waiting: most of those
that come in at all have come in by then."""
_VAGUE_MS: Final = 10_000
"""The same where the venue cannot say whether it is there, or what it has sold."""
_AGAIN_MS: Final = 1_000
"""A stop that may still come in is called off so often; less often the longer it does not."""
_SLOWER: Final = 10
_UNSURE: Final = (OrderStatus.SUBMITTING, OrderStatus.UNKNOWN)

Look = Callable[[Venue, Working], Awaitable[None]]


class Clearance:
    """One per guard; what it takes away it has looked at, so that what was sold is booked."""

    def __init__(
        self,
        context: EngineContext,
        orders: WorkingOrders,
        sender: OrderSender,
        figures: CycleFigures,
        look: Look,
    ) -> None:
        """`look` asks the venue what became of an order, and books it."""
        self._context = context
        self._orders = orders
        self._sender = sender
        self._figures = figures
        self._look = look

    async def cancel(self, working: Working, why: str) -> bool:
        """Cancel a guard; where it was gone already, look what became of it."""
        is_cancelled = await self._sender.cancel(working, why)
        if not is_cancelled:
            working.is_look_asked, working.next_look_ms = True, 0
        return is_cancelled

    async def release(self, position: LivePosition) -> None:
        """Take the guards of a position away, so that a spot exit finds the balance free.

        What they had sold is booked: the exit must not sell it again. Raises RetryableError where
        the venue did not answer, or does not say yet what they sold.
        """
        venue = self._context.live_venue
        for working in self._orders.of_position(position.key, *GUARDS):
            if not working.order.status.is_final:
                await self.cancel(working, "its position is being closed")
                expose(self._context, position, working.order.purpose)
            if venue is not None:
                await self._look(venue, working)
            if self._orders.is_active(working) and not self._is_let_be(working):
                raise RetryableError("what its stop has sold is not known yet", 1.0)

    def _is_let_be(self, working: Working) -> bool:
        """Return whether an exit goes out although a guard may still come in.

        It was called off and looked for: it locks nothing now. To wait until it cannot come in any
        more would leave the position open, with no stop, for a minute.
        """
        if working.order.status not in _UNSURE:
            return False
        patience_ms = _ARRIVAL_MS if working.absent_looks else _VAGUE_MS
        return self._context.now_ms() - working.sent_ms >= patience_ms

    async def clear(self, symbol: str) -> bool:
        """Take away what still rests on a symbol for positions that are closed; return whether.

        A stop that only reduces would reduce the next position, whosever it is.
        """
        venue = self._context.live_venue
        for working in [one for one in self._left_over() if one.order.symbol == symbol]:
            try:
                if await self.cancel(working, "its position is closed"):
                    continue
                if venue is not None:
                    await self._look(venue, working)
            except CtsError as error:
                self._figures.record_error(error, self._context.now_ms())
            if not working.order.status.is_final:
                return False
        return True

    def steps(self, venue: Venue) -> Iterator[tuple[Working, Step]]:
        """Yield what is to be done now about guards that nobody wants any more."""
        for working in self._left_over():
            if rests(working):
                yield working, partial(self.cancel, working, "its position is closed")
        now_ms = self._context.now_ms()
        for working in self._unwanted(venue):
            if now_ms >= working.next_cancel_ms:
                yield working, partial(self._call_off, venue, working)

    async def _call_off(self, venue: Venue, working: Working) -> None:
        """Cancel a guard that may still come in; book what it has done where it did."""
        now_ms, before = self._context.now_ms(), working.order.status
        waited_ms = max(0, now_ms - working.sent_ms)
        working.next_cancel_ms = now_ms + max(_AGAIN_MS, waited_ms // _SLOWER)
        if await self._sender.cancel(working, "it came in after its position was closed"):
            await self._look(venue, working)
            self._sender.tell(working.order, "it came in late and was called off", before=before)

    def _unwanted(self, venue: Venue) -> list[Working]:
        """Return the guards that may come in though their position is sold, or is being sold."""
        book = self._context.book
        being_sold = [
            working
            for working in self._orders
            if (position := book.get(working.order.position_key)) is not None
            and _is_live_guard(working)
            and is_being_sold(position, venue)
        ]
        may_come = [*self._left_over(), *being_sold]
        return [working for working in may_come if working.order.status is OrderStatus.UNKNOWN]

    def _left_over(self) -> list[Working]:
        """Return the guards of closed positions that are not over for certain.

        A position whose entry is still at work is not closed: its fills are yet to be told.
        """
        book, orders = self._context.book, self._orders
        return [
            working
            for working in self._orders
            if _is_live_guard(working)
            and not working.order.status.is_final
            and book.get(working.order.position_key) is None
            and not orders.of_position(working.order.position_key, OrderPurpose.ENTRY)
        ]


def _is_live_guard(working: Working) -> bool:
    return working.order.purpose in GUARDS and working.order.is_live
