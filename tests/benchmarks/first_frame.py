"""From the start of the process to the first painted frame, on a terminal of 80×24."""

import os
import pty
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measure import Line

_EMPTY_APP = """
from textual.app import App, ComposeResult
from textual.widgets import Static
class Empty(App):
    def compose(self) -> ComposeResult:
        yield Static("ready")
Empty().run()
"""
_RUNS = 7
_MANY_ROWS = 100_000


def lines() -> Iterator[Line]:
    """Yield the figures for an empty folder and for a large database, beside an empty app."""
    folder = Path(tempfile.mkdtemp(prefix="cts-bench-"))
    empty_app = folder / "empty_app.py"
    empty_app.write_text(_EMPTY_APP)
    try:
        large = _large_store(folder / "large")
        limit, empty, full = [], [], []
        for run in range(_RUNS + 1):
            limit.append(_until([sys.executable, str(empty_app)], b"ready", folder))
            desk = [sys.executable, "-m", "cts_tui"]
            empty.append(_until(desk, b"cts-tui", folder / f"empty-{run}"))
            full.append(_until(desk, b"cts-tui", large))
        beside = statistics.median(limit[1:])
        yield Line(
            "first frame, empty data folder",
            statistics.median(empty[1:]),
            "s",
            0.35,
            beside,
            "s empty Textual app",
        )
        yield Line(
            "first frame, 100,000-row database",
            statistics.median(full[1:]),
            "s",
            0.5,
            beside,
            "s empty Textual app",
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _until(command: list[str], text: bytes, data_dir: Path) -> float:
    """Return the seconds from starting `command` on a terminal until it paints `text`."""
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | {
        "CTS_DATA_DIR": str(data_dir),
        "CTS_CONFIG_DIR": str(data_dir / "config"),
        "TERM": "xterm-256color",
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, close_fds=True
    )
    os.close(theirs)
    seen = b""
    while text not in seen:
        if not select.select([ours], [], [], 20)[0]:
            raise RuntimeError(f"{command} painted nothing: {seen[-500:]!r}")
        seen += os.read(ours, 65536)
    elapsed = time.perf_counter() - started
    _end(process, ours)
    return elapsed


def _end(process: "subprocess.Popen[bytes]", terminal: int) -> None:
    """End a process, reading on so that it can."""
    process.send_signal(signal.SIGKILL)
    process.wait()
    os.close(terminal)


def _large_store(folder: Path) -> Path:
    """Make a data folder with a database of many rows."""
    from cts_tui.desk.desk import Desk
    from cts_tui.model.market import Candle
    from cts_tui.model.trading import Actor
    from cts_tui.paths import DataFolder
    from cts_tui.store.batch import Batch

    desk = Desk.open(DataFolder(folder), Actor.CLI)
    batch = Batch()
    for index in range(_MANY_ROWS):
        candle = Candle(index * 60_000, 1.0, 2.0, 0.5, 1.5, 3.0)
        batch.candle(1, f"S{index % 50}/USDT", "1m", candle, "simulated")
    with desk.database.write() as transaction:
        batch.write(transaction)
    desk.close()
    return folder
