"""What an exchange told of by itself, each piece once and none of it backwards."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, TypeVar

from cts_tui.model.records import Fill
from cts_tui.model.trading import OrderStatus
from cts_tui.venue.client_ids import OrderNames
from cts_tui.venue.venue import NOTHING_NEW, OrderReport, Updates

_Kept = TypeVar("_Kept")
_FILLS_KNOWN: Final = 20_000
_ORDERS_KNOWN: Final = 10_000
_PATIENCE_S: Final = 5.0
"""How long a fill waits for the report that names its order; then it is somebody else's."""


@dataclass(frozen=True, slots=True)
class _Told:
    """How far an order had come when it was last told of."""

    status: OrderStatus
    filled: Decimal
    price: Decimal | None
    quantity: Decimal | None


class Inbox:
    """Gathers reports and fills from stream, polls and answers until they are taken.

    A fill may come before what tells whose it is: it waits a while for its name.
    """

    def __init__(
        self, names: OrderNames, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._names = names
        self._monotonic = monotonic
        self._reports: list[OrderReport] = []
        self._fills: list[Fill] = []
        self._nameless: list[tuple[float, Fill]] = []
        self._told: OrderedDict[str, _Told] = OrderedDict()
        self._fill_ids: OrderedDict[str, None] = OrderedDict()

    def add_report(self, report: OrderReport) -> bool:
        """Take in a report; return whether it is news. Doubled and older ones are none."""
        now = _Told(report.status, report.filled, report.price, report.quantity)
        before = self._told.get(report.venue_order_id)
        if before is not None and (now == before or _is_older(now, before)):
            return False
        _keep(self._told, report.venue_order_id, now, _ORDERS_KNOWN)
        self._reports.append(report)
        return True

    def add_fill(self, fill: Fill) -> None:
        """Take in a fill, once by its trade id."""
        if fill.venue_trade_id not in self._fill_ids:
            _keep(self._fill_ids, fill.venue_trade_id, None, _FILLS_KNOWN)
            self._nameless.append((self._monotonic() + _PATIENCE_S, fill))

    def name_fills(self) -> list[Fill]:
        """Return the fills that have a name by now, and those that have waited long enough."""
        ready, waiting = [], []
        for until_s, fill in self._nameless:
            name = self._names.ours(fill.client_order_id, fill.venue_order_id)
            if name or self._monotonic() >= until_s:
                ready.append(replace(fill, client_order_id=name))
            else:
                waiting.append((until_s, fill))
        self._nameless = waiting
        self._fills += ready
        return ready

    def take(self) -> Updates:
        """Return what came in since the last call."""
        if not self._reports and not self._fills:
            return NOTHING_NEW
        updates = Updates(self._reports, sorted(self._fills, key=lambda fill: fill.time_ms))
        self._reports, self._fills = [], []
        return updates


def _is_older(now: _Told, before: _Told) -> bool:
    if now.filled < before.filled or now.status is OrderStatus.UNKNOWN:
        return True
    return before.status.is_final and not now.status.is_final


def _keep(known: OrderedDict[str, _Kept], key: str, value: _Kept, most: int) -> None:
    known[key] = value
    known.move_to_end(key)
    if len(known) > most:
        known.popitem(last=False)
