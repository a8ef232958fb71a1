"""The rules by which health is judged, one function each: what it yields is wrong now.

The report, its history and the alerts all rest on these; the guide lists them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from cts_tui.engine.health.readings import Readings
from cts_tui.model.health import Fault, Gravity
from cts_tui.model.market import Source
from cts_tui.model.trading import EngineStatus

_RECENT_ERROR_MS: Final = 300_000
_LISTED: Final = 5

Findings = Iterator[tuple[str, str]]
"""Subject and message of each thing that is wrong."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A way in which the desk can be wrong."""

    name: str
    gravity: Gravity
    find: Callable[[Readings], Findings]


def judge(readings: Readings) -> tuple[Fault, ...]:
    """Return what is wrong, the gravest first: in the order of the rules."""
    return tuple(
        Fault(rule.name, subject, rule.gravity, message)
        for rule in RULES
        for subject, message in rule.find(readings)
    )


def schema_unexpected(readings: Readings) -> Findings:
    """The store has another schema than this program."""
    found, expected = readings.database["schema"], readings.database["schema_expected"]
    if found != expected:
        yield "database", f"the schema is {found}, expected {expected}"


def no_engine(readings: Readings) -> Findings:
    """Connections are enabled, and no engine program runs."""
    enabled = readings.enabled
    if enabled and not readings.is_any_alive:
        are = "connection is" if len(enabled) == 1 else "connections are"
        yield (
            "engine",
            f"no engine runs, {len(enabled)} {are} enabled; start one with: cts-tui run",
        )


def engine_failed(readings: Readings) -> Findings:
    """The engine of an enabled connection has failed."""
    for view in readings.enabled if readings.is_any_alive else ():
        if view.status is EngineStatus.FAILED:
            yield view.name, f"the engine of {view.name} failed: {view.last_error}"


def engine_silent(readings: Readings) -> Findings:
    """A program runs, and the engine of an enabled connection has not been heard of."""
    for view in readings.enabled if readings.is_any_alive else ():
        is_mute = readings.is_silent(view) and view.name not in readings.starting
        if is_mute and view.status is not EngineStatus.FAILED:
            yield view.name, f"the engine of {view.name} gives no sign of life"


def rows_broken(readings: Readings) -> Findings:
    """The store holds rows that cannot be."""
    for line in readings.broken:
        yield "database", line


def writer_failing(readings: Readings) -> Findings:
    """The writer cannot write: nothing is recorded, and nothing is entered."""
    if readings.journal.get("is_failing"):
        yield "writer", f"the writer cannot write: {readings.journal.get('last_error')}"


def writer_lost(readings: Readings) -> Findings:
    """The writer gave up batches since its program started."""
    if lost := readings.journal.get("dropped"):
        yield (
            "writer",
            f"the writer has lost {lost} batches: {readings.journal.get('last_error')}",
        )


def position_unwatched(readings: Readings) -> Findings:
    """A disabled connection holds positions: nothing would stop them."""
    for view in readings.connections:
        if view.open_positions and not view.enabled:
            yield (
                view.name,
                (
                    f"{view.name} is disabled and holds {view.open_positions} open "
                    f"position{'s' * (view.open_positions != 1)} that nobody watches; "
                    f"enable it, or close them first: connections enable {view.name}"
                ),
            )


def engine_degraded(readings: Readings) -> Findings:
    """An engine says of itself that it is degraded."""
    for view in readings.enabled if readings.is_any_alive else ():
        if view.status is EngineStatus.DEGRADED:
            why = view.last_error or "its database writes fail"
            yield view.name, f"{view.name} is degraded: {why}"


def feed_synthetic(readings: Readings) -> Findings:
    """A feed is lost, and its connection walks on invented prices."""
    for view in readings.enabled if readings.is_any_alive else ():
        if view.feed_source == Source.SYNTHETIC:
            yield view.name, f"{view.name} walks on synthetic prices"


def feed_stale(readings: Readings) -> Findings:
    """Prices are too old; of an engine that starts they still are."""
    if not readings.is_any_alive:
        return
    for view in readings.enabled:
        own = [feed for feed in readings.feeds if feed.connection == view.name]
        stale = [feed.symbol for feed in own if feed.is_stale]
        if stale and view.name not in readings.starting:
            listed = ", ".join(stale[:_LISTED]) + ", …" * (len(stale) > _LISTED)
            yield (
                view.name,
                f"{len(stale)} of {len(own)} prices of {view.name} are stale: {listed}",
            )


def processor_error(readings: Readings) -> Findings:
    """A cycle of a processor failed in the last five minutes."""
    for view in readings.processors:
        at_ms = view.last_error_at_ms
        if at_ms is not None and readings.now_ms - at_ms < _RECENT_ERROR_MS:
            yield (
                f"{view.connection}/{view.name}",
                f"{view.connection} {view.name}: {view.last_error}",
            )


RULES: Final = (
    Rule("schema-unexpected", Gravity.CRITICAL, schema_unexpected),
    Rule("no-engine", Gravity.CRITICAL, no_engine),
    Rule("engine-failed", Gravity.CRITICAL, engine_failed),
    Rule("engine-silent", Gravity.CRITICAL, engine_silent),
    Rule("rows-broken", Gravity.CRITICAL, rows_broken),
    Rule("writer-failing", Gravity.CRITICAL, writer_failing),
    Rule("position-unwatched", Gravity.WARNING, position_unwatched),
    Rule("engine-degraded", Gravity.WARNING, engine_degraded),
    Rule("feed-synthetic", Gravity.WARNING, feed_synthetic),
    Rule("feed-stale", Gravity.WARNING, feed_stale),
    Rule("processor-error", Gravity.WARNING, processor_error),
    Rule("writer-lost", Gravity.WARNING, writer_lost),
)
"""In order of gravity, the critical ones first."""
