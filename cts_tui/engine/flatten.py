"""Flattener: closes everything of a connection at market until nothing is left, as a row asks.

It survives restarts, and works with live trading off: an exit of real money is always real.
"""

from typing import Final

from cts_tui.clock import is_waiting
from cts_tui.engine.book import LivePosition
from cts_tui.engine.context import EngineContext
from cts_tui.engine.execution import Execution
from cts_tui.engine.processor import NOTHING, CycleReport, Processor
from cts_tui.engine.requests import ExitRequest
from cts_tui.errors import CtsError
from cts_tui.model.trading import (
    Actor,
    EventKind,
    ExitReason,
    OrderPurpose,
    PositionStatus,
)
from cts_tui.venue.venue import Venue

_FIRST_WAIT_MS: Final = 500
_LONGEST_WAIT_MS: Final = 15_000


class Flattener(Processor):
    """One per engine; idle unless everything is to be closed."""

    name = "flatten"
    interval_s = 0.25
    patience_s = 60.0

    def __init__(self, context: EngineContext, execution: Execution) -> None:
        super().__init__()
        self._context = context
        self._execution = execution
        self._requested_ms: int | None = None
        self._done_ms: int | None = None
        """The request that was carried out last; its row may still be there for a moment."""
        self._closed: dict[str, str] = {}
        """Keys of the positions that were open, with their symbols."""
        self._needs_venue = False
        self._looks = 0
        self._look_after_ms = 0

    def begin(self, requested_ms: int | None) -> None:
        """Take over what the row says: since when everything is to be closed, None: it is not."""
        if requested_ms in (self._requested_ms, self._done_ms):
            return
        self._requested_ms = requested_ms
        self._context.is_flattening = requested_ms is not None
        if requested_ms is not None:
            self._closed, self._looks, self._look_after_ms = {}, 0, 0
            self._needs_venue = self._context.setup.live
            self._tell("closing everything at market", before="open", after="flattening")
            self.wake()

    async def cycle(self) -> CycleReport:
        """Ask for every exit that is missing; end once the venue confirms that nothing is left."""
        if self._requested_ms is None:
            return NOTHING
        positions = list(self._context.book)
        for position in positions:
            self._needs_venue |= position.is_live
            self._close(position)
        if not positions and not self._is_entering() and await self._is_confirmed():
            self._end(self._requested_ms)
        self._context.recorder.flush_when_full()
        return CycleReport(len(positions))

    def _close(self, position: LivePosition) -> None:
        """Ask for the exit of a position, unless one is on its way or was refused just now."""
        self._closed[position.key] = position.symbol
        is_waiting = position.is_waiting(self._context.now_ms())
        if position.status is not PositionStatus.CLOSING and not is_waiting:
            self._execution.request(ExitRequest(position, ExitReason.FLATTEN))

    def _is_entering(self) -> bool:
        """Return whether an order is not over that could still open something."""
        entries = [
            working
            for working in self._execution.working
            if working.order.purpose is OrderPurpose.ENTRY
        ]
        self._needs_venue |= any(working.order.is_live for working in entries)
        return bool(entries)

    async def _is_confirmed(self) -> bool:
        """Return whether the exchange says too that nothing of ours is left."""
        context = self._context
        if not self._needs_venue:
            return True
        now_ms, venue = context.now_ms(), context.live_venue
        if venue is None or is_waiting(self._look_after_ms, now_ms, _LONGEST_WAIT_MS):
            return False
        wait_ms = min(_FIRST_WAIT_MS << min(self._looks, 6), _LONGEST_WAIT_MS)
        self._looks += 1
        self._look_after_ms = now_ms + wait_ms
        try:
            return not await self._left(venue) and context.is_reconciled
        except CtsError as error:
            self.figures.record_error(error, now_ms)
            return False

    async def _left(self, venue: Venue) -> bool:
        """Return whether an order of ours rests at the exchange; those are cancelled."""
        watched = {*self._context.symbols, *self._context.setup.symbols}
        reports = await venue.open_orders(sorted(watched | set(self._closed.values())))
        find = self._execution.working.find
        found = [find(report.client_order_id, report.venue_order_id) for report in reports]
        ours = [working for working in found if working is not None]
        for working in ours:
            await self._execution.sender.cancel(working, "everything is being closed")
        return bool(ours)

    def _end(self, requested_ms: int) -> None:
        count = len(self._closed)
        self._context.recorder.batch.flattened(self._context.setup.id, requested_ms)
        self._tell(
            f"everything is closed: {count} position{'s' * (count != 1)}",
            before="flattening",
            after="flat",
        )
        self._done_ms, self._requested_ms = requested_ms, None
        self._context.is_flattening = False

    def _tell(self, message: str, *, before: str, after: str) -> None:
        context = self._context
        context.recorder.batch.event(
            time_ms=context.now_ms(),
            who=Actor.ENGINE,
            kind=EventKind.RISK,
            subject=context.setup.name,
            message=message,
            before=before,
            after=after,
        )
