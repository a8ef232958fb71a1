"""What a reconciliation finds to differ: each leaves an event, the last ones a figure."""

from collections import deque
from typing import Any, Final

from cts_tui.clock import iso_from_ms
from cts_tui.engine.context import EngineContext
from cts_tui.engine.working import Working, WorkingOrders
from cts_tui.model.trading import Actor, EventKind

_KEPT: Final = 20


class Differences:
    """Tells of differences between the venue's books and ours (S13)."""

    def __init__(self, context: EngineContext) -> None:
        self._context = context
        self._kept: deque[dict[str, Any]] = deque(maxlen=_KEPT)

    def tell(
        self,
        symbol: str,
        message: str,
        *,
        before: str | None = None,
        after: str | None = None,
        kind: EventKind = EventKind.POSITION,
    ) -> None:
        """Leave an event: `before` is what we believed, `after` what is true now."""
        context = self._context
        now_ms = context.now_ms()
        self._kept.append({"time": iso_from_ms(now_ms), "symbol": symbol, "what": message})
        context.recorder.batch.event(
            time_ms=now_ms,
            who=Actor.ENGINE,
            kind=kind,
            subject=f"{context.setup.name}/{symbol}",
            message=f"reconciled: {message}",
            before=before,
            after=after,
        )

    def rows(self) -> list[dict[str, Any]]:
        """Return the last differences, oldest first, as they are stored."""
        return list(self._kept)


def ours(
    context: EngineContext, orders: WorkingOrders, client_order_id: str, venue_order_id: str
) -> Working | None:
    """Return the live order of either id, at work, remembered or stored; None: it is not ours."""
    for ids in ((client_order_id, ""), ("", venue_order_id)):
        if not any(ids):
            continue
        found = orders.find(*ids) or context.recall(*ids)
        if found is not None and found.order.is_live:
            return found
    return None
