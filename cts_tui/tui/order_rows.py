"""Orders as the screens list them: what each is for, where it stands, why it ended badly."""

from cts_tui.model.views import OrderView
from cts_tui.tui.cells import Cell, Tone
from cts_tui.tui.formats import NONE, one_line, price_cell, quantity_text, time_text
from cts_tui.tui.states import order_status
from cts_tui.tui.widgets.columns import Column

_O = Column[OrderView]
POSITION_ORDERS = (
    _O("time", "Time", lambda o, now: Cell(time_text(o.created_at_ms, now), Tone.MUTED), 8, 1,
       is_timed=True, order=lambda o: o.created_at_ms),
    _O("purpose", "Purpose", lambda o, _: Cell(o.purpose), 7, 1, order=lambda o: o.purpose),
    _O("side", "Side", lambda o, _: Cell(o.side.upper()), 4, 1),
    _O("type", "Type", lambda o, _: Cell(o.type.replace("_", " ")), 6, 4),
    _O("quantity", "Qty", lambda o, _: amount_cell(o), 6, 2, is_number=True),
    _O("price", "Price", lambda o, _: price_cell(o.price), 8, 3, is_number=True),
    _O("status", "Status", lambda o, _: order_status(o.status), 8, 1, order=lambda o: o.status),
    _O("filled", "Filled", lambda o, _: Cell(quantity_text(o.filled)), 6, 2, is_number=True),
    _O("average", "Average", lambda o, _: price_cell(o.average_price), 8, 5, is_number=True),
    _O("answer", "Answer", lambda o, _: answer_cell(o), 8, 3, 20, is_flexible=True),
)  # fmt: skip
"""The orders of one position."""


def answer_cell(order: OrderView) -> Cell:
    """Return why an order ended badly, or a dash."""
    return Cell(one_line(order.answer), Tone.ERROR) if order.answer else NONE


def amount_cell(order: OrderView) -> Cell:
    """Return how much was ordered, in base or by its cost."""
    if order.quantity is not None:
        return Cell(quantity_text(order.quantity))
    return NONE if order.cost is None else Cell(f"for {order.cost:,.2f}", Tone.MUTED)
