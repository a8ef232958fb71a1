"""The monitor: what it publishes, the history it keeps, what it prunes."""

from decimal import Decimal

import pytest

from cts_tui.clock import ManualClock, utc_from_ms
from cts_tui.engine.health import monitor as monitor_module
from cts_tui.engine.health.monitor import HealthMonitor
from cts_tui.engine.health.published import ProgramFigures
from cts_tui.model.health import HealthSample
from cts_tui.model.trading import HealthStatus
from cts_tui.settings import Settings
from cts_tui.store import health_samples, setting_rows
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal
from cts_tui.store.running_sums import RUNNING_SUMS

from .readings import NOW_MS

DAY_MS = 86_400_000


def samples(database: Database) -> list[HealthSample]:
    with database.read() as transaction:
        return health_samples.since(transaction, 0)


@pytest.fixture
def published() -> ProgramFigures:
    return ProgramFigures()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW_MS + 21_500)


@pytest.fixture
def monitor(
    database: Database,
    journal: Journal,
    clock: ManualClock,
    published: ProgramFigures,
    monkeypatch: pytest.MonkeyPatch,
) -> HealthMonitor:
    """A monitor whose samples are always due."""
    monkeypatch.setattr(monitor_module, "_FIRST_SAMPLE_S", 0.0)
    monkeypatch.setattr(monitor_module, "_SAMPLE_EVERY_S", 0.0)
    return HealthMonitor(
        database=database,
        journal=journal,
        settings=Settings(keep_health_days=2, unprotected_alarm_s=7.5),
        clock=clock,
        published=published,
    )


async def test_a_cycle_publishes_process_writer_and_bounds(
    monitor: HealthMonitor, published: ProgramFigures
) -> None:
    published.follow(monitor)
    published.tell("backups", {"last": None})
    await monitor.run_cycle()
    row = published.as_row()
    assert row["process"]["rss_mb"] > 10
    assert row["journal"]["is_failing"] is False
    assert row["bounds"]["unprotected_ms"] == 7_500.0
    assert row["bounds"]["error_rate_pct"] == 1.0
    assert row["backups"] == {"last": None}
    assert [(one["name"], one["cycles"]) for one in row["processors"]] == [("health", 1)]


async def test_a_minute_has_one_sample_whoever_takes_it(
    monitor: HealthMonitor, database: Database, clock: ManualClock
) -> None:
    for _ in range(2):
        await monitor.run_cycle()
    clock.advance(60_000)
    await monitor.run_cycle()
    assert [sample.time_ms for sample in samples(database)] == [NOW_MS, NOW_MS + 60_000]
    assert monitor.figures.errors == 0


async def test_a_sample_holds_the_verdict_and_the_main_figures(
    monitor: HealthMonitor, database: Database
) -> None:
    await monitor.run_cycle()
    (sample,) = samples(database)
    assert sample.status is HealthStatus.HEALTHY
    assert sample.figures["faults"] == sample.figures["open_positions"] == 0
    assert Decimal(sample.figures["open_pnl"]) == 0
    assert sample.figures["database_mb"] > 0


async def test_the_sums_are_stored_for_whoever_reads_next(
    monitor: HealthMonitor, database: Database, clock: ManualClock
) -> None:
    await monitor.run_cycle()
    with database.read() as transaction:
        stored = setting_rows.get(transaction, RUNNING_SUMS)
    assert stored == {"closed": {}, "signals": {"until": 0, "by_status": {}}}


def test_old_samples_are_pruned(
    monitor: HealthMonitor, database: Database, clock: ManualClock
) -> None:
    edge_ms = clock.now_ms() - 2 * DAY_MS
    with database.write() as transaction:
        for time_ms in (edge_ms - 1, edge_ms):
            health_samples.add(transaction, HealthSample(time_ms, HealthStatus.HEALTHY, {}))
    assert monitor.prune() == 1
    assert [sample.time_ms for sample in samples(database)] == [edge_ms]
    assert utc_from_ms(edge_ms).year == 2025
