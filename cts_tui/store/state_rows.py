"""Orders and positions on their way to the store: the newest state becomes a row when written.

Most states of a cycle are replaced within it; none of those costs more than the reference to it.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Final

from cts_tui.clock import utc_from_ms
from cts_tui.model.records import Order, PositionRecord

Row = dict[str, Any]


def reader(record: type) -> Callable[[Any], Row]:
    """Return what reads a record's fields into a row (`dataclasses.asdict` copies deeply)."""
    names = tuple(field.name for field in fields(record))
    get = attrgetter(*names)
    return lambda value: dict(zip(names, get(value), strict=True))


_order_fields: Final = reader(Order)
_position_fields: Final = reader(PositionRecord)


@dataclass(slots=True)
class OrderState:
    """The newest state of an order."""

    connection_id: int
    order: Order

    def row(self) -> Row:
        """Return the row of the order."""
        row = _order_fields(self.order)
        row["created_at"] = utc_from_ms(row.pop("created_ms"))
        row["updated_at"] = utc_from_ms(row.pop("updated_ms"))
        row["connection_id"] = self.connection_id
        return row


@dataclass(slots=True)
class PositionState:
    """The newest state of a position, and when its first one came."""

    connection_id: int
    opened_ms: int
    position: PositionRecord
    now_ms: int

    def row(self) -> Row:
        """Return the row of the position."""
        row = _position_fields(self.position)
        is_open = self.position.exit_time_ms is None
        row["connection_id"] = self.connection_id
        row["opened_at"] = utc_from_ms(self.opened_ms)
        row["closed_at"] = None if is_open else utc_from_ms(self.now_ms)
        row["close_requested_at"] = None
        return row
