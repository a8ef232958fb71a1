"""Leverage and margin mode of a swap, set at the venue before the first live entry of a symbol."""

from cts_tui.engine.context import EngineContext
from cts_tui.errors import CtsError
from cts_tui.model.records import Order
from cts_tui.model.trading import MarketType
from cts_tui.venue.venue import Venue


class MarginKeeper:
    """Remembers what was set at which session, and asks for it once."""

    def __init__(self, context: EngineContext) -> None:
        self._context = context
        self._venue: Venue | None = None
        self._prepared: dict[str, tuple[int | None, str | None]] = {}

    async def fault(self, order: Order) -> str | None:
        """Return why a live entry cannot go out as the limits want it, None where it can."""
        context, limits = self._context, self._context.limits
        wanted = (limits.leverage, limits.margin_mode)
        venue = context.live_venue
        is_swap = context.setup.market is MarketType.SWAP
        if not order.is_live or not is_swap or venue is None or wanted == (None, None):
            return None
        if venue is not self._venue:
            self._venue, self._prepared = venue, {}
        if self._prepared.get(order.symbol) == wanted:
            return None
        try:
            await venue.prepare(order.symbol, leverage=wanted[0], margin_mode=wanted[1])
        except CtsError as error:
            return f"leverage and margin mode could not be set: {error}"
        self._prepared[order.symbol] = wanted
        return None
