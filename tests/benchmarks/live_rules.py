"""Live evaluation: one closed candle through the indicators and rules of many symbols."""

import time
from collections.abc import Iterator

import numpy as np
from talib import stream

from cts_tui.rules.panel import Panel
from cts_tui.rules.parser import parse_rule
from tests.benchmarks.measure import Line
from tests.benchmarks.pipeline_cycle import three_strategies, walk

_HISTORY, _CANDLES = 300, 40
_BASE = ("sma(20)", "rsi(14)", "macd(12, 26, 9)")


def lines() -> Iterator[Line]:
    """Yield the time per symbol and rule at 1 and 500 symbols, indicators included."""
    texts = [
        text
        for spec in three_strategies()
        for text in (spec.entry_long, spec.exit_long, spec.entry_short, spec.exit_short)
        if text
    ]
    rules = [parse_rule(text) for text in texts]
    for count in (1, 500):
        history = walk(count, _HISTORY + _CANDLES)
        panels = [Panel("1m", _BASE, rules) for _ in history]
        for panel, columns in zip(panels, history, strict=True):
            panel.fill(columns.slice(0, _HISTORY))
        compiled = [[panel.compile(rule) for rule in rules] for panel in panels]
        candles = [list(columns.slice(_HISTORY)) for columns in history]
        times = []
        for number in range(_CANDLES):
            started = time.perf_counter()
            for panel, own, holds in zip(panels, candles, compiled, strict=True):
                panel.update(own[number])
                for rule in holds:
                    rule()
            times.append(time.perf_counter() - started)
        yield Line(
            f"live indicators and {len(rules)} rules, {count} symbols",
            sorted(times)[_CANDLES // 2] / count / len(rules) * 1e6,
            "µs/rule",
            20.0 / len(rules),
            _bare(history[0].close.tolist()) / len(rules) * 1e6,
            "µs bare TA-Lib handles",
        )


def _bare(closes: list[float]) -> float:
    """Return the seconds per candle of the same five indicators without any rule."""
    warm = np.array(closes[:_HISTORY])
    opened = [stream.SMA(warm, period) for period in (20, 10, 30)]
    opened += [stream.RSI(warm, 14), stream.MACD(warm)]
    started = time.perf_counter()
    for close in closes[_HISTORY:]:
        for handle in opened:
            handle.update(close)
    return (time.perf_counter() - started) / (len(closes) - _HISTORY)
