"""The rules by which health is judged: each returns one line per fault, empty when all is well."""

from typing import Final

from cts_tui.desk.figures import SILENT_MS
from cts_tui.model.market import Source
from cts_tui.model.trading import EngineStatus
from cts_tui.model.views import (
    ConnectionView,
    EngineProgramView,
    FeedView,
    ProcessorView,
    Report,
)

_RECENT_ERROR_MS: Final = 300_000
_LISTED: Final = 5


def database_faults(database: Report) -> list[str]:
    """Return what is wrong with the schema."""
    if database["schema"] != database["schema_expected"]:
        return [f"the schema is {database['schema']}, expected {database['schema_expected']}"]
    return []


def engine_faults(
    views: list[ConnectionView], programs: list[EngineProgramView], now_ms: int
) -> list[str]:
    """Return a line for each enabled connection whose engine is not at work."""
    enabled = [view for view in views if view.enabled]
    if enabled and not any(program.is_alive for program in programs):
        are = "connection is" if len(enabled) == 1 else "connections are"
        return [f"no engine runs, {len(enabled)} {are} enabled; start one with: cts-tui run"]
    faults = []
    for view in enabled:
        if view.status is EngineStatus.FAILED:
            faults.append(f"the engine of {view.name} failed: {view.last_error}")
        elif _is_silent(view, now_ms) and not _is_starting(view, programs, now_ms):
            faults.append(f"the engine of {view.name} gives no sign of life")
    return faults


def unwatched_positions(views: list[ConnectionView]) -> list[str]:
    """Return a line for each disabled connection that holds positions: nothing would stop them."""
    return [
        f"{view.name} is disabled and holds {view.open_positions} open "
        f"position{'s' * (view.open_positions != 1)} that nobody watches; "
        f"enable it, or close them first: connections enable {view.name}"
        for view in views
        if view.open_positions and not view.enabled
    ]


def impairments(
    views: list[ConnectionView], programs: list[EngineProgramView], now_ms: int
) -> list[str]:
    """Return a line for each engine that runs on less than it should."""
    if not any(program.is_alive for program in programs):
        return []
    enabled = [view for view in views if view.enabled]
    starting = [v.name for v in enabled if _is_starting(v, programs, now_ms)]
    degraded = [v for v in enabled if v.status is EngineStatus.DEGRADED]
    synthetic = [v.name for v in enabled if v.feed_source == Source.SYNTHETIC]
    return [
        *(f"the engine of {name} is starting" for name in starting),
        *(f"{v.name} is degraded: {v.last_error or 'its database writes fail'}" for v in degraded),
        *(f"{name} walks on synthetic prices" for name in synthetic),
    ]


def _is_silent(view: ConnectionView, now_ms: int) -> bool:
    return view.heartbeat_ms is None or now_ms - view.heartbeat_ms > SILENT_MS


def _is_starting(view: ConnectionView, programs: list[EngineProgramView], now_ms: int) -> bool:
    """Return whether an engine says so, or its program is too young for it to have said a word."""
    youngest_ms = max((p.started_at_ms for p in programs if p.is_alive), default=0)
    has_spoken = view.heartbeat_ms is not None and view.heartbeat_ms >= youngest_ms
    is_young = now_ms - youngest_ms <= SILENT_MS
    return view.status is EngineStatus.STARTING or (is_young and not has_spoken)


def feed_faults(
    feeds: list[FeedView],
    views: list[ConnectionView],
    programs: list[EngineProgramView],
    now_ms: int,
) -> list[str]:
    """Return a line when prices are too old; of an engine that starts they still are."""
    if not any(program.is_alive for program in programs):
        return []
    starting = {view.name for view in views if _is_starting(view, programs, now_ms)}
    stale = [
        f"{feed.connection} {feed.symbol}"
        for feed in feeds
        if feed.is_stale and feed.connection not in starting
    ]
    if not stale:
        return []
    listed = ", ".join(stale[:_LISTED]) + ", …" * (len(stale) > _LISTED)
    return [f"{len(stale)} of {len(feeds)} prices are stale: {listed}"]


def processor_faults(processors: list[ProcessorView], now_ms: int) -> list[str]:
    """Return the errors of the last five minutes, a line for each processor."""
    return [
        f"{view.connection} {view.name}: {view.last_error}"
        for view in processors
        if view.last_error_at_ms is not None and now_ms - view.last_error_at_ms < _RECENT_ERROR_MS
    ]


def journal_faults(journal: Report) -> list[str]:
    """Return what is wrong with the writer."""
    if journal.get("is_failing"):
        return [f"the writer cannot write: {journal['last_error']}"]
    lost = journal.get("dropped")
    return [f"the writer has lost {lost} batches: {journal['last_error']}"] if lost else []
