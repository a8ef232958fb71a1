"""States as words in a tone: modes, engines, signals, prices. Never a colour alone."""

from cts_tui.model.trading import EngineStatus, HealthStatus, Mode, SignalStatus
from cts_tui.model.views import ConnectionView, PositionView
from cts_tui.tui.cells import Cell, Tone
from cts_tui.tui.formats import NONE

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
    return Cell(connection.mode, Tone.PAPER if connection.mode is Mode.PAPER else Tone.PLAIN)


def live_cell(connection: ConnectionView) -> Cell:
    """Return LIVE for a connection that trades real money now, else off."""
    return Cell("LIVE", Tone.LIVE) if connection.live else Cell("off", Tone.MUTED)


def position_mode(position: PositionView) -> Cell:
    """Return whether a position is real money."""
    return Cell("LIVE", Tone.LIVE) if position.is_live else Cell("paper", Tone.PAPER)


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
