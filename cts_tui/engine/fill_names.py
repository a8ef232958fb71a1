"""Whose the fills are that bear the venue's order id alone, where they may be ours after all.

An order of unknown outcome may fill, also after it was given up. Who it was the venue tells of the
order, not of its trades: without asking, its fills would be taken for somebody else's.
"""

from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from cts_tui.engine.context import EngineContext
from cts_tui.engine.differences import ours
from cts_tui.engine.working import WorkingOrders
from cts_tui.model.records import Fill, Order
from cts_tui.venue.venue import Venue

_SUSPECTED_MS: Final = 3_600_000
"""So long after it was given up an order's fills are still looked for."""
_MARGIN_MS: Final = 60_000
"""The venue's clock may be so far behind ours."""
_KEPT: Final = 5_000


class FillNames:
    """Asks once for every order that may be one of ours."""

    def __init__(self, context: EngineContext, orders: WorkingOrders) -> None:
        self._context = context
        self._orders = orders
        self._since_ms: dict[str, int] = {}
        self._until_ms: dict[str, int] = {}
        self._names: OrderedDict[tuple[str, str], str] = OrderedDict()
        """By symbol and the venue's order id; '' where the order is none of ours."""

    def suspect(self, order: Order) -> None:
        """Note that nothing was found of an order of ours, and that it was given up."""
        symbol, since_ms = order.symbol, order.created_ms - _MARGIN_MS
        self._since_ms[symbol] = min(since_ms, self._since_ms.get(symbol, since_ms))
        self._until_ms[symbol] = self._context.now_ms() + _SUSPECTED_MS

    def suspected(self) -> Collection[str]:
        """Return the symbols on which an order of ours was given up not long ago."""
        now_ms = self._context.now_ms()
        for symbol in [one for one, until_ms in self._until_ms.items() if until_ms < now_ms]:
            del self._until_ms[symbol], self._since_ms[symbol]
        return self._until_ms.keys()

    def since_ms(self, symbol: str) -> int | None:
        """Return from when on fills on a symbol may be of a given-up order; None where none was."""
        return self._since_ms.get(symbol)

    async def named(self, venue: Venue, fills: Sequence[Fill]) -> list[Fill]:
        """Return the fills, ours by their names where it takes asking. Raises what the venue does.

        A fill that bears any client order id, or is of an order that is known, needs no asking.
        """
        return [await self._named(venue, fill) for fill in fills]

    async def _named(self, venue: Venue, fill: Fill) -> Fill:
        if fill.client_order_id or not fill.venue_order_id or not self._may_be_ours(fill):
            return fill
        if ours(self._context, self._orders, "", fill.venue_order_id) is not None:
            return fill
        return replace(fill, client_order_id=await self._name(venue, fill))

    def _may_be_ours(self, fill: Fill) -> bool:
        """Return whether an order of ours that is unknown, or was given up, may have filled so."""
        since_ms = self._since_ms.get(fill.symbol)
        if since_ms is not None and fill.time_ms >= since_ms:
            return True
        return self._orders.has_unknown(fill.symbol)

    async def _name(self, venue: Venue, fill: Fill) -> str:
        """Return our name of the order of a fill, '' where it is none of ours."""
        key = (fill.symbol, fill.venue_order_id)
        name = self._names.get(key)
        if name is None:
            told = await venue.name_of(*key)
            is_ours = ours(self._context, self._orders, told, "") is not None
            self._names[key] = name = told if is_ours else ""
            if len(self._names) > _KEPT:
                self._names.popitem(last=False)
        return name
