"""The way out: intents recorded durably, orders sent and cancelled; the only caller of the venue.

Whatever sends an order (execution, the guard of venue-side stops) does it through here.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from cts_tui.engine.acknowledgements import Acknowledgements
from cts_tui.engine.context import EngineContext
from cts_tui.engine.processor import CycleFigures
from cts_tui.engine.working import Working, WorkingOrders
from cts_tui.errors import CtsError, RetryableError, StoreError, UnknownOutcome, VenueError
from cts_tui.model.records import Order
from cts_tui.model.trading import Actor, EventKind, OrderPurpose, OrderStatus
from cts_tui.venue.venue import Accepted, Rejected

_MOST_SENT: Final = 10_000

Answer = Accepted | Rejected | None
"""None: the outcome is not known."""
_UNHEARD: Final = (OrderStatus.INTENT, OrderStatus.SUBMITTING)
"""The venue has not told of the order by itself."""


class OrderSender:
    """Sends orders, each at most once, and notes what the venue answers."""

    def __init__(
        self, context: EngineContext, orders: WorkingOrders, figures: CycleFigures
    ) -> None:
        """`figures` count what goes wrong beside the orders themselves."""
        self.sent = 0
        self.unknown = 0
        """How many outcomes were not known."""
        self.acknowledged = Acknowledgements()
        """How long the exchange took to accept orders."""
        self.sent_times: deque[int] = deque(maxlen=_MOST_SENT)
        """When the last orders went out, oldest first: what their pace is measured by."""
        self._context = context
        self._orders = orders
        self._figures = figures

    async def record(self, prepared: Sequence[Working]) -> list[str | None]:
        """Make intents durable (S4); return for each why it could not be, None where it is.

        All in one transaction. One that the store refuses, because its client order id is taken,
        keeps up no other. Who is cancelled meanwhile sends none of them: they are recorded as over.
        """
        try:
            await self._context.recorder.record_intents([working.order for working in prepared])
        except asyncio.CancelledError:
            for working in prepared:
                self.end(working, OrderStatus.CANCELLED, "never sent: it was broken off before")
            raise
        except StoreError as error:
            if len(prepared) > 1:
                return [one for working in prepared for one in await self.record([working])]
            self._figures.record_error(error, self._context.now_ms())
            return [str(error)]
        return [None] * len(prepared)

    async def send(self, working: Working) -> Answer:
        """Send an order whose intent is on the disk, and record the venue's answer."""
        context = self._context
        if not context.has_lease:
            return self._not_sent(working, "another engine holds the lease of this connection")
        venue = context.venue_for(working.order)
        if venue is None:
            return self._not_sent(working, "not sent: the exchange cannot be reached")
        self.sent += 1
        working.sent_ms = context.now_ms()
        self.sent_times.append(working.sent_ms)
        self._orders.add(working)
        if working.order.is_live:
            self.update(working, replace(working.order, status=OrderStatus.SUBMITTING))
        began = time.perf_counter()
        try:
            answer: Answer = await venue.submit(working.order)
        except RetryableError as error:
            return self._not_sent(working, f"not sent: {error}")
        except VenueError as error:
            answer = Rejected(str(error), error.code)
        except asyncio.CancelledError:
            self._unknown(working, UnknownOutcome("broken off while it was being sent"))
            raise
        except Exception as error:  # noqa: BLE001 - an adapter is a plug-in: it may have arrived
            return self._unknown(working, error)
        if isinstance(answer, Rejected):
            return self._not_sent(working, answer.reason, answer)
        assert answer is not None  # noqa: S101 - a venue answers
        if working.order.is_live:
            self.acknowledged.note((time.perf_counter() - began) * 1000)
        self._accepted(working, answer)
        return answer

    def _accepted(self, working: Working, answer: Accepted) -> None:
        """Note the venue's id; a stream may have told of fills before the answer came."""
        order = working.order
        is_new = order.status in _UNHEARD
        changed = replace(
            order,
            venue_order_id=answer.venue_order_id,
            status=OrderStatus.OPEN if is_new else order.status,
            updated_ms=self._context.now_ms(),
        )
        self.update(working, changed)
        self._orders.note(working)

    def _not_sent(self, working: Working, reason: str, answer: Rejected | None = None) -> Answer:
        """Record that an order does not exist at the venue, unless it has told of it already."""
        if working.order.status in (*_UNHEARD, OrderStatus.REJECTED):
            self.end(working, OrderStatus.REJECTED, reason)
            return answer or Rejected(reason)
        return Accepted(working.order.venue_order_id or "")

    def _unknown(self, working: Working, error: Exception) -> Accepted | None:
        """Record that an order may or may not exist; only evidence ends that (S5).

        A stream may have told of it while the answer was waited for: that is evidence.
        """
        if working.order.status not in _UNHEARD:
            return Accepted(working.order.venue_order_id or "")
        self.unknown += 1
        if not isinstance(error, UnknownOutcome):
            self._figures.record_error(error, self._context.now_ms())
        reason = str(error) or repr(error)
        before = working.order.status
        self.update(working, replace(working.order, status=OrderStatus.UNKNOWN, answer=reason))
        self.tell(working.order, f"the outcome is not known: {reason}", before=before)
        return None

    async def cancel(self, working: Working, why: str) -> bool:
        """Cancel an order at its venue; return whether it was still there to be cancelled.

        An exchange's order ends with its report, which says how much had filled before: the
        resolver asks for it. Raises RetryableError where the venue did not answer: it may rest on.
        """
        venue = self._context.venue_for(working.order)
        if venue is None:
            raise RetryableError("the exchange cannot be reached", 1.0)
        working.is_cancel_asked = True
        try:
            is_cancelled = await venue.cancel(working.order)
        except UnknownOutcome as error:
            raise RetryableError(str(error), 1.0) from error
        if is_cancelled and not working.order.status.is_final:
            if working.order.is_live:
                working.next_look_ms = 0
                self.update(working, replace(working.order, answer=why))
            else:
                self.end(working, OrderStatus.CANCELLED, why)
        return is_cancelled

    def end(self, working: Working, status: OrderStatus, answer: str) -> None:
        """Record how an order ended; it is let go once all its fills are booked."""
        ended = working.order.ended(status, answer)
        self.update(working, ended)
        if working.is_settled:
            self._orders.remove(working)

    def update(self, working: Working, order: Order) -> None:
        """Record a new state of an order.

        In the store it is over only once its fills are booked: who restarts looks for the rest.
        """
        now_ms = self._context.now_ms()
        working.order = order if order.updated_ms == now_ms else replace(order, updated_ms=now_ms)
        stored = working.order
        if order.status.is_final and not working.is_settled:
            status = OrderStatus.PARTIALLY_FILLED if order.filled else OrderStatus.OPEN
            stored = replace(stored, status=status)
        self._context.recorder.batch.order(self._context.setup.id, stored)

    def tell(self, order: Order, message: str, *, before: str, after: str | None = None) -> None:
        """Leave an event of an order (S13)."""
        if self._context.is_recorded:
            return
        self._context.recorder.batch.event(
            time_ms=self._context.now_ms(),
            who=Actor.ENGINE,
            kind=EventKind.ORDER,
            subject=order.client_order_id,
            message=f"{order.purpose} {order.side} {order.symbol}: {message}",
            before=before,
            after=after or order.status,
        )

    async def abandon(self) -> list[Working]:
        """Cancel what must not rest while nobody looks; return what was cancelled.

        Stops and targets at an exchange stay: they protect what is open.
        """
        cancelled = []
        for working in self._orders:
            order = working.order
            rests = order.status in (OrderStatus.OPEN, OrderStatus.PARTIALLY_FILLED)
            if not rests or (order.is_live and order.purpose is not OrderPurpose.ENTRY):
                continue
            try:
                if await self.cancel(working, "the engine stopped"):
                    cancelled.append(working)
            except CtsError as error:
                self._figures.record_error(error, self._context.now_ms())
        return cancelled
