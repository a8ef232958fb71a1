"""What the journal lists: orders, fills, and profit in sum; and everything about one fill."""

from collections.abc import Callable, Hashable, Sequence
from operator import attrgetter
from typing import Any, Final, NamedTuple

from cts_tui.model.journal import FillView, JournalKind, ProfitTables, ProfitView
from cts_tui.model.trading import Side
from cts_tui.model.views import OrderView
from cts_tui.tui.cells import Cell, Line, Tone, joined, line
from cts_tui.tui.formats import (
    NONE,
    count_text,
    gain_cell,
    gain_tone,
    one_line,
    price_cell,
    quantity_text,
    signed_text,
    stamp_text,
    time_text,
)
from cts_tui.tui.listings import CLOSED_POSITIONS
from cts_tui.tui.order_rows import amount_cell, answer_cell
from cts_tui.tui.states import order_status
from cts_tui.tui.widgets.columns import Column
from cts_tui.tui.widgets.detail import Fact


def _time(time_ms: int, now_ms: int) -> Cell:
    return Cell(time_text(time_ms, now_ms), Tone.MUTED)


def _side(side: Side) -> Cell:
    return Cell(side.upper(), Tone.LONG if side is Side.BUY else Tone.SHORT)


def _mode(*, is_live: bool) -> Cell:
    return Cell("LIVE", Tone.LIVE) if is_live else Cell("paper", Tone.PAPER)


_O = Column[OrderView]
ORDERS = (
    _O("time", "Time", lambda o, now: _time(o.created_at_ms, now), 8, 1, is_timed=True,
       order=lambda o: o.created_at_ms),
    _O("symbol", "Symbol", lambda o, _: Cell(o.symbol), 8, 1, order=lambda o: o.symbol),
    _O("purpose", "For", lambda o, _: Cell(o.purpose), 6, 2, order=lambda o: o.purpose),
    _O("side", "Side", lambda o, _: _side(o.side), 4, 1, order=lambda o: o.side),
    _O("type", "Type", lambda o, _: Cell(o.type.replace("_", " ")), 6, 5),
    _O("quantity", "Qty", lambda o, _: amount_cell(o), 6, 3, is_number=True),
    _O("filled", "Filled", lambda o, _: Cell(quantity_text(o.filled)), 6, 4, is_number=True),
    _O("average", "At", lambda o, _: price_cell(o.average_price), 8, 2, is_number=True),
    _O("status", "Status", lambda o, _: order_status(o.status), 8, 1, order=lambda o: o.status),
    _O("mode", "Mode", lambda o, _: _mode(is_live=o.is_live), 5, 3, order=lambda o: not o.is_live),
    _O("strategy", "Strategy", lambda o, _: Cell(o.strategy, Tone.MUTED), 8, 6, 24,
       order=lambda o: o.strategy),
    _O("connection", "Connection", lambda o, _: Cell(o.connection, Tone.MUTED), 8, 7, 20,
       order=lambda o: o.connection),
    _O("answer", "Answer", lambda o, _: answer_cell(o), 6, 5, 16, is_flexible=True),
)  # fmt: skip
"""Orders of all connections."""


def _fee(fill: FillView) -> Cell:
    text = f"{fill.fee:,.4f} {fill.fee_currency}"
    return Cell(text, Tone.PROFIT if fill.fee < 0 else Tone.MUTED)


_F = Column[FillView]
FILLS = (
    _F("time", "Time", lambda f, now: _time(f.time_ms, now), 8, 1, is_timed=True,
       order=lambda f: f.time_ms),
    _F("symbol", "Symbol", lambda f, _: Cell(f.symbol), 8, 1, order=lambda f: f.symbol),
    _F("what", "What", lambda f, _: Cell(f.what), 6, 1, order=lambda f: f.what),
    _F("side", "Side", lambda f, _: NONE if f.is_funding else _side(f.side), 4, 1,
       order=lambda f: f.side),
    _F("quantity", "Qty", lambda f, _: NONE if f.is_funding else Cell(quantity_text(f.quantity)),
       6, 2, is_number=True),
    _F("price", "Price", lambda f, _: price_cell(f.price), 8, 1, is_number=True),
    _F("value", "Value", lambda f, _: Cell(f"{f.quantity * f.price:,.2f}"), 8, 4, is_number=True,
       order=lambda f: f.quantity * f.price),
    _F("fee", "Fee", lambda f, _: _fee(f), 10, 2, is_number=True),
    _F("mode", "Mode", lambda f, _: _mode(is_live=f.is_live), 5, 3, order=lambda f: not f.is_live),
    _F("strategy", "Strategy", lambda f, _: Cell(f.strategy, Tone.MUTED), 8, 5, 24,
       order=lambda f: f.strategy),
    _F("connection", "Connection", lambda f, _: Cell(f.connection, Tone.MUTED), 8, 6, 20,
       order=lambda f: f.connection),
)  # fmt: skip
"""Fills of all connections; a funding payment has no quantity."""


