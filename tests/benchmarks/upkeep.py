"""The desk looking after itself on a large database: health, verifier, backup, and all at once.

`CTS_BENCH_MB` is the size of the database in megabytes, 120 unless given.
"""

import asyncio
import os
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cts_tui.clock import SystemClock, utc_from_ms
from cts_tui.engine.health.assessment import assess
from cts_tui.model.trading import Actor, EventKind
from cts_tui.store.backup import make_backup
from cts_tui.store.batch import Batch
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal
from cts_tui.store.running_sums import RunningSums
from cts_tui.store.verify import results
from cts_tui.store.verify.passes import VerifyPass
from tests.benchmarks import large_store
from tests.benchmarks.measure import Line, median_s

_MB = int(os.environ.get("CTS_BENCH_MB", "120"))
_WHOLE_MB = 1_000
_COMMITS = 300
_LOOKS = 7
_SLICE_MS = 10.0
"""As the engine's verifier."""


def lines() -> Iterator[Line]:
    """Yield each figure beside what raw sqlite3 does with the same file in the same run."""
    with tempfile.TemporaryDirectory() as name:
        folder = large_store.make(
            Path(name),
            candles=4_000_000 * _MB // _WHOLE_MB,
            indications=1_600_000 * _MB // _WHOLE_MB,
            positions=100_000 * _MB // _WHOLE_MB,
        )
        file = folder.database
        with closing(Database.at(file)) as database:
            yield from _slices(database, file)
            yield from _health(database, file)
            yield from _backup(database, file)
            yield from _writer(database, file)


def _megabytes(file: Path) -> float:
    return file.stat().st_size / 1e6


def _slices(database: Database, file: Path) -> Iterator[Line]:
    """Yield the longest slice of a whole pass, and its rows a second beside plain counting."""
    found = VerifyPass(SystemClock().now_ms(), slice_ms=_SLICE_MS)
    longest_s, started = 0.0, time.perf_counter()
    while not found.is_done:
        with database.read() as transaction:
            began = time.perf_counter()
            found.step(transaction)
            longest_s = max(longest_s, time.perf_counter() - began)
    took_s = time.perf_counter() - started
    verification = found.result(SystemClock().now_ms())
    assert not verification.findings, verification.findings[0].line
    with database.write() as transaction:  # as the engine does: health rests on it
        results.put(transaction, verification)
    rows, scan_s = _scanned(file)
    size = f"{_megabytes(file):,.0f} MB"
    yield Line(f"verifier, {size}: longest slice", longest_s * 1e3, "ms", 60, None, "")
    yield Line(
        f"verifier, {size}: every row and check",
        sum(found.rows.values()) / took_s,
        "rows/s",
        100_000,
        rows / scan_s,
        "rows/s read bare",
        is_rate=True,
    )


def _scanned(file: Path) -> tuple[int, float]:
    """Return how many rows the two large tables have, and how long reading them takes."""
    started = time.perf_counter()
    with closing(sqlite3.connect(file)) as plain:
        rows = sum(
            sum(1 for _ in plain.execute(f"SELECT * FROM {table}"))
            for table in ("candles", "indications")
        )
    return rows, time.perf_counter() - started


def _health(database: Database, file: Path) -> Iterator[Line]:
    """Yield the report as a command makes it, and as a screen that keeps its sums does."""
    now_ms, kept = SystemClock().now_ms(), RunningSums(is_anew=True)
    assess(database, now_ms, kept)
    with database.write() as transaction:  # as the engine does each minute: a command rests on it
        kept.put(transaction, utc_from_ms(now_ms))

    def fresh() -> object:
        return assess(database, now_ms)

    def again() -> object:
        return assess(database, now_ms, kept)

    size = f"{_megabytes(file):,.0f} MB"
    for what, look in (("a command's", fresh), ("a screen's next", again)):
        look()
        bare_s = median_s(lambda: _bare_look(file), _LOOKS)
        wall_ms, cpu_ms = (1e3 * taken for taken in _wall_and_cpu(look))
        for kind, took_ms in (("", wall_ms), (", CPU", cpu_ms)):
            what_of = f"health, {size}: {what} report{kind}"
            yield Line(what_of, took_ms, "ms", 100, bare_s * 1e3, "ms one bare query")


def _wall_and_cpu(look: Callable[[], object]) -> tuple[float, float]:
    """Return the median seconds of a look on the wall clock, and of this thread's processor."""
    wall, cpu = [], []
    for _ in range(_LOOKS):
        began, busy = time.perf_counter(), time.thread_time()
        look()
        wall.append(time.perf_counter() - began)
        cpu.append(time.thread_time() - busy)
    return statistics.median(wall), statistics.median(cpu)


