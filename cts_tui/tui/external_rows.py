"""What is on an account and not ours, as the screens show it: columns and facts."""

from cts_tui.model.external import ExternalKind, ExternalView
from cts_tui.model.trading import Direction
from cts_tui.tui.cells import Cell, Tone
from cts_tui.tui.formats import (
    age_cell,
    direction_cell,
    price_cell,
    quantity_text,
    stamp_text,
)
from cts_tui.tui.widgets.columns import Column
from cts_tui.tui.widgets.detail import Fact


def side_cell(external: ExternalView) -> Cell:
    """Return `LONG` or `SHORT` of a position, `BUY` or `SELL` of an order."""
    if external.kind is ExternalKind.POSITION:
        return direction_cell(Direction(external.side))
    return Cell(external.side.upper())


def status_cell(external: ExternalView) -> Cell:
    """Return what is known or asked of it."""
    if external.wish is not None:
        return Cell(f"{external.wish}…", Tone.WARNING)
    return Cell(external.status, Tone.PLAIN)


_X = Column[ExternalView]
EXTERNALS = (
    _X("kind", "Kind", lambda x, _: Cell(x.kind), 8, 1, order=lambda x: x.kind),
    _X("symbol", "Symbol", lambda x, _: Cell(x.symbol), 8, 1, order=lambda x: x.symbol),
    _X("side", "Side", lambda x, _: side_cell(x), 5, 1, order=lambda x: x.side),
    _X("quantity", "Qty", lambda x, _: Cell(quantity_text(x.quantity)), 6, 2, is_number=True),
    _X("price", "Price", lambda x, _: price_cell(x.price), 8, 2, is_number=True),
    _X("status", "Status", lambda x, _: status_cell(x), 8, 1, order=lambda x: x.status),
    _X("age", "Seen", lambda x, now: age_cell(x.first_seen_ms, now), 4, 3, is_number=True,
       is_timed=True, order=lambda x: -x.first_seen_ms),
    _X("connection", "Connection", lambda x, _: Cell(x.connection, Tone.MUTED), 8, 4, 20,
       order=lambda x: x.connection),
)  # fmt: skip
"""Externals: what others have placed or hold on an account."""


def external_facts(external: ExternalView, now_ms: int) -> list[Fact]:
    """Return what is known of an external."""
    return [
        Fact("Connection", Cell(external.connection)),
        Fact("Kind", Cell(external.kind)),
        Fact("Symbol", Cell(external.symbol, Tone.STRONG)),
        Fact("Side", side_cell(external)),
        Fact("Quantity", Cell(quantity_text(external.quantity))),
        Fact("Price", price_cell(external.price)),
        Fact("Status", status_cell(external)),
        Fact("At the venue", Cell(external.venue_key)),
        Fact("First seen", Cell(stamp_text(external.first_seen_ms))),
        Fact("Last seen", age_cell(external.last_seen_ms, now_ms)),
        Fact("Id", Cell(str(external.id))),
    ]
