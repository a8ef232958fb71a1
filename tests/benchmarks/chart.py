"""The candle chart: 200 candles with indicators and volume, the last moving at 4/s (220×50).

CPU time and bytes written per update on a pseudo terminal, beside the same chart painted whole.
"""

import fcntl
import json
import math
import os
import pty
import random
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from textual.app import App, ComposeResult

from cts_tui.model.chart import ChartView, Curve, LastPrice, Study, StudyKind
from cts_tui.model.market import Candle
from cts_tui.tui.tones import DOMAIN_DEFAULTS
from cts_tui.tui.widgets.candle_chart import CandleChart
from cts_tui.tui.widgets.chart.panes import VOLUME
from tests.benchmarks.live_table import Cost, _drain
from tests.benchmarks.measure import Line

_CANDLES, _LEAD = 200, 40
_UPDATES, _WARM_UP = 60, 4
_PERIOD_S = 0.25
_START_MS = 1_743_699_900_000
_WIDTH, _HEIGHT = 220, 50


def lines() -> Iterator[Line]:
    """Yield CPU and bytes of the chart, beside one that is painted whole."""
    live, beside = measure("live"), measure("whole")
    what = "candle chart, 200 candles, 4 updates/s"
    yield Line(f"{what}: CPU", live.cpu_pct, "%", 5.0, beside.cpu_pct, "painted whole")
    per, limit = live.bytes_per_update, beside.bytes_per_update
    yield Line("… bytes written per update", per, "B", 5_000, limit, "painted whole")


def main() -> None:
    """Print the figures."""
    for line in lines():
        sys.stdout.write(line.text() + "\n")


def measure(kind: str) -> Cost:
    """Run the app with the chart of `kind` on a pseudo terminal and return what it cost."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", _HEIGHT, _WIDTH, 0, 0))
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "cost.json"
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.chart", kind, str(answer)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
        )
        os.close(slave)
        _drain(master, process)
        return Cost(**json.loads(answer.read_text()))


def first_view() -> ChartView:
    """Return candles of a walk with made-up indicators; the last candle forms."""
    walk, price, candles = random.Random(7), 81_000.0, []
    for index in range(_CANDLES + _LEAD):
        close = price * (1 + walk.gauss(0, 0.001))
        high, low = max(price, close) * 1.0004, min(price, close) * 0.9996
        time_ms = _START_MS + index * 300_000
        candles.append(Candle(time_ms, price, high, low, close, 10 + 40 * walk.random()))
        price = close
    closed = candles[:-1]
    sma = tuple(sum(c.close for c in closed[max(i - 19, 0) : i + 1]) / min(i + 1, 20)
                for i in range(len(closed)))  # fmt: skip
    waves = tuple(50 + 30 * math.sin(i / 9) for i in range(len(closed)))
    macd = tuple(200 * math.sin(i / 13) for i in range(len(closed)))
    signal = tuple(200 * math.sin((i - 4) / 13) for i in range(len(closed)))
    hist = tuple(a - b for a, b in zip(macd, signal, strict=True))
    return ChartView(
        symbol="BTC/USDT",
        timeframe="5m",
        candles=tuple(candles),
        has_forming=True,
        studies=(
            Study("sma(20)", StudyKind.OVERLAY, (Curve("sma(20)", sma),)),
            Study("rsi(14)", StudyKind.BOUNDED, (Curve("rsi(14)", waves),)),
            Study("macd(12,26,9)", StudyKind.OSCILLATOR, (
                Curve("macd", macd), Curve("signal", signal), Curve("hist", hist, True),
            )),
        ),
        last=LastPrice(price, _START_MS, "stream", False),
    )  # fmt: skip


class BenchApp(App[None]):
    """An app of one chart whose last candle moves four times a second."""

    def __init__(self, kind: str, answer: Path) -> None:
        super().__init__()
        self.chart = CandleChart(panes=("rsi(14)", "macd(12,26,9)", VOLUME))
        self.is_whole = kind == "whole"
        self.answer = answer
        self.view = first_view()
        self.walk = random.Random(11)
        self.count = 0
        self.written = 0
        self.began = (0.0, 0.0)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DOMAIN_DEFAULTS

    def compose(self) -> ComposeResult:
        yield self.chart

    def on_mount(self) -> None:
        self.chart.focus()
        driver = self._driver
        assert driver is not None
        write = driver.write

        def count(text: str) -> None:
            self.written += len(text.encode())
            write(text)

        driver.write = count  # type: ignore[method-assign]
        self.call_after_refresh(lambda: self.chart.show(self.view))
        self.set_interval(_PERIOD_S, self.step)

    def step(self) -> None:
        """Move the last candle; note the cost when it was done often enough."""
        self.count += 1
        if self.count == _WARM_UP:
            self.began = (time.process_time(), time.perf_counter())
            self.written = 0
        if self.count == _WARM_UP + _UPDATES:
            self._finish()
            return
        last = self.view.candles[-1]
        close = last.close * (1 + self.walk.gauss(0, 0.0002))
        moved = last._replace(close=close, high=max(last.high, close), low=min(last.low, close))
        self.view = replace(self.view, candles=(*self.view.candles[:-1], moved))
        self.chart.show(self.view)
        if self.is_whole:
            self.chart.refresh()

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
