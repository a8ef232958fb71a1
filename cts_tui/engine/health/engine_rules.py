"""Rules about engines: whether they run, what feeds them, how their processors fare."""

from typing import Final

from cts_tui.engine.health.findings import Findings, counted
from cts_tui.engine.health.readings import Readings
from cts_tui.model.market import Source
from cts_tui.model.trading import EngineStatus
from cts_tui.model.views import ProcessorView
from cts_tui.store.engine_figures import number, session_of

_RECENT_ERROR_MS: Final = 300_000
_CYCLES_FOR_A_RATE: Final = 100
_FAILURES: Final = 3
_LATE_MS: Final = 2_000
_YOUNG_S: Final = 60.0
"""A program that has just started loads so much that its loop is late."""
_LISTED: Final = 5
_HARMLESS: Final = ("quiet", "halted")
"""Feeds whose prices are old because nothing is traded."""


def no_engine(readings: Readings) -> Findings:
    """Find that connections are enabled, and no engine program runs."""
    enabled = len(readings.enabled)
    if enabled and not readings.is_any_alive:
        are = "is" if enabled == 1 else "are"
        message = (
            f"no engine runs, {counted(enabled, 'connection')} {are} enabled; "
            "start one with: cts-tui run"
        )
        yield "engine", message


def engine_failed(readings: Readings) -> Findings:
    """Find the enabled connections whose engine has failed; it is started again."""
    for view in readings.enabled if readings.is_any_alive else ():
        if view.status is EngineStatus.FAILED:
            yield view.name, f"the engine of {view.name} failed: {view.last_error}"


def engine_silent(readings: Readings) -> Findings:
    """Find the enabled connections whose engine has not been heard of, though a program runs."""
    for view in readings.enabled if readings.is_any_alive else ():
        is_mute = readings.is_silent(view) and view.name not in readings.starting
        if is_mute and view.status is not EngineStatus.FAILED:
            yield view.name, f"the engine of {view.name} gives no sign of life"


def engine_restarting(readings: Readings) -> Findings:
    """Find engines that fail again and again."""
    for name, failures in readings.failures.items():
        if failures >= _FAILURES:
            yield name, f"the engine of {name} has failed {failures} times in 10 minutes"


def engine_degraded(readings: Readings) -> Findings:
    """Find engines that say of themselves that they are degraded."""
    for view in readings.at_work:
        if view.status is EngineStatus.DEGRADED:
            why = view.last_error or "its database writes fail"
            yield view.name, f"{view.name} is degraded: {why}"


def feed_synthetic(readings: Readings) -> Findings:
    """Find connections whose feed is lost, so that they walk on invented prices."""
    for view in readings.at_work:
        if view.feed_source == Source.SYNTHETIC:
            yield view.name, f"{view.name} walks on synthetic prices"


def feed_stale(readings: Readings) -> Findings:
    """Find connections with prices that are too old, though something is traded."""
    for view in readings.at_work:
        if view.feed_source == Source.SYNTHETIC:
            continue  # it is said already
        own = [feed for feed in readings.feeds if feed.connection == view.name]
        stale = [feed.symbol for feed in own if feed.is_stale and feed.state not in _HARMLESS]
        if stale:
            listed = ", ".join(stale[:_LISTED]) + ", …" * (len(stale) > _LISTED)
            yield view.name, f"{len(stale)} of {len(own)} prices of {view.name} are stale: {listed}"


def exchange_paused(readings: Readings) -> Findings:
    """Find connections that send nothing: the exchange does not answer, or has banned us."""
    for view in readings.at_work:
        session = session_of(readings.engines[view.name].figures)
        if session.limiter.throttled_s:
            wait_s = session.limiter.throttled_s
            yield view.name, f"{view.exchange} lets {view.name} send nothing for {wait_s:.0f} s"
        elif not session.breaker.is_closed:
            why = session.breaker.last_error or "it does not answer"
            yield view.name, f"{view.name} waits for {view.exchange}: {why}"


def clock_off(readings: Readings) -> Findings:
    """Find clocks that are too far from the exchange's."""
    for view in readings.at_work:
        offset_ms = session_of(readings.engines[view.name].figures).clock_offset_ms
        bound_ms = readings.bound("clock_off_ms")
        if offset_ms is None:
            continue
        if readings.is_above(abs(offset_ms), bound_ms, "clock-off", view.name):
            message = (
                f"the clock of {view.exchange} is {offset_ms:+} ms from ours, at most "
                f"{bound_ms:.0f} are allowed; set this machine's clock by NTP"
            )
            yield view.name, message


def processor_error_rate(readings: Readings) -> Findings:
    """Find processors that fail too often, the last time within five minutes."""
    for view in readings.processors:
        if _is_recent(view, readings.now_ms) and _is_frequent(readings, view):
            message = (
                f"{view.connection} {view.name}: {view.failed} of its last {view.failed_of} "
                f"cycles had an error ({view.error_rate_pct:.1f} %), last: {view.last_error}"
            )
            yield _subject(view), message


def processor_error(readings: Readings) -> Findings:
    """Find processors that failed within the last five minutes, if not often."""
    for view in readings.processors:
        if _is_recent(view, readings.now_ms) and not _is_frequent(readings, view):
            yield _subject(view), f"{view.connection} {view.name}: {view.last_error}"


def _is_recent(view: ProcessorView, now_ms: int) -> bool:
    at_ms = view.last_error_at_ms
    return at_ms is not None and now_ms - at_ms < _RECENT_ERROR_MS


def _is_frequent(readings: Readings, view: ProcessorView) -> bool:
    rate_pct = view.error_rate_pct
    if view.failed_of < _CYCLES_FOR_A_RATE or rate_pct is None:
        return False
    bound_pct = readings.bound("error_rate_pct")
    return readings.is_above(rate_pct, bound_pct, "processor-error-rate", _subject(view))


def _subject(view: ProcessorView) -> str:
    return f"{view.connection}/{view.name}"


def loop_late(readings: Readings) -> Findings:
    """Find that the event loop runs things late: an order would go out late too."""
    late_ms = number(readings.process.get("event_loop_lag_ms")) or 0.0
    uptime_s = number(readings.process.get("uptime_s")) or 0.0
    is_late = readings.is_above(late_ms, _LATE_MS, "loop-late", "engine")
    if is_late and uptime_s > _YOUNG_S:
        yield "engine", f"the engine runs things up to {late_ms / 1000:.1f} s late; see its load"
