"""What the tables of the desk list: one tuple of columns per noun."""

from cts_tui.model.trading import PositionStatus, SignalStatus
from cts_tui.model.views import (
    EventView,
    FeedView,
    PositionView,
    ProcessorView,
    SignalView,
)
from cts_tui.tui.cells import Cell, Tone
from cts_tui.tui.formats import (
    NONE,
    age_cell,
    age_text,
    direction_cell,
    gain_cell,
    gain_pct_cell,
    millis_cell,
    one_line,
    price_cell,
    quantity_text,
    time_text,
)
from cts_tui.tui.states import (
    guard_cell,
    position_mode,
    price_state,
    signal_status,
    source_cell,
)
from cts_tui.tui.widgets.columns import Column


def _time(time_ms: int | None, now_ms: int) -> Cell:
    return NONE if time_ms is None else Cell(time_text(time_ms, now_ms), Tone.MUTED)


def _reason_tone(signal: SignalView) -> Tone:
    return Tone.PLAIN if signal.status is SignalStatus.REFUSED else Tone.MUTED


def _count(count: int) -> Cell:
    return Cell(f"{count:,}", Tone.ERROR) if count else Cell("0", Tone.MUTED)


def _processor_error(processor: ProcessorView, now_ms: int) -> Cell:
    if not processor.last_error:
        return NONE
    ago = age_cell(processor.last_error_at_ms, now_ms).text
    return Cell(f"{ago} ago: {one_line(processor.last_error)}", Tone.ERROR)


def _freshness(feed: FeedView) -> Cell:
    return Cell("STALE", Tone.STALE) if feed.is_stale else Cell("fresh", Tone.GOOD)


def _open_status(position: PositionView) -> Cell:
    """Return `open` or `closing`, and how much of it is closed already: `closing 0.5/1.25`."""
    is_closing = position.status is PositionStatus.CLOSING
    text, tone = str(position.status), Tone.WARNING if is_closing else Tone.MUTED
    if not position.exited:
        return Cell(text, tone)
    of = f"{quantity_text(position.exited)}/{quantity_text(position.quantity)}"
    return Cell(f"{text} {of}", Tone.WARNING)


def _ended(position: PositionView) -> str:
    reason = (position.exit_reason or "-").replace("_", " ")
    return f"{reason}, dust" if position.status is PositionStatus.CLOSED_WITH_DUST else reason


_P = Column[PositionView]
_TRADED = (
    _P("symbol", "Symbol", lambda p, _: Cell(p.symbol), 8, 1, order=lambda p: p.symbol),
    _P("side", "Side", lambda p, _: direction_cell(p.side), 5, 1, order=lambda p: p.side),
)
_GAINS = (
    _P("pnl", "PnL", lambda p, _: gain_cell(p.pnl), 8, 1, is_number=True, order=lambda p: p.pnl),
    _P(
        "pnl_pct", "PnL %", lambda p, _: gain_pct_cell(p.pnl_pct), 7, 1,
        is_number=True, order=lambda p: p.pnl_pct,
    ),
)  # fmt: skip
_ORIGIN = (
    _P("strategy", "Strategy", lambda p, _: Cell(p.strategy, Tone.MUTED), 8, 7, 24,
       order=lambda p: p.strategy),
    _P("connection", "Connection", lambda p, _: Cell(p.connection, Tone.MUTED), 8, 8, 20,
       order=lambda p: p.connection),
)  # fmt: skip

OPEN_POSITIONS = (
    *_TRADED,
    _P("quantity", "Qty", lambda p, _: Cell(quantity_text(p.held)), 6, 3, is_number=True),
    _P("entry", "Entry", lambda p, _: price_cell(p.entry_price), 8, 2, is_number=True),
    _P("mark", "Mark", lambda p, _: price_cell(p.mark_price), 8, 2, is_number=True),
    *_GAINS,
    _P("stop", "Stop", lambda p, _: price_cell(p.stop_price, Tone.MUTED), 8, 5, is_number=True),
    _P("target", "Target", lambda p, _: price_cell(p.target_price, Tone.MUTED), 8, 6,
       is_number=True),
    _P("mode", "Mode", lambda p, _: position_mode(p), 5, 1, order=lambda p: not p.is_live),
    _P("guard", "Stop at", guard_cell, 7, 1, order=lambda p: p.protection, is_timed=True),
    _P("price_state", "Price", lambda p, _: price_state(p), 5, 4, order=lambda p: not p.is_stale),
    _P("status", "Status", lambda p, _: _open_status(p), 7, 5, 20, order=lambda p: p.status),
    _P("age", "Age", lambda p, now: age_cell(p.opened_at_ms, now), 3, 6, is_number=True,
       is_timed=True, order=lambda p: -p.opened_at_ms),
    *_ORIGIN,
)  # fmt: skip
"""Open positions: what they are worth now, and what protects them."""

