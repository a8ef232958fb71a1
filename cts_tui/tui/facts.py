"""Everything about one row as names and values, for the detail views."""

from decimal import Decimal

from cts_tui.model.trading import PositionStatus
from cts_tui.model.views import (
    EventView,
    FeedView,
    PositionView,
    ProcessorView,
    SignalView,
)
from cts_tui.tui.cells import Cell, Tone
from cts_tui.tui.formats import (
    age_cell,
    age_text,
    direction_cell,
    gain_cell,
    gain_pct_cell,
    millis_cell,
    price_cell,
    price_text,
    quantity_text,
    stamp_text,
)
from cts_tui.tui.states import (
    guard_text,
    position_mode,
    price_state,
    signal_status,
    source_cell,
)
from cts_tui.tui.widgets.detail import Fact


def position_facts(position: PositionView, now_ms: int) -> list[Fact]:
    """Return what is known of a position."""
    notional = position.entry_price * position.quantity
    facts = [
        Fact("Connection", Cell(position.connection)),
        Fact("Mode", position_mode(position)),
        Fact("Symbol", Cell(position.symbol, Tone.STRONG)),
        Fact("Side", direction_cell(position.side)),
        Fact("Quantity", _quantity(position)),
        Fact("Notional", Cell(f"{notional:,.2f}")),
        Fact("Entry", price_cell(position.entry_price)),
        Fact("Mark", price_cell(position.mark_price)),
        Fact("PnL", gain_cell(position.pnl)),
        Fact("PnL %", gain_pct_cell(position.pnl_pct)),
        Fact("Stop", _distant(position.stop_price, position)),
        Fact("Target", _distant(position.target_price, position)),
        Fact("Fees", Cell(f"{position.fees:,.4f}")),
        Fact("Strategy", Cell(f"{position.strategy}, {position.timeframe}")),
        Fact("Status", Cell(position.status.replace("_", " "))),
        Fact("Price", price_state(position)),
        Fact("Opened", Cell(stamp_text(position.opened_at_ms))),
        Fact("Open for", age_cell(position.opened_at_ms, position.closed_at_ms or now_ms)),
    ]
    if position.protection is not None:
        facts.append(Fact("Protection", guard_text(position, now_ms), is_long=True))
    if position.stop_order_id and not position.status.is_final:
        facts.append(Fact("Stop order", Cell(position.stop_order_id), is_long=True))
    if position.status is PositionStatus.CLOSED_WITH_DUST:
        rest = f"{quantity_text(position.held)} is left: too little to be sold at the exchange"
        facts.append(Fact("Dust", Cell(rest), is_long=True))
    if position.status.is_final:
        facts += [
            Fact("Closed", Cell(stamp_text(position.closed_at_ms))),
            Fact("Exit", price_cell(position.exit_price)),
            Fact("Exit reason", Cell((position.exit_reason or "-").replace("_", " "))),
        ]
    return [*facts, Fact("Id", Cell(str(position.id)))]


def signal_facts(signal: SignalView) -> list[Fact]:
    """Return what is known of a signal."""
    return [
        Fact("Candle", Cell(stamp_text(signal.time_ms))),
        Fact("Connection", Cell(signal.connection)),
        Fact("Symbol", Cell(signal.symbol, Tone.STRONG)),
        Fact("Strategy", Cell(f"{signal.strategy}, {signal.timeframe}")),
        Fact("Side", direction_cell(signal.side)),
        Fact("Kind", Cell(signal.kind)),
        Fact("Price", price_cell(signal.price)),
        Fact("Source", source_cell(signal.source)),
        Fact("Status", signal_status(signal.status)),
        Fact("Reason", Cell(signal.reason or "-"), is_long=True),
    ]


def event_facts(event: EventView) -> list[Fact]:
    """Return what is known of an event."""
    return [
        Fact("Time", Cell(stamp_text(event.time_ms))),
        Fact("Who", Cell(event.who)),
        Fact("Kind", Cell(event.kind)),
        Fact("Subject", Cell(event.subject)),
        Fact("Message", Cell(event.message), is_long=True),
        Fact("Before", Cell(event.before or "-"), is_long=True),
        Fact("After", Cell(event.after or "-"), is_long=True),
    ]


def processor_facts(processor: ProcessorView) -> list[Fact]:
    """Return what is known of a processor."""
    return [
        Fact("Connection", Cell(processor.connection)),
        Fact("Processor", Cell(processor.name)),
        Fact("Cycles", Cell(f"{processor.cycles:,}")),
        Fact("Errors", Cell(f"{processor.errors:,}")),
        Fact("Last ms", millis_cell(processor.last_ms)),
        Fact("Median ms", millis_cell(processor.median_ms)),
        Fact("p95 ms", millis_cell(processor.p95_ms)),
        Fact("Last error", _error(processor.last_error), is_long=True),
        Fact("At", Cell(stamp_text(processor.last_error_at_ms)), is_long=True),
    ]


def feed_facts(feed: FeedView) -> list[Fact]:
    """Return what is known of a feed."""
    return [
        Fact("Connection", Cell(feed.connection)),
        Fact("Symbol", Cell(feed.symbol)),
        Fact("Source", source_cell(feed.source)),
        Fact("Price", price_cell(feed.price)),
        Fact("Age", Cell("-" if feed.age_ms is None else age_text(feed.age_ms))),
        Fact("Stale", Cell("yes", Tone.STALE) if feed.is_stale else Cell("no")),
    ]


def _error(text: str | None) -> Cell:
    return Cell(text, Tone.ERROR) if text else Cell("none", Tone.MUTED)


def _quantity(position: PositionView) -> Cell:
    """Return what is open, and how much of it is closed already where a part is."""
    text = quantity_text(position.quantity)
    if not position.exited or position.status.is_final:
        return Cell(text)
    return Cell(f"{quantity_text(position.held)} left of {text}", Tone.WARNING)


def _distant(price: Decimal | None, position: PositionView) -> Cell:
    """Return a price with its distance from the mark in percent."""
    if price is None:
        return Cell("none", Tone.WARNING)
    if not position.mark_price or position.status.is_final:
        return price_cell(price)
    away = (price / position.mark_price - 1) * 100
    return Cell(f"{price_text(price)} ({away:+.2f}%)")
