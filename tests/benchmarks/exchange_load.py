"""One exchange class loaded by itself, beside `import ccxt.pro`, in whole processes."""

import sys
from collections.abc import Iterator

from tests.benchmarks.measure import Line
from tests.benchmarks.processes import median_process

_EXCHANGES = ("binance", "bybit")
_OURS = """
import sys
from cts_tui.exchange.loader import load_exchange
load_exchange(sys.argv[1])
"""
_PLAIN = """
import sys, ccxt.pro
getattr(ccxt.pro, sys.argv[1])
"""


def lines() -> Iterator[Line]:
    """Yield seconds and memory per exchange, the start of Python included."""
    for exchange in _EXCHANGES:
        spent_s, peak_mb = median_process([sys.executable, "-c", _OURS, exchange], {})
        plain_s, plain_mb = median_process([sys.executable, "-c", _PLAIN, exchange], {})
        what = f"one exchange loaded, {exchange}"
        yield Line(what, spent_s, "s", 0.4, plain_s, "s import ccxt.pro")
        yield Line(f"{what}: memory", peak_mb, "MB", 60.0, plain_mb, "MB import ccxt.pro")
