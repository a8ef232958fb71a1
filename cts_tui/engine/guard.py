"""Guard: keeps a stop at the venue for every live position, and a target where it can (S6).

Placed as soon as the entry has filled, sized to what is held, moved when the stop trails, placed
anew when the venue drops it, cancelled with the position.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from cts_tui.clock import is_waiting
from cts_tui.engine.beside import Beside
from cts_tui.engine.book import LivePosition
from cts_tui.engine.clearance import Clearance, Look
from cts_tui.engine.context import EngineContext
from cts_tui.engine.guard_orders import (
    GUARDS,
    Wish,
    expose,
    guard_order,
    hinders,
    is_being_sold,
    rests,
    wishes,
)
from cts_tui.engine.processor import CycleReport, Processor
from cts_tui.engine.requests import ExitRequest
from cts_tui.engine.sending import OrderSender
from cts_tui.engine.settlement import record_position
from cts_tui.engine.working import Working, WorkingOrders
from cts_tui.model.trading import (
    Actor,
    EventKind,
    ExitReason,
    OrderPurpose,
    OrderStatus,
)
from cts_tui.venue.venue import Accepted, Venue

_RETRY_MS: Final = 1_000
_LONGEST_RETRY_MS: Final = 15_000


@dataclass(slots=True)
class _Retry:
    """When a guard that the venue refused, or did not answer to, is tried again."""

    refusals: int = 0
    after_ms: int = 0


class Guard(Processor):
    """One per engine; idle while no live position is open."""

    name = "guard"
    interval_s = 0.5
    patience_s = 60.0

    def __init__(
        self,
        context: EngineContext,
        orders: WorkingOrders,
        sender: OrderSender,
        close: Callable[[ExitRequest], None],
        look: Look,
    ) -> None:
        """`close` takes the positions to close because no stop can protect them.

        `look` asks the venue what became of an order, and books it.
        """
        super().__init__()
        self._context = context
        self._orders = orders
        self._sender = sender
        self._close = close
        self._beside = Beside(self._failed)
        self.clearance = Clearance(context, orders, sender, self.figures, look)
        self._retries: dict[tuple[str, OrderPurpose], _Retry] = {}
        self._alarmed: set[str] = set()

    async def cycle(self) -> CycleReport:
        """Give every live position its guards, and cancel those whose position is gone."""
        venue = self._context.live_venue
        positions = [position for position in self._context.book if position.is_live]
        if venue is not None:
            for position in positions:
                self._beside.start(position.key, partial(self.protect, venue, position))
            await self._beside.settle()
        for position in positions:
            self._watch(position)
        if venue is not None:
            for working, step in self.clearance.steps(venue):
                self._beside.start(working.order.client_order_id, step)
            await self._beside.settle()
        if positions:
            self._context.recorder.flush_when_full()
        return CycleReport(len(positions))

    async def run(self) -> None:
        """Run cycles until cancelled."""
        try:
            await super().run()
        finally:
            await self._beside.close()

    def _failed(self, error: Exception) -> None:
        self.figures.record_error(error, self._context.now_ms())

    async def protect(self, venue: Venue, position: LivePosition) -> None:
        """Bring the guards of one position to what they should be."""
        if is_being_sold(position, venue):
            return
        wanted = wishes(position, venue)
        for purpose in GUARDS:
            wish = wanted.get(purpose)
            guards = self._orders.of_position(position.key, purpose)
            await self._bring(venue, position, purpose, wish, guards)

    async def _bring(
        self,
        venue: Venue,
        position: LivePosition,
        purpose: OrderPurpose,
        wish: Wish | None,
        guards: list[Working],
    ) -> None:
        resting = [one for one in guards if rests(one)]
        if any(hinders(venue, one) for one in guards):
            return  # the resolver looks for it
        if wish is None:
            for working in resting:
                await self.clearance.cancel(working, "it is not wanted any more")
            if purpose is OrderPurpose.STOP and not resting:
                self._leave_to_desk(position)
            return
        right = [one for one in resting if wish.is_met_by(one.order)]
        if right:
            self._confirm(position, purpose, right[0])
            for working in resting:
                if working is not right[0]:
                    await self.clearance.cancel(working, "another one has taken its place")
        elif resting:
            await self._move(venue, position, wish, resting[0])
        else:
            await self._place(venue, position, wish)

    def _leave_to_desk(self, position: LivePosition) -> None:
        """Note that no stop can rest at the venue: the desk's own, if any, runs."""
        if position.unprotected_since_ms is not None:
            position.unprotected_since_ms = None
            record_position(self._context, position)

    async def _move(
        self, venue: Venue, position: LivePosition, wish: Wish, working: Working
    ) -> None:
        """Move a guard: in place where the venue can, else the new one before the old one goes.

        On spot the old one locks the balance and has to go first; that time is measured.
        """
        order = working.order
        if venue.traits.can_amend and await venue.amend(
            order, price=wish.price, quantity=wish.quantity
        ):
            self._sender.update(working, replace(order, price=wish.price, quantity=wish.quantity))
            return
        if venue.traits.has_positions:
            await self._place(venue, position, wish)
        elif await self.clearance.cancel(working, "it moves"):
            expose(self._context, position, wish.purpose)
            await self._place(venue, position, wish)

    async def _place(self, venue: Venue, position: LivePosition, wish: Wish) -> None:
        retry = self._retries.setdefault((position.key, wish.purpose), _Retry())
        now_ms = self._context.now_ms()
        if is_waiting(retry.after_ms, now_ms, _LONGEST_RETRY_MS):
            return
        position.stop_attempts += 1
        working = Working(guard_order(position, wish, now_ms))
        (fault,) = await self._sender.record([working])
        if self._context.book.get(position.key) is None or is_being_sold(position, venue):
            self._sender.end(working, OrderStatus.CANCELLED, "an exit began meanwhile")
            return
        answer = None if fault else await self._sender.send(working)
        if isinstance(answer, Accepted):
            self._retries.pop((position.key, wish.purpose), None)
            self._confirm(position, wish.purpose, working)
        else:
            retry.refusals += 1
            wait_ms = min(_RETRY_MS << min(retry.refusals, 6), _LONGEST_RETRY_MS)
            retry.after_ms = self._context.now_ms() + wait_ms

    def _confirm(self, position: LivePosition, purpose: OrderPurpose, working: Working) -> None:
        """Note that the venue holds a guard."""
        if purpose is OrderPurpose.TARGET:
            position.target_order_id = working.order.client_order_id
            return
        key = working.order.client_order_id
        if position.stop_order_id == key and position.unprotected_since_ms is None:
            return
        bare_ms = self._bare_ms(position)
        position.stop_order_id, position.unprotected_since_ms = key, None
        self._alarmed.discard(position.key)
        record_position(self._context, position)
        self._tell(
            position, f"stop at the venue confirmed after {bare_ms / 1000:.1f} s", "protected"
        )

    def _watch(self, position: LivePosition) -> None:
        """Measure how long a position is without its stop; alarm, and close it where so wished."""
        guards = self._orders.of_position(position.key, OrderPurpose.STOP)
        if position.stop_order_id and not any(
            one.order.client_order_id == position.stop_order_id for one in guards
        ):
            expose(self._context, position, OrderPurpose.STOP)
        settings, bare_ms = self._context.settings, self._bare_ms(position)
        if bare_ms > settings.unprotected_alarm_s * 1000 and position.key not in self._alarmed:
            self._alarmed.add(position.key)
            self._tell(position, f"no stop at the venue for {bare_ms / 1000:.0f} s", "unprotected")
        if settings.unprotected_close_s and bare_ms > settings.unprotected_close_s * 1000:
            self._close(ExitRequest(position, ExitReason.UNPROTECTED))

    def _bare_ms(self, position: LivePosition) -> int:
        """Return for how long a position has had no confirmed stop."""
        since_ms = position.unprotected_since_ms
        return 0 if since_ms is None else self._context.now_ms() - since_ms

    def _tell(self, position: LivePosition, message: str, after: str) -> None:
        self._context.recorder.batch.event(
            time_ms=self._context.now_ms(),
            who=Actor.ENGINE,
            kind=EventKind.POSITION,
            subject=f"{self._context.setup.name}/{position.symbol}",
            message=f"{position.side} {position.holding.held:.8g} {position.symbol}: {message}",
            after=after,
        )