def _bare_look(file: Path) -> None:
    with closing(sqlite3.connect(file)) as plain:
        plain.execute("SELECT count(*) FROM connections").fetchone()


def _backup(database: Database, file: Path) -> Iterator[Line]:
    """Yield MB/s of one verified and compressed backup beside SQLite's own copy."""
    megabytes = _megabytes(file)
    took_s = median_s(lambda: _back_up(database, file.parent), 1)
    bare_s = median_s(lambda: _bare_copy(file), 1)
    yield Line(
        f"backup of {megabytes:,.0f} MB, verified, compressed",
        megabytes / took_s,
        "MB/s",
        8,
        megabytes / bare_s,
        "MB/s bare",
        is_rate=True,
    )


def _back_up(database: Database, folder: Path) -> None:
    make_backup(database, folder / "backups", reason="manual", now=datetime.now(UTC)).file.unlink()


def _bare_copy(file: Path) -> None:
    target = file.with_name("bare.db")
    with closing(sqlite3.connect(file)) as reading, closing(sqlite3.connect(target)) as writing:
        reading.backup(writing)
    target.unlink()


def _writer(database: Database, file: Path) -> Iterator[Line]:
    """Yield the durable commits of the writer while verifier and backup both run."""
    bare = _bare_commits(file.with_name("bare.db"))
    with _again_and_again(lambda: _back_up(database, file.parent), _Verifier(database).work):
        times = asyncio.run(_commits(database))
    for share in (0.50, 0.99):
        yield Line(
            f"durable commit beside verifier, backup, p{share * 100:.0f}",
            _quantile(times, share),
            "ms",
            50,
            _quantile(bare, share),
            "ms bare, alone",
        )


class _Verifier:
    """Looks on and on: for 20 ms, then it rests as long; the engine's rests nineteen times that."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pass = VerifyPass(SystemClock().now_ms(), slice_ms=_SLICE_MS)

    def work(self) -> None:
        """Look at the next slices, of a new pass where the last one is over."""
        if self._pass.is_done:
            self._pass = VerifyPass(SystemClock().now_ms(), slice_ms=_SLICE_MS)
        ends = time.perf_counter() + 0.02
        while not self._pass.is_done and time.perf_counter() < ends:
            with self._database.read() as transaction:
                self._pass.step(transaction)
        time.sleep(0.02)


@contextmanager
def _again_and_again(*works: Callable[[], None]) -> Iterator[None]:
    """While this is open, each of the works is done over and over in a thread of its own."""
    is_over = threading.Event()

    def run(work: Callable[[], None]) -> None:
        while not is_over.is_set():
            work()

    with ExitStack() as stack:
        for work in works:
            thread = threading.Thread(target=run, args=(work,))
            thread.start()
            stack.callback(thread.join)
        stack.callback(is_over.set)
        yield


async def _commits(database: Database) -> list[float]:
    """Return the milliseconds of durable commits, a few milliseconds apart."""
    journal = Journal(database)
    times = []
    try:
        for number in range(_COMMITS):
            batch = Batch()
            batch.event(time_ms=number, who=Actor.ENGINE, kind=EventKind.ORDER, subject="bench",
                        message="an order's intent")  # fmt: skip
            started = time.perf_counter()
            await journal.commit(batch)
            times.append((time.perf_counter() - started) * 1e3)
            await asyncio.sleep(0.01)
    finally:
        await asyncio.to_thread(journal.close)
    return times


def _bare_commits(file: Path) -> list[float]:
    """Return the milliseconds of durable commits of plain sqlite3 into a file of its own."""
    times = []
    with closing(sqlite3.connect(file, isolation_level=None)) as plain:
        plain.execute("PRAGMA journal_mode=WAL")
        plain.execute("PRAGMA synchronous=FULL")
        plain.execute("CREATE TABLE events (time TEXT, message TEXT)")
        for number in range(_COMMITS):
            started = time.perf_counter()
            plain.execute("INSERT INTO events VALUES (?, 'an order''s intent')", (str(number),))
            times.append((time.perf_counter() - started) * 1e3)
            time.sleep(0.01)
    file.unlink()
    return times


def _quantile(times: list[float], share: float) -> float:
    """Return the value that a share of them do not exceed."""
    return sorted(times)[min(int(share * len(times)), len(times) - 1)]
