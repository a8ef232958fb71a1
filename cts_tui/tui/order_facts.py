"""Everything about one order: what it is for, where it stands, why it ended badly, its fills."""

from collections.abc import Sequence

from cts_tui.model.records import Fill
from cts_tui.model.trading import OrderStatus
from cts_tui.model.views import OrderView
from cts_tui.tui.cells import Cell, Tone
from cts_tui.tui.formats import NONE, one_line, price_cell, price_text, quantity_text, stamp_text
from cts_tui.tui.states import order_status
from cts_tui.tui.widgets.detail import Fact

_PURPOSES = {"entry": "opens", "exit": "closes", "stop": "protects", "target": "takes profit"}


def order_facts(order: OrderView, fills: Sequence[Fill] = ()) -> list[Fact]:
    """Return what is known of an order."""
    amount = order.quantity if order.quantity is not None else order.cost
    of = "" if order.quantity is not None else " (cost)"
    facts = [
        Fact("Connection", Cell(order.connection)),
        Fact("Mode", Cell("LIVE", Tone.LIVE) if order.is_live else Cell("paper", Tone.PAPER)),
        Fact("Symbol", Cell(order.symbol, Tone.STRONG)),
        Fact("Purpose", Cell(f"{order.purpose}: {_PURPOSES[order.purpose]}")),
        Fact("Side", Cell(order.side.upper())),
        Fact("Type", Cell(f"{order.type.replace('_', ' ')}, {order.time_in_force}")),
        Fact("Reduces", Cell("only" if order.reduce_only else "no", Tone.MUTED)),
        Fact("Quantity", NONE if amount is None else Cell(f"{quantity_text(amount)}{of}")),
        Fact("Price", price_cell(order.price)),
        Fact("Status", order_status(order.status)),
        Fact("Filled", Cell(quantity_text(order.filled))),
        Fact("Average", price_cell(order.average_price)),
        Fact("Fees", Cell(f"{order.fees:,.4f}")),
        Fact("Created", Cell(stamp_text(order.created_at_ms))),
        Fact("Changed", Cell(stamp_text(order.updated_at_ms or None))),
        Fact("Strategy", Cell(order.strategy or "-")),
    ]
    if order.status is OrderStatus.UNKNOWN:
        said = "it may have reached the exchange: no new entry on the symbol until that is known"
        facts.append(Fact("Unknown", Cell(said, Tone.STALE), is_long=True))
    if order.answer:
        facts.append(Fact("Answer", Cell(one_line(order.answer), Tone.ERROR), is_long=True))
    elif order.reason:
        facts.append(Fact("Why", Cell(one_line(order.reason).replace("_", " ")), is_long=True))
    facts += [
        Fact("Our id", Cell(order.client_order_id), is_long=True),
        Fact("Venue's id", Cell(order.venue_order_id or "-"), is_long=True),
    ]
    return [*facts, *(Fact("Fill", Cell(fill_text(fill)), is_long=True) for fill in fills)]


def fill_text(fill: Fill) -> str:
    """Return one fill in a line: when, how much, at what price, for what fee."""
    return (
        f"{stamp_text(fill.time_ms)}  {quantity_text(fill.quantity)} at {price_text(fill.price)}, "
        f"fee {quantity_text(fill.fee)} {fill.fee_currency}, trade {fill.venue_trade_id}"
    )
