"""States as words in a tone: modes, engines, signals, prices. Never a colour alone."""

from cts_tui.model.trading import (
    EngineStatus,
    HealthStatus,
    Mode,
    OrderStatus,
    SignalStatus,
    StopKeeper,
)
from cts_tui.model.views import ConnectionView, PositionView
from cts_tui.tui.cells import Cell, Tone
from cts_tui.tui.formats import NONE, age_text

_ENGINES = {
    EngineStatus.STOPPED: Cell("○ stopped", Tone.MUTED),
    EngineStatus.STARTING: Cell("◌ starting", Tone.WARNING),
    EngineStatus.RUNNING: Cell("● running", Tone.GOOD),
    EngineStatus.DEGRADED: Cell("◐ degraded", Tone.WARNING),
    EngineStatus.FAILED: Cell("✖ failed", Tone.LIVE),
}
_SIGNALS = {
    SignalStatus.NEW: Tone.PAPER,
    SignalStatus.EXECUTED: Tone.GOOD,
    SignalStatus.REFUSED: Tone.WARNING,
    SignalStatus.EXPIRED: Tone.MUTED,
}
_HEALTH = {
    HealthStatus.HEALTHY: Cell("● HEALTHY", Tone.GOOD),
    HealthStatus.DEGRADED: Cell("◐ DEGRADED", Tone.STALE),
    HealthStatus.UNHEALTHY: Cell("✖ UNHEALTHY", Tone.LIVE),
}
_ORDERS = {
    OrderStatus.FILLED: Tone.GOOD,
    OrderStatus.PARTIALLY_FILLED: Tone.GOOD,
    OrderStatus.CANCELLED: Tone.MUTED,
    OrderStatus.EXPIRED: Tone.MUTED,
    OrderStatus.REJECTED: Tone.WARNING,
}
_MODES = {Mode.PAPER: Tone.PAPER, Mode.TESTNET: Tone.TESTNET, Mode.LIVE: Tone.PLAIN}
_REAL_MONEY = Cell("LIVE", Tone.LIVE)
_TEST_MONEY = Cell("TEST", Tone.TESTNET)
_INVENTED = "synthetic"
_SHORT_SOURCES = {_INVENTED: "SYNTH", "simulated": "sim"}


def engine_cell(status: EngineStatus) -> Cell:
    """Return what an engine says of itself."""
    return _ENGINES[status]


def health_cell(status: HealthStatus) -> Cell:
    """Return the verdict of the health report."""
    return _HEALTH[status]


def signal_status(status: SignalStatus) -> Cell:
    """Return what became of a signal."""
    return Cell(status, _SIGNALS[status])


def mode_cell(connection: ConnectionView) -> Cell:
    """Return what a connection's orders would be made of."""
    return Cell(connection.mode, _MODES[connection.mode])


def live_cell(connection: ConnectionView) -> Cell:
    """Return LIVE for a connection that trades real money now, TEST for test money, else off."""
    if not connection.live:
        return Cell("off", Tone.MUTED)
    return _TEST_MONEY if connection.mode is Mode.TESTNET else _REAL_MONEY


def position_mode(position: PositionView) -> Cell:
    """Return whether a position is real money, an exchange's test money, or paper."""
    if not position.is_live:
        return Cell("paper", Tone.PAPER)
    return _TEST_MONEY if position.is_test_money else _REAL_MONEY


def money_cell(position: PositionView) -> Cell:
    """Return what closing a position moves."""
    if not position.is_live:
        return Cell("no real money", Tone.MUTED)
    if position.is_test_money:
        return Cell("the exchange's test money", Tone.TESTNET)
    return Cell("real money", Tone.LIVE)


def guard_cell(position: PositionView, now_ms: int) -> Cell:
    """Return who keeps the stop: `venue`, `desk`, `NONE 12s` where it is unprotected for 12 s."""
    match position.protection:
        case StopKeeper.VENUE:
            return Cell("venue", Tone.GOOD)
        case StopKeeper.DESK:
            return Cell("desk", Tone.WARNING if position.is_live else Tone.MUTED)
        case StopKeeper.NOBODY:
            since_ms = position.unprotected_since_ms or now_ms
            return Cell(f"NONE {age_text(now_ms - since_ms)}", Tone.LIVE)
        case _:
            return NONE


def guard_text(position: PositionView, now_ms: int) -> Cell:
    """Return in words who keeps the stop of an open position."""
    match position.protection:
        case StopKeeper.VENUE:
            return Cell("at the exchange, confirmed", Tone.GOOD)
        case StopKeeper.DESK:
            return Cell("the desk closes at the market", guard_cell(position, now_ms).tone)
        case StopKeeper.NOBODY:
            since = guard_cell(position, now_ms).text.removeprefix("NONE ")
            return Cell(f"UNPROTECTED for {since}: the exchange confirms no stop", Tone.LIVE)
        case _:
            return Cell("none: the strategy sets no stop", Tone.WARNING)


def order_status(status: OrderStatus) -> Cell:
    """Return where an order is in its life; one whose outcome is not known stands out."""
    if status is OrderStatus.UNKNOWN:
        return Cell("UNKNOWN", Tone.BADGE_STALE)
    return Cell(status.replace("_", " "), _ORDERS.get(status, Tone.PLAIN))


def price_state(position: PositionView) -> Cell:
    """Return where the mark comes from; STALE where it is old."""
    if position.is_stale:
        return Cell("STALE", Tone.STALE)
    return source_cell(position.source)


def source_cell(source: str | None) -> Cell:
    """Return where prices come from; invented ones stand out."""
    if not source:
        return NONE
    tone = Tone.STALE if source == _INVENTED else Tone.MUTED
    return Cell(_SHORT_SOURCES.get(source, source), tone)
