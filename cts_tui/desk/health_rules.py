"""The rules by which health is judged: each returns one line per fault, empty when all is well."""

from typing import Final

from cts_tui.model.market import Source
from cts_tui.model.trading import EngineStatus
from cts_tui.model.views import (
    ConnectionView,
    EngineProgramView,
    FeedView,
    ProcessorView,
    Report,
)

_SILENT_MS: Final = 6_000
_RECENT_ERROR_MS: Final = 300_000


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
        return [f"no engine runs, {len(enabled)} connections are enabled; start `cts-tui run`"]
    faults = []
    for view in enabled:
        silent_ms = now_ms - (view.heartbeat_ms or 0)
        if view.status is EngineStatus.FAILED:
            faults.append(f"the engine of {view.name} failed: {view.last_error}")
        elif view.heartbeat_ms is None or silent_ms > _SILENT_MS:
            faults.append(f"the engine of {view.name} gives no sign of life")
    return faults


def impairments(views: list[ConnectionView], programs: list[EngineProgramView]) -> list[str]:
    """Return a line for each engine that runs on less than it should."""
    if not any(program.is_alive for program in programs):
        return []
    faults = [
        f"{view.name} is degraded: {view.last_error or 'its database writes fail'}"
        for view in views
        if view.enabled and view.status is EngineStatus.DEGRADED
    ]
    synthetic = [v.name for v in views if v.enabled and v.feed_source == Source.SYNTHETIC]
    return faults + [f"{name} walks on synthetic prices" for name in synthetic]


def feed_faults(feeds: list[FeedView], programs: list[EngineProgramView]) -> list[str]:
    """Return a line when prices are too old."""
    if not any(program.is_alive for program in programs):
        return []
    stale = [f"{feed.connection} {feed.symbol}" for feed in feeds if feed.is_stale]
    return [f"{len(stale)} feeds are stale: {', '.join(stale[:5])}"] if stale else []


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
    return [f"{journal['dropped']} batches were lost"] if journal.get("dropped") else []
