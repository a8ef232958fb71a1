"""The orders of a venue that are still of interest: at work, or ended with fills yet to come."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from cts_tui.model.money import ZERO
from cts_tui.model.records import Fill, Order
from cts_tui.venue.venue import OrderReport

_MOST_LOOKS: Final = 500
"""So often the fills of an ended order are looked for: some venues never tell of some trades."""


@dataclass(slots=True)
class Followed:
    """An order, and what is known of it."""

    order: Order
    has_ended: bool = False
    reported: Decimal = ZERO
    """How much the venue says has filled."""
    told: Decimal = ZERO
    """How much of that its fills have told of."""
    looks: int = 0

    @property
    def is_settled(self) -> bool:
        """Whether nothing more will come, or nothing more is waited for."""
        return self.has_ended and (self.told >= self.reported or self.looks > _MOST_LOOKS)


class FollowedOrders:
    """By client order id."""

    def __init__(self) -> None:
        self._followed: dict[str, Followed] = {}

    def __len__(self) -> int:
        return len(self._followed)

    def add(self, order: Order) -> None:
        """Follow an order; one that is followed already is known better now."""
        known = self._followed.get(order.client_order_id)
        if known is None:
            self._followed[order.client_order_id] = Followed(order, told=order.filled)
        else:
            known.order = order

    def looked_at(self) -> list[Followed]:
        """Return what is followed, counting the look."""
        for followed in self._followed.values():
            followed.looks += followed.has_ended
        self._drop_settled()
        return list(self._followed.values())

    def hear_report(self, report: OrderReport) -> None:
        """Take in how far an order has come."""
        followed = self._followed.get(report.client_order_id)
        if followed is not None:
            followed.has_ended = followed.has_ended or report.status.is_final
            followed.reported = max(followed.reported, report.filled)
            self._drop_settled()

    def hear_fill(self, fill: Fill) -> None:
        """Take in a fill that was not known before."""
        followed = self._followed.get(fill.client_order_id)
        if followed is not None:
            followed.told += fill.quantity
            self._drop_settled()

    def _drop_settled(self) -> None:
        settled = [key for key, followed in self._followed.items() if followed.is_settled]
        for key in settled:
            del self._followed[key]