CLOSED_POSITIONS = (
    _P("closed", "Closed", lambda p, now: _time(p.closed_at_ms, now), 8, 2, is_timed=True,
       order=lambda p: p.closed_at_ms),
    *_TRADED,
    _P("reason", "Reason", lambda p, _: Cell(_ended(p)), 9, 3, 22,
       order=lambda p: p.exit_reason),
    _P("quantity", "Qty", lambda p, _: Cell(quantity_text(p.quantity)), 6, 5, is_number=True),
    _P("entry", "Entry", lambda p, _: price_cell(p.entry_price), 8, 6, is_number=True),
    _P("exit", "Exit", lambda p, _: price_cell(p.exit_price), 8, 2, is_number=True),
    *_GAINS,
    _P("mode", "Mode", lambda p, _: position_mode(p), 5, 4, order=lambda p: not p.is_live),
    _P("fees", "Fees", lambda p, _: Cell(f"{p.fees:,.2f}", Tone.MUTED), 6, 6, is_number=True,
       order=lambda p: p.fees),
    *_ORIGIN,
)  # fmt: skip
"""Closed positions: what they brought, and why they ended."""

_S = Column[SignalView]
SIGNALS = (
    _S("time", "Time", lambda s, now: _time(s.time_ms, now), 8, 1, is_timed=True,
       order=lambda s: s.time_ms),
    _S("symbol", "Symbol", lambda s, _: Cell(s.symbol), 8, 1, order=lambda s: s.symbol),
    _S("strategy", "Strategy", lambda s, _: Cell(s.strategy), 8, 3, 24,
       order=lambda s: s.strategy),
    _S("side", "Side", lambda s, _: direction_cell(s.side), 5, 1, order=lambda s: s.side),
    _S("kind", "Kind", lambda s, _: Cell(s.kind), 5, 2, order=lambda s: s.kind),
    _S("price", "Price", lambda s, _: price_cell(s.price), 8, 2, is_number=True),
    _S("status", "Status", lambda s, _: signal_status(s.status), 8, 1, order=lambda s: s.status),
    _S("timeframe", "TF", lambda s, _: Cell(s.timeframe, Tone.MUTED), 3, 7),
    _S("source", "Source", lambda s, _: source_cell(s.source), 6, 7, order=lambda s: s.source),
    _S("connection", "Connection", lambda s, _: Cell(s.connection, Tone.MUTED), 8, 8, 20,
       order=lambda s: s.connection),
    _S("reason", "Reason", lambda s, _: Cell(one_line(s.reason), _reason_tone(s)), 12, 4,
       40, is_flexible=True),
)  # fmt: skip
"""Signals: what a strategy asked for, and what became of it."""

_E = Column[EventView]
EVENTS = (
    _E("time", "Time", lambda e, now: _time(e.time_ms, now), 8, 1, is_timed=True),
    _E("who", "Who", lambda e, _: Cell(e.who, Tone.MUTED), 6, 3),
    _E("subject", "Subject", lambda e, _: Cell(e.subject), 8, 2, 24),
    _E("message", "What happened", lambda e, _: Cell(one_line(e.message)), 16, 1,
       is_flexible=True),
)  # fmt: skip
"""Events: every change of trading state."""

_R = Column[ProcessorView]
PROCESSORS = (
    _R("connection", "Connection", lambda r, _: Cell(r.connection), 10, 2, 20,
       order=lambda r: r.connection),
    _R("name", "Processor", lambda r, _: Cell(r.name), 10, 1, order=lambda r: r.name),
    _R("cycles", "Cycles", lambda r, _: Cell(f"{r.cycles:,}"), 6, 3, is_number=True,
       order=lambda r: r.cycles),
    _R("last", "Last ms", lambda r, _: millis_cell(r.last_ms), 7, 2, is_number=True,
       order=lambda r: r.last_ms),
    _R("median", "Median", lambda r, _: millis_cell(r.median_ms), 6, 3, is_number=True,
       order=lambda r: r.median_ms),
    _R("p95", "p95", lambda r, _: millis_cell(r.p95_ms), 6, 2, is_number=True,
       order=lambda r: r.p95_ms),
    _R("errors", "Errors", lambda r, _: _count(r.errors), 6, 1, is_number=True,
       order=lambda r: r.errors),
    _R("error", "Last error", _processor_error, 10, 4, is_flexible=True,
       is_timed=True),
)  # fmt: skip
"""Processors: how fast their cycles are, and what failed."""

_F = Column[FeedView]
FEEDS = (
    _F("connection", "Connection", lambda f, _: Cell(f.connection), 10, 3, 20,
       order=lambda f: f.connection),
    _F("symbol", "Symbol", lambda f, _: Cell(f.symbol), 8, 1, order=lambda f: f.symbol),
    _F("source", "Source", lambda f, _: source_cell(f.source), 6, 2, order=lambda f: f.source),
    _F("price", "Price", lambda f, _: price_cell(f.price), 8, 2, is_number=True),
    _F("age", "Age", lambda f, _: NONE if f.age_ms is None else Cell(age_text(f.age_ms)), 4, 1,
       is_number=True, order=lambda f: f.age_ms),
    _F("state", "State", lambda f, _: _freshness(f), 6, 1, order=lambda f: not f.is_stale),
)  # fmt: skip
"""Feeds: the last price of every symbol, and how old it is."""
