"""The engine as a whole process: until it is ready, its memory, until it acts on what is wanted."""

import contextlib
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.benchmarks.measure import Line

_STARTS = 5
_TOGGLES = 40
_SYMBOLS = tuple(f"S{number:02d}/USDT" for number in range(50))
_CANDLES = 1_000
_PATIENCE_S = 120.0


def lines() -> Iterator[Line]:
    """Yield start, memory and reaction of `cts-tui run`."""
    folder = Path(tempfile.mkdtemp(prefix="cts-bench-"))
    try:
        yield from _ready(folder)
        yield from _many_symbols(folder / "many")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _ready(folder: Path) -> Iterator[Line]:
    first, again, memory = [], [], []
    for run in range(_STARTS):
        own = folder / f"run-{run}"
        for taken in (first, again):
            started = time.perf_counter()
            with _running(own) as process:
                _until(own, "running")
                taken.append(time.perf_counter() - started)
                memory.append(_rss_mb(process))
    limit = statistics.median(_python_s() for _ in range(_STARTS))
    beside = "s empty Python"
    yield Line("engine ready, empty data folder", statistics.median(first), "s", 1.0, limit, beside)
    yield Line("engine ready, used data folder", statistics.median(again), "s", 1.0, limit, beside)
    yield Line("engine ready: memory", max(memory), "MB", 120.0, None, "")
    with _running(folder / "run-0"):
        yield from _reaction(folder / "run-0")


def _reaction(own: Path) -> Iterator[Line]:
    """Disable and enable the demo in turn; the engine has acted once its row says so."""
    from cts_tui.desk.desk import Desk
    from cts_tui.model.trading import Actor
    from cts_tui.paths import DataFolder

    taken = []
    with contextlib.closing(Desk.open(DataFolder(own), Actor.CLI)) as desk:
        _until(own, "running")
        for turn in range(_TOGGLES):
            change = desk.connections.enable if turn % 2 else desk.connections.disable
            change("demo")
            began = time.perf_counter()
            _until(own, "starting", "running") if turn % 2 else _until(own, "stopped")
            taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    what = "desired state written -> engine acts"
    yield Line(f"{what}, p50", statistics.median(taken), "ms", 250.0, 100.0, "ms poll interval")
    yield Line(f"{what}, p99", taken[-1], "ms", 250.0, 100.0, "ms poll interval")


def _many_symbols(own: Path) -> Iterator[Line]:
    from cts_tui.desk.desk import Desk
    from cts_tui.model.connection import ConnectionDraft
    from cts_tui.model.market import Candle
    from cts_tui.model.trading import Actor, MarketType, Mode
    from cts_tui.paths import DataFolder
    from cts_tui.store.batch import Batch

    with contextlib.closing(Desk.open(DataFolder(own), Actor.CLI)) as desk:
        desk.connections.disable("demo")
        draft = ConnectionDraft(
            name="many",
            exchange="simulated",
            mode=Mode.PAPER,
            market=MarketType.SPOT,
            symbols=_SYMBOLS,
            timeframe="1m",
        )
        desk.connections.add(draft)
        batch, newest = Batch(), int(time.time()) // 60 - 1
        with desk.database.read() as transaction:
            (row,) = transaction.exec_driver_sql("SELECT id FROM connections WHERE name = 'many'")
        for symbol in _SYMBOLS:
            for back in range(_CANDLES, 0, -1):
                candle = Candle((newest - back) * 60_000, 100.0, 101.0, 99.0, 100.0 + back % 7, 5.0)
                batch.candle(row[0], symbol, "1m", candle, "simulated")
        with desk.database.write() as transaction:
            batch.write(transaction)
        desk.connections.enable("many")
    with _running(own) as process:
        _until(own, "running", connection="many")
        peak_mb = _rss_mb(process)
    yield Line("one connection, 50 symbols x 1,000: memory", peak_mb, "MB", 180.0, None, "")


@contextmanager
def _running(own: Path) -> Iterator["subprocess.Popen[bytes]"]:
    environment = {**os.environ, "CTS_DATA_DIR": str(own), "CTS_CONFIG_DIR": str(own / "config")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "cts_tui", "run"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _until(own: Path, *wanted: str, connection: str = "demo") -> None:
    """Wait until the engine's row has one of these states; looks every two milliseconds."""
    deadline = time.perf_counter() + _PATIENCE_S
    query = (
        "SELECT s.status FROM engine_states s JOIN connections c ON c.id = s.connection_id "
        "JOIN engine_programs WHERE c.name = ?"
    )
    while time.perf_counter() < deadline:
        with contextlib.suppress(sqlite3.Error), contextlib.closing(_read_only(own)) as file:
            if (file.execute(query, (connection,)).fetchone() or ("",))[0] in wanted:
                return
        time.sleep(0.002)
    raise RuntimeError(f"{connection} never became {' or '.join(wanted)}")


def _read_only(own: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{own / 'cts.db'}?mode=ro", uri=True, timeout=0.1)


def _rss_mb(process: "subprocess.Popen[bytes]") -> float:
    return psutil.Process(process.pid).memory_info().rss / 1_048_576


def _python_s() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", ""], check=True)
    return time.perf_counter() - started
