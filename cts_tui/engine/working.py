"""The orders that are on their way or at the venue: found by client id, venue id and position."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from cts_tui.engine.book import Holder
from cts_tui.engine.order_ids import is_ours
from cts_tui.model.money import ZERO
from cts_tui.model.records import Order
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trading import OrderPurpose, OrderStatus

_REMEMBERED: Final = 2_000


@dataclass(slots=True)
class Working:
    """One order, what it is for, and what is known of it."""

    order: Order
    """`filled` and `fees` count the fills that were booked."""
    spec: StrategySpec | None = None
    """The strategy of an entry as it was when it asked; None where that is not known any more."""
    reported: Decimal = ZERO
    """How much the venue says has filled; its fills may be told later."""
    trade_ids: set[str] = field(default_factory=set)
    """The fills that were booked: each counts once."""
    sent_ms: int = 0
    """When it went out, or may have."""
    heard_ms: int = 0
    """When the venue last told of it."""
    absent_looks: int = 0
    """How often in a row every place that was asked knew nothing of it."""
    looks: int = 0
    """How often it was looked for since the venue last told of it."""
    next_look_ms: int = 0
    next_cancel_ms: int = 0
    """When it is called off again, where it may come in though nobody wants it any more."""
    is_look_asked: bool = False
    """Whether it is to be looked for at once, whatever was heard of it."""
    is_cancel_asked: bool = False

    @property
    def is_settled(self) -> bool:
        """Whether it is over, and every fill that the venue reports is booked."""
        return self.order.status.is_final and self.order.filled >= self.reported

    @property
    def holder(self) -> Holder:
        """Whose position it opens or reduces."""
        return self.order.strategy, self.order.symbol, self.order.timeframe


class WorkingOrders:
    """Every order that is not settled, and the last ones that were. One event loop, no locks.

    A message about an order that has just ended must find it here: the store may not know yet.
    """

    def __init__(self, on_settled: Callable[[Working], None]) -> None:
        """`on_settled` hears of every order that is over and booked."""
        self._on_settled = on_settled
        self._by_id: dict[str, Working] = {}
        self._ended: OrderedDict[str, Working] = OrderedDict()
        self._by_venue_id: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Working]:
        return iter(list(self._by_id.values()))

    def add(self, working: Working) -> None:
        """Take in an order, or take one that has ended back to work."""
        self._ended.pop(working.order.client_order_id, None)
        self._by_id[working.order.client_order_id] = working
        self.note(working)

    def note(self, working: Working) -> None:
        """Take over the venue's id of an order once it is known."""
        if working.order.venue_order_id:
            self._by_venue_id[working.order.venue_order_id] = working.order.client_order_id

    def remove(self, working: Working) -> None:
        """Let go of an order that is settled; it is remembered for a while."""
        if self._by_id.pop(working.order.client_order_id, None) is None:
            return
        self.remember(working)
        self._on_settled(working)

    def remember(self, working: Working) -> None:
        """Know an order that is over, should anything be told of it again."""
        self._ended[working.order.client_order_id] = working
        self.note(working)
        if len(self._ended) > _REMEMBERED:
            _, oldest = self._ended.popitem(last=False)
            self._by_venue_id.pop(oldest.order.venue_order_id or "", None)

    def is_active(self, working: Working) -> bool:
        """Return whether an order is not settled yet."""
        return working.order.client_order_id in self._by_id

    def find(self, client_order_id: str, venue_order_id: str = "") -> Working | None:
        """Return the order of our id; else that of the venue's, which may name another or none."""
        found = self._by_id.get(client_order_id) or self._ended.get(client_order_id)
        if found is not None or is_ours(client_order_id):
            return found
        key = self._by_venue_id.get(venue_order_id, "")
        return self._by_id.get(key) or self._ended.get(key)

    def of_position(self, key: str, *purposes: OrderPurpose) -> list[Working]:
        """Return the orders of a position that are for one of `purposes`."""
        return [
            working
            for working in self._by_id.values()
            if working.order.position_key == key and working.order.purpose in purposes
        ]

    def has_unknown(self, symbol: str) -> bool:
        """Return whether an order on `symbol` may have arrived without our knowing (S5)."""
        return any(
            working.order.status is OrderStatus.UNKNOWN and working.order.symbol == symbol
            for working in self._by_id.values()
        )

    def entering(self) -> set[Holder]:
        """Return whose entries are on their way."""
        return {
            working.holder
            for working in self._by_id.values()
            if working.order.purpose is OrderPurpose.ENTRY
        }
