"""Backups: how fast, beside SQLite's bare backup; and how long the writer waits meanwhile."""

import asyncio
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from math import ceil
from pathlib import Path

from cts_tui.model.trading import Actor, EventKind
from cts_tui.store.backup import make_backup
from cts_tui.store.batch import Batch
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal
from tests.benchmarks.measure import Line, median_s
from tests.benchmarks.pipeline_cycle import new_store

_ROWS = 250_000
_RUNS = 3
_COMMITS = 400
_BUDGET_MB_S = 8.0
_BUDGET_P99_MS = 50.0


def lines() -> Iterator[Line]:
    """Yield MB/s of a verified backup, and the durable commits of the writer while one runs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database, setup = new_store(folder)
        file = database.file
        assert file is not None
        _fill(file, setup.id)
        megabytes = file.stat().st_size / 1e6
        yield Line(
            f"backup of {megabytes:,.0f} MB, verified, compressed",
            megabytes / median_s(lambda: _back_up(database, folder), _RUNS),
            "MB/s",
            _BUDGET_MB_S,
            megabytes / median_s(lambda: _bare(file, folder / "bare.db"), _RUNS),
            "MB/s bare",
            is_rate=True,
        )
        alone = asyncio.run(_commits(database, _COMMITS))
        with _backing_up(database, folder):
            meanwhile = asyncio.run(_commits(database, _COMMITS))
        for share in (0.5, 0.99):
            yield Line(
                f"durable commit during a backup, p{share * 100:.0f}",
                _quantile(meanwhile, share),
                "ms",
                _BUDGET_P99_MS,
                _quantile(alone, share),
                "ms without",
            )
        database.close()


def _fill(file: Path, connection_id: int) -> None:
    """Store candles of fifty symbols, as a desk that has run for a while."""
    rows = [
        (connection_id, f"S{n % 50}/USDT", "5m", n // 50 * 300_000, *_prices(n), 1.5, "stream")
        for n in range(_ROWS)
    ]
    with closing(sqlite3.connect(file)) as plain:
        plain.executemany(
            "INSERT INTO candles (connection_id, symbol, timeframe, time_ms, open, high, low, "
            "close, volume, source) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        plain.commit()
        plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _prices(number: int) -> tuple[float, float, float, float]:
    """Return prices whose digits do not repeat: they compress as a market's do."""
    price = 100 + number * 0.618_033_988 % 7
    return price, price * 1.001, price * 0.999, price * 1.0003


def _back_up(database: Database, folder: Path) -> None:
    backup = make_backup(database, folder / "backups", reason="manual", now=datetime.now(UTC))
    backup.file.unlink()


def _bare(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as reading, closing(sqlite3.connect(target)) as writing:
        reading.backup(writing)
    target.unlink()


@contextmanager
def _backing_up(database: Database, folder: Path) -> Iterator[None]:
    """While this is open, one backup after the other is made in a thread."""
    is_over = threading.Event()

    def run() -> None:
        while not is_over.is_set():
            _back_up(database, folder)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


async def _commits(database: Database, count: int) -> list[float]:
    """Return the milliseconds of durable commits, a few milliseconds apart, one by one."""
    journal = Journal(database)
    times = []
    try:
        for number in range(count):
            batch = Batch()
            batch.event(
                time_ms=number,
                who=Actor.ENGINE,
                kind=EventKind.ORDER,
                subject="bench",
                message="an order's intent",
            )
            started = time.perf_counter()
            await journal.commit(batch)
            times.append((time.perf_counter() - started) * 1e3)
            await asyncio.sleep(0.01)
    finally:
        await asyncio.to_thread(journal.close)
    return times


def _quantile(times: list[float], share: float) -> float:
    """Return the value that a share of them do not exceed."""
    if share == 0.5:
        return statistics.median(times)
    return sorted(times)[ceil(share * len(times)) - 1]
