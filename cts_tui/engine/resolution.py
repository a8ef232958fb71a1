"""Resolver: asks the venue about live orders until it is known what became of each.

An order whose outcome is not known ends by evidence alone (S5). Not found is no evidence by itself:
only after the venue's window, after several looks that agree, and after a cancel by client id.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from cts_tui.clock import is_waiting
from cts_tui.engine.beside import Beside
from cts_tui.engine.context import EngineContext
from cts_tui.engine.ledger import Ledger
from cts_tui.engine.processor import CycleReport, Processor
from cts_tui.engine.sending import OrderSender
from cts_tui.engine.working import Working, WorkingOrders
from cts_tui.errors import CtsError
from cts_tui.model.records import GIVEN_UP, Order
from cts_tui.model.trading import OrderPurpose, OrderStatus, OrderType
from cts_tui.venue.venue import Search, Venue

_FIRST_WAIT_MS: Final = 500
_LONGEST_WAIT_MS: Final = 30_000
_SILENCE_MS: Final = {OrderType.MARKET: 2_000}
_RESTING_SILENCE_MS: Final = 30_000
"""How long the venue may say nothing of an order that rests before it is asked."""
_AGREEING_LOOKS: Final = 3
_CLOCK_MARGIN_MS: Final = 10_000
_PLACES_NEEDED: Final = 2
_EXIT_WINDOW_S: Final = 5.0


class Resolver(Processor):
    """One per engine; idle while no live order is on its way."""

    name = "resolve"
    interval_s = 0.5
    patience_s = 60.0

    def __init__(
        self, context: EngineContext, orders: WorkingOrders, sender: OrderSender, ledger: Ledger
    ) -> None:
        super().__init__()
        self._context = context
        self._orders = orders
        self._sender = sender
        self._ledger = ledger
        self._beside = Beside(self._failed)
        self.on_given_up: Callable[[Order], None] = _ignore
        """Hears of every order that ends because nothing is found of it: it may come in late."""

    @property
    def unknown(self) -> int:
        """How many orders have an unknown outcome now."""
        return sum(working.order.status is OrderStatus.UNKNOWN for working in self._orders)

    async def cycle(self) -> CycleReport:
        """Look for every order that is due; one that cannot be looked for keeps up no other."""
        venue, now_ms = self._context.live_venue, self._context.now_ms()
        if venue is None:
            return CycleReport()
        due = [working for working in self._orders if self._is_due(working, now_ms)]
        for working in due:
            step = partial(self._isolated, venue, working)
            self._beside.start(working.order.client_order_id, step)
        await self._beside.settle()
        if due:
            self._context.recorder.flush_when_full()
        return CycleReport(len(due))

    async def run(self) -> None:
        """Run cycles until cancelled."""
        try:
            await super().run()
        finally:
            await self._beside.close()

    async def _isolated(self, venue: Venue, working: Working) -> None:
        """Look for one order; one that cannot be looked for waits longer for the next look."""
        try:
            await self.look(venue, working)
        except CtsError as error:
            self._failed(error)
            self._later(working)

    def _failed(self, error: Exception) -> None:
        self.figures.record_error(error, self._context.now_ms())

    def _is_due(self, working: Working, now_ms: int) -> bool:
        order = working.order
        if not order.is_live or is_waiting(working.next_look_ms, now_ms, _LONGEST_WAIT_MS):
            return False
        if order.status is OrderStatus.UNKNOWN or order.status.is_final:
            return True  # of one that is over, fills are missing
        if working.is_look_asked or working.is_cancel_asked:
            return True
        if order.status in (OrderStatus.INTENT, OrderStatus.SUBMITTING):
            return False  # it is being sent
        silence_ms = _SILENCE_MS.get(order.type, _RESTING_SILENCE_MS)
        return now_ms - max(working.heard_ms, working.sent_ms) >= silence_ms

    def look_now(self, working: Working) -> None:
        """Look for an order at once: what else is known of it does not agree with the venue."""
        working.is_look_asked, working.next_look_ms = True, 0
        self.wake()

    async def look(self, venue: Venue, working: Working) -> None:
        """Ask what became of one order, and book what is found.

        Raises RetryableError and its kin where the venue cannot tell.
        """
        self._later(working)
        search = await venue.find(working.order)
        working.is_look_asked = False
        if search.report is None:
            await self._absent(venue, working, search)
            return
        before = working.order.status
        self._ledger.report(search.report)
        if not working.order.status.is_final:
            working.is_cancel_asked = False  # it rests: who wants it cancelled has to ask again
        if before is OrderStatus.UNKNOWN:
            places = ", ".join(search.asked)
            self._sender.tell(
                working.order,
                f"found at the venue ({places}): {search.report.status}",
                before=before,
            )
        if working.reported > working.order.filled:
            await self.fetch_fills(venue, working.order)

    async def fetch_fills(self, venue: Venue, order: Order) -> None:
        """Book the fills of an order that the venue has not told of by itself."""
        for fill in await venue.fills(order.symbol, order.created_ms - _CLOCK_MARGIN_MS):
            self._ledger.book(fill)

    async def _absent(self, venue: Venue, working: Working, search: Search) -> None:
        """Count a look that found nothing; end the order once that is evidence."""
        order, now_ms = working.order, self._context.now_ms()
        await self.fetch_fills(venue, order)
        is_vague = search.silent or len(search.asked) < _PLACES_NEEDED
        if working.order.filled > order.filled or is_vague:
            return
        working.absent_looks += 1
        waited_ms = now_ms - (working.sent_ms or order.created_ms)
        asked = f"asked {', '.join(search.asked)}: not there, look {working.absent_looks}"
        if order.status is OrderStatus.UNKNOWN:
            self._sender.tell(
                order, f"{asked}, {waited_ms / 1000:.0f} s after it was sent", before=order.status
            )
        is_early = waited_ms < _window_s(order, venue) * 1000
        if is_early or working.absent_looks < _AGREEING_LOOKS:
            return
        if await self._sender.cancel(working, "found while it was being cancelled"):
            working.next_look_ms = 0  # it was there after all: did a part of it fill?
            working.reported = max(working.reported, working.order.filled)
            return
        if working.absent_looks > _AGREEING_LOOKS:
            before = working.order.status
            has_arrived = bool(order.venue_order_id or order.filled)
            fate = "it is gone" if has_arrived else "it never arrived"
            answer = f"{GIVEN_UP}{fate}: {asked}, and there was nothing to cancel"
            status = OrderStatus.CANCELLED if has_arrived else OrderStatus.REJECTED
            self._sender.end(working, status, answer)
            self._sender.tell(working.order, answer, before=before)
            self.on_given_up(working.order)

    def _later(self, working: Working) -> None:
        """Wait longer before each further look at the same order."""
        looks = working.looks
        working.looks += 1
        wait_ms = min(_FIRST_WAIT_MS << min(looks, 10), _LONGEST_WAIT_MS)
        working.next_look_ms = self._context.now_ms() + wait_ms


def _ignore(_order: Order) -> None:
    """Nobody listens."""


def _window_s(order: Order, venue: Venue) -> float:
    """Return how long an order may still turn up.

    What only reduces a swap is asked for again soon: should both arrive, no more than all closes.
    """
    window_s = venue.traits.absence_window_s
    is_bounded = order.purpose is OrderPurpose.EXIT and venue.traits.has_positions
    return min(window_s, _EXIT_WINDOW_S) if is_bounded else window_s
