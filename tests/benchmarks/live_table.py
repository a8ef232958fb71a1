"""The positions table: 500 rows, 10 % of them changed, 10 updates a second (160×50).

CPU time and bytes written per update, beside Textual's DataTable with the same rows and changes.
Each table runs in a process of its own on a pseudo terminal, so that its output is the real one.
"""

import fcntl
import json
import os
import pty
import random
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from textual.app import App, ComposeResult
from textual.widgets import DataTable

from cts_tui.model.trading import Direction, PositionStatus
from cts_tui.model.views import PositionView
from cts_tui.tui.listings import OPEN_POSITIONS
from cts_tui.tui.tones import DOMAIN_DEFAULTS
from cts_tui.tui.widgets.live_table import LiveTable
from tests.benchmarks.measure import Line

_ROWS, _CHANGED = 500, 50
_UPDATES, _WARM_UP = 100, 10
_PERIOD_S = 0.1
_START_MS = 1_743_699_900_000
_CHANGING = ("mark", "pnl", "pnl_pct")


@dataclass(frozen=True, slots=True)
class Cost:
    """What updates cost."""

    cpu_pct: float
    bytes_per_update: float


def lines() -> Iterator[Line]:
    """Yield CPU and bytes of the live table, beside DataTable."""
    live, beside = measure("live"), measure("data")
    what = "positions table, 500 rows, 10 updates/s"
    yield Line(f"{what}: CPU", live.cpu_pct, "%", 5.0, beside.cpu_pct, "DataTable")
    per, limit = live.bytes_per_update, beside.bytes_per_update
    yield Line("… bytes written per update", per, "B", 5_000, limit, "DataTable")


def main() -> None:
    """Print the figures."""
    for line in lines():
        sys.stdout.write(line.text() + "\n")


# -- the process that measures --------------------------------------------------------------------


def measure(kind: str) -> Cost:
    """Run the app with the table of `kind` on a pseudo terminal and return what it cost."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "cost.json"
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.live_table", kind, str(answer)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
        )
        os.close(slave)
        _drain(master, process)
        return Cost(**json.loads(answer.read_text()))


def _drain(master: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        if select.select([master], [], [], 0.1)[0]:
            try:
                os.read(master, 65_536)
            except OSError:
                break
    process.wait()
    os.close(master)


# -- the process that is measured -----------------------------------------------------------------


def positions() -> list[PositionView]:
    """Return the rows to begin with."""
    first = PositionView(
        id=0,
        connection="bench",
        symbol="AAA/USDT",
        strategy="sma-cross",
        timeframe="5m",
        side=Direction.LONG,
        quantity=Decimal("1.5"),
        entry_price=Decimal(100),
        mark_price=Decimal(100),
        pnl=Decimal(0),
        pnl_pct=0.0,
        stop_price=Decimal(98),
        target_price=Decimal(103),
        status=PositionStatus.OPEN,
        opened_at_ms=_START_MS - 42 * 60_000,
        closed_at_ms=None,
        exit_price=None,
        exit_reason=None,
        fees=Decimal("0.15"),
        source="stream",
        is_stale=False,
        is_live=False,
    )
    return [replace(first, id=i, symbol=f"SYM{i:03}/USDT") for i in range(_ROWS)]


def moved(row: PositionView, walk: random.Random) -> PositionView:
    """Return the row at another price."""
    mark = round(Decimal(100) + Decimal(walk.gauss(0, 1)), 3)
    pnl = (mark - row.entry_price) * row.quantity
    return replace(row, mark_price=mark, pnl=pnl, pnl_pct=float(mark - 100))


class BenchApp(App[None]):
    """An app of one table that changes ten times a second and notes what that costs."""

    def __init__(self, kind: str, answer: Path) -> None:
        super().__init__()
        self.table: Any = (
            LiveTable(OPEN_POSITIONS, lambda p: p.id, title="Positions")
            if kind == "live"
            else DataTable()
        )
        self.update = self.update_live if kind == "live" else self.update_data
        self.answer = answer
        self.rows = positions()
        self.walk = random.Random(7)
        self.count = 0
        self.written = 0
        self.began = (0.0, 0.0)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DOMAIN_DEFAULTS

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.focus()
        self._count_bytes()
        if isinstance(self.table, DataTable):
            for column in OPEN_POSITIONS:
                self.table.add_column(column.label, key=column.key)
            for row in self.rows:
                self.table.add_row(*self._texts(row).values(), key=str(row.id))
        else:
            self.table.update_rows(self.rows, _START_MS)
        self.set_interval(_PERIOD_S, self.step)

    def _count_bytes(self) -> None:
        driver = self._driver
        assert driver is not None
        write = driver.write

        def count(text: str) -> None:
            self.written += len(text.encode())
            write(text)

        driver.write = count  # type: ignore[method-assign]

    def step(self) -> None:
        """Change a tenth of the rows; note the cost when it was done often enough."""
        self.count += 1
        if self.count == _WARM_UP:
            self.began = (time.process_time(), time.perf_counter())
            self.written = 0
        if self.count == _WARM_UP + _UPDATES:
            self._finish()
            return
        changed = self.walk.sample(range(_ROWS), _CHANGED)
        for index in changed:
            self.rows[index] = moved(self.rows[index], self.walk)
        self.update(changed)

    def update_live(self, _changed: list[int]) -> None:
        """Hand all rows to the live table."""
        self.table.update_rows(self.rows, _START_MS + self.count * 100)

    def update_data(self, changed: list[int]) -> None:
        """Update the changed cells of the DataTable."""
        for index in changed:
            texts = self._texts(self.rows[index])
            for key in _CHANGING:
                self.table.update_cell(str(index), key, texts[key])

    @staticmethod
    def _texts(row: PositionView) -> dict[str, str]:
        return {column.key: column.cell(row, _START_MS).text for column in OPEN_POSITIONS}

    def _finish(self) -> None:
        cpu = time.process_time() - self.began[0]
        wall = time.perf_counter() - self.began[1]
        cost = {"cpu_pct": 100 * cpu / wall, "bytes_per_update": self.written / _UPDATES}
        self.answer.write_text(json.dumps(cost))
        self.exit()


if __name__ == "__main__":
    if len(sys.argv) == 3:
        BenchApp(sys.argv[1], Path(sys.argv[2])).run()
    else:
        main()
