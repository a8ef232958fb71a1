"""What of a report is kept as its history."""

from cts_tui.engine.health.assessment import unreadable
from cts_tui.engine.health.samples import sample_of
from cts_tui.model.trading import HealthStatus
from cts_tui.model.views import FeedView, HealthReport, ProcessorView

from .readings import FEED, NOW_MS

SECTIONS = {
    "database": {
        "size_bytes": 12_340_000,
        "disk_free_bytes": 1_000_000_000,
        "journal": {"last_ms": 2.5},
    },
    "connections": {},
    "positions": {"open": 3, "open_pnl": "-1.5", "realized_pnl": "20"},
    "api": [{"acknowledge_p99_ms": None}, {"acknowledge_p99_ms": 310.0}],
    "process": {"rss_mb": 80.0, "cpu_pct": 3.0, "event_loop_lag_ms": 1.0},
}


def processor(name: str, p95_ms: float, errors: int = 0) -> ProcessorView:
    return ProcessorView("demo", name, 10, errors, 1.0, 1.0, p95_ms, None, None)


def test_a_sample_holds_what_is_worst_of_each_part() -> None:
    report = HealthReport(
        status=HealthStatus.HEALTHY,
        reasons=(),
        sections=SECTIONS,
        processors=(processor("strategy", 4.0, 2), processor("reconcile", 400.0, 1)),
        feeds=(FEED, FeedView("demo", "X", "stream", None, 90_000, is_stale=True, state="quiet")),
    )
    sample = sample_of(report, NOW_MS + 59_999)
    assert sample.time_ms == NOW_MS
    assert sample.figures == {
        "faults": 0,
        "rss_mb": 80.0,
        "cpu_pct": 3.0,
        "lag_ms": 1.0,
        "writer_ms": 2.5,
        "cycle_p95_ms": 4.0,
        "errors": 3,
        "feed_age_ms": 500,
        "acknowledge_p99_ms": 310.0,
        "database_mb": 12.3,
        "disk_free_mb": 1000.0,
        "open_positions": 3,
        "open_pnl": "-1.5",
        "realized_pnl": "20",
    }


def test_of_a_store_that_cannot_be_read_the_verdict_is_kept() -> None:
    sample = sample_of(unreadable("the database is damaged"), NOW_MS)
    assert (sample.status, sample.figures) == (HealthStatus.UNHEALTHY, {"faults": 1})