class Listing(NamedTuple):
    """One of the journal's lists."""

    title: str
    empty: str
    """What is said where it has no rows."""
    columns: Sequence[Column[Any]]
    key: Callable[[Any], Hashable]


LISTINGS: Final = {
    JournalKind.TRADES: Listing(
        "Closed trades", "no position has closed yet", CLOSED_POSITIONS, attrgetter("id")
    ),
    JournalKind.ORDERS: Listing(
        "Orders", "no order was placed yet", ORDERS, attrgetter("client_order_id")
    ),
    JournalKind.FILLS: Listing("Fills", "nothing has filled yet", FILLS, attrgetter("id")),
}

_P = Column[ProfitView]


def profit_columns(label: str) -> tuple[Column[ProfitView], ...]:
    """Return the columns of profit in sum, the first one named `label`."""
    return (
        _P("name", label, lambda p, _: Cell(p.name), 10, 1, 24, order=lambda p: p.name),
        _P("trades", "Trades", lambda p, _: Cell(f"{p.trades:,}"), 6, 2, is_number=True,
           order=lambda p: p.trades),
        _P("wins", "Wins %", lambda p, _: Cell(f"{p.win_rate_pct:.1f}"), 6, 3, is_number=True,
           order=lambda p: p.win_rate_pct),
        _P("factor", "Factor", lambda p, _: _factor(p), 6, 4, is_number=True,
           order=lambda p: p.profit_factor),
        _P("fees", "Fees", lambda p, _: Cell(f"{p.fees:,.2f}", Tone.MUTED), 7, 5, is_number=True,
           order=lambda p: p.fees),
        _P("pnl", "PnL", lambda p, _: gain_cell(p.pnl), 9, 1, is_number=True,
           order=lambda p: p.pnl),
    )  # fmt: skip


def _factor(profit: ProfitView) -> Cell:
    factor = profit.profit_factor
    return NONE if factor is None else Cell(f"{factor:,.2f}")


def profit_line(tables: ProfitTables) -> Line:
    """Return everything that ever closed in one line."""
    total = tables.total
    factor = _factor(total)
    return joined([
        line(" ", Cell(count_text(total.trades, "closed trade"), Tone.STRONG)),
        line(Cell("wins ", Tone.MUTED), f"{total.win_rate_pct:.1f}%"),
        line(Cell("profit factor ", Tone.MUTED), factor),
        line(Cell("fees ", Tone.MUTED), f"{total.fees:,.2f}"),
        line(Cell("PnL ", Tone.MUTED), Cell(signed_text(total.pnl), gain_tone(total.pnl))),
    ])  # fmt: skip


def fill_facts(fill: FillView) -> list[Fact]:
    """Return what is known of a fill."""
    return [
        Fact("Connection", Cell(fill.connection)),
        Fact("Mode", _mode(is_live=fill.is_live)),
        Fact("Symbol", Cell(fill.symbol, Tone.STRONG)),
        Fact("What", Cell(fill.what)),
        Fact("Side", NONE if fill.is_funding else _side(fill.side)),
        Fact("Quantity", NONE if fill.is_funding else Cell(quantity_text(fill.quantity))),
        Fact("Price", price_cell(fill.price)),
        Fact("Value", Cell(f"{fill.quantity * fill.price:,.2f}")),
        Fact("Fee", _fee(fill)),
        Fact("Strategy", Cell(one_line(fill.strategy))),
        Fact("Time", Cell(stamp_text(fill.time_ms))),
        Fact("Our id", Cell(fill.client_order_id), is_long=True),
        Fact("Trade", Cell(fill.venue_trade_id), is_long=True),
    ]
