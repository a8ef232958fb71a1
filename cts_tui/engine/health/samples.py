"""What of a report is kept as its history: one small row, the main figures of every part."""

from collections.abc import Iterable
from typing import Any, Final

from cts_tui.model.health import HealthSample
from cts_tui.model.views import FeedView, HealthReport, Report

_MINUTE_MS: Final = 60_000
_PIPELINE: Final = ("realtime", "indication", "strategy", "execution")
"""The processors that a candle goes through, whose slowest is the cycle's."""
_MEGABYTE: Final = 1_000_000


def sample_of(report: HealthReport, now_ms: int) -> HealthSample:
    """Return the sample of a report, at the full minute."""
    sections = report.sections
    known = sections["connections"] is not None
    figures = {"faults": len(report.faults)} | (_figures(report, sections) if known else {})
    return HealthSample(now_ms - now_ms % _MINUTE_MS, report.status, figures)


def _figures(report: HealthReport, sections: Report) -> dict[str, Any]:
    process, database, positions = sections["process"], sections["database"], sections["positions"]
    p95s = [view.p95_ms for view in report.processors if view.name in _PIPELINE]
    return {
        "rss_mb": process.get("rss_mb"),
        "cpu_pct": process.get("cpu_pct"),
        "lag_ms": process.get("event_loop_lag_ms"),
        "writer_ms": database["journal"].get("last_ms"),
        "cycle_p95_ms": _largest(p95s),
        "errors": sum(view.errors for view in report.processors),
        "feed_age_ms": _largest(_ages(report.feeds)),
        "acknowledge_p99_ms": _largest(row["acknowledge_p99_ms"] for row in sections["api"]),
        "database_mb": _megabytes(database["size_bytes"]),
        "disk_free_mb": _megabytes(database["disk_free_bytes"]),
        "open_positions": positions["open"],
        "open_pnl": positions["open_pnl"],
        "realized_pnl": positions["realized_pnl"],
    }


def _ages(feeds: Iterable[FeedView]) -> list[float | None]:
    """Return the ages of the prices that should be young."""
    return [feed.age_ms for feed in feeds if feed.state not in ("quiet", "halted")]


def _largest(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _megabytes(size: int | None) -> float | None:
    return None if size is None else round(size / _MEGABYTE, 1)
