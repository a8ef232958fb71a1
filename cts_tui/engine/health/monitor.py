"""HealthMonitor: measures the process, keeps the history of health, prunes what is too old."""

import asyncio
import time
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

import psutil

from cts_tui.clock import Clock, utc_from_ms
from cts_tui.engine.health.assessment import assess
from cts_tui.engine.health.bounds import bounds_of
from cts_tui.engine.health.published import ProgramFigures
from cts_tui.engine.health.samples import sample_of
from cts_tui.engine.processor import CycleReport, Processor
from cts_tui.logs.writer import log_file_in_use
from cts_tui.settings import Settings
from cts_tui.store import alerts, health_samples, retention
from cts_tui.store.column_types import to_ms
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal
from cts_tui.store.running_sums import RunningSums

_PRUNE_EVERY_S: Final = 3_600.0
_SAMPLE_EVERY_S: Final = 60.0
_FIRST_SAMPLE_S: Final = 5.0
"""Before that, the engines have not told anything yet."""
_LAG_EVERY_S: Final = 0.25


class HealthMonitor(Processor):
    """One per engine program. Its figures are what `health` says of the process and the writer."""

    name = "health"
    interval_s = 10.0

    def __init__(
        self,
        *,
        database: Database,
        journal: Journal,
        settings: Settings,
        clock: Clock,
        published: ProgramFigures,
    ) -> None:
        super().__init__()
        self._database = database
        self._journal = journal
        self._settings = settings
        self._clock = clock
        self._published = published
        self._process = psutil.Process()
        self._started = time.monotonic()
        self._pruned_at = time.monotonic()
        self._pruned_rows = 0
        self._worst_lag_ms = 0.0
        self._sample_due = time.monotonic() + _FIRST_SAMPLE_S
        self._sums = RunningSums(is_anew=True)
        published.tell("bounds", bounds_of(settings))

    async def cycle(self) -> CycleReport:
        """Measure and publish; sample once a minute, prune once an hour."""
        self._published.tell("process", self._measure())
        self._published.tell("journal", asdict(self._journal.figures))
        if (log := log_file_in_use()) is not None:
            self._published.tell("log", log.figures())
        self._worst_lag_ms = 0.0
        now = time.monotonic()
        if now >= self._sample_due:
            self._sample_due = now + _SAMPLE_EVERY_S
            await asyncio.to_thread(self.sample)
        if now - self._pruned_at >= _PRUNE_EVERY_S:
            self._pruned_at = now
            self._sums = RunningSums(is_anew=True)  # what was corrected since is in it then
            self._pruned_rows += await asyncio.to_thread(self.prune)
        return CycleReport(1)

    async def watch_lag(self) -> None:
        """Measure, until cancelled, how late the event loop runs what is due."""
        while True:
            due = time.monotonic() + _LAG_EVERY_S
            await asyncio.sleep(_LAG_EVERY_S)
            self._worst_lag_ms = max(self._worst_lag_ms, (time.monotonic() - due) * 1000)

    def _measure(self) -> dict[str, Any]:
        process = self._process
        with process.oneshot():
            return {
                "rss_mb": round(process.memory_info().rss / 1_048_576, 1),
                "cpu_pct": round(process.cpu_percent(), 1),
                "threads": process.num_threads(),
                "open_files": process.num_fds() if hasattr(process, "num_fds") else None,
                "event_loop_lag_ms": round(self._worst_lag_ms, 1),
                "uptime_s": round(time.monotonic() - self._started, 1),
                "pruned_rows": self._pruned_rows,
            }

    def sample(self) -> None:
        """Assess health, and store what is kept of it and the sums that it rests on."""
        now_ms = self._clock.now_ms()
        sample = sample_of(assess(self._database, now_ms, self._sums), now_ms)
        with self._database.write() as transaction:
            health_samples.add(transaction, sample)
            self._sums.put(transaction, utc_from_ms(now_ms))

    def prune(self) -> int:
        """Delete what retention no longer keeps, a table at a time; return the rows deleted."""
        settings, now = self._settings, utc_from_ms(self._clock.now_ms())
        with self._database.write() as transaction:
            removed = retention.prune_candles(
                transaction, keep=settings.keep_candles, keep_days=settings.keep_candles_days
            )
        with self._database.write() as transaction:
            removed += retention.prune_indications(
                transaction,
                keep=settings.keep_indications,
                keep_days=settings.keep_indications_days,
            )
        with self._database.write() as transaction:
            oldest = now - timedelta(days=settings.keep_events_days)
            removed += retention.prune_events(transaction, before=oldest)
        with self._database.write() as transaction:
            oldest = now - timedelta(days=settings.keep_health_days)
            removed += health_samples.prune(transaction, to_ms(oldest))
        with self._database.write() as transaction:
            oldest = now - timedelta(days=settings.keep_events_days)
            return removed + alerts.prune(transaction, before=oldest)
