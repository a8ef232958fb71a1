"""One indicator candle by candle: O(1) per closed candle, equal to `compute` on the whole history.

TA-Lib's stream handle needs a history before it opens; until then the candles are kept here.
"""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

import numpy as np
import talib
from talib import stream

from cts_tui.indicators.compute import (
    IndicatorCall,
    as_columns,
    as_outputs,
    compute,
    finite_rows,
    spread,
)
from cts_tui.model.columns import FloatArray

Update = Callable[..., tuple[float, ...]]


class Stream:
    """The running state of one indicator. Not to be shared between threads.

    `update(*inputs)` takes one closed candle's inputs and returns a tuple with one float per
    output, NaN during warm-up. An input that is not finite leaves the state as it is and gives
    NaN. Fetch `update` anew after each call: it is replaced once the handle opens.
    """

    __slots__ = ("_call", "_opener", "_rows", "_unknown", "update")

    update: Update

    def __init__(self, call: IndicatorCall) -> None:
        self._call = call
        self._opener = getattr(stream, call.name.upper())
        self._unknown = (float("nan"),) * len(call.indicator.outputs)
        self._rows: list[tuple[float, ...]] = []
        self.update = self._collect

    def fill(self, inputs: Sequence[FloatArray]) -> list[FloatArray]:
        """Start again from a history, one array per input; return what `compute` returns for it."""
        columns = as_columns(inputs)
        usable = finite_rows(columns)
        if not usable.all():
            columns = [column[usable] for column in columns]
        outputs = self._open(columns)
        return outputs if len(columns[0]) == len(usable) else [spread(o, usable) for o in outputs]

    def _open(self, columns: list[FloatArray]) -> list[FloatArray]:
        """Open the handle on finite columns, or keep them as rows when they are too short."""
        # TA-Lib must not see a history within the lookback: its output would begin behind its own
        # array, and where that happens to be an input, it complains of the parameters.
        if len(columns[0]) <= self._call.lookback:
            return self._keep(columns)
        try:
            handle, raw = self._opener.open_and_fill(*columns, *self._call.parameters)
        except talib.InsufficientHistory:
            return self._keep(columns)
        self._rows = []
        self.update = _updater(handle, len(columns), self._unknown)
        return as_outputs(self._call, raw)

    def _keep(self, columns: list[FloatArray]) -> list[FloatArray]:
        self._rows = list(zip(*(column.tolist() for column in columns), strict=True))
        self.update = self._collect
        return compute(self._call, columns)

    def _collect(self, *inputs: float) -> tuple[float, ...]:
        """Keep one more candle; open as soon as TA-Lib finds the history long enough."""
        if not all(map(isfinite, inputs)):
            return self._unknown
        self._rows.append(inputs)
        if len(self._rows) <= self._call.lookback:
            return self._unknown
        outputs = self._open(as_columns(list(np.array(self._rows, dtype=np.float64).T)))
        return tuple(float(values[-1]) for values in outputs)


def _updater(handle: Any, inputs: int, unknown: tuple[float, ...]) -> Update:
    """Return the closure that feeds an open handle; the common shapes avoid all looping."""
    update, value = handle.update, handle.value
    outputs = value if isinstance(value, tuple) else (value,)
    if any(isinstance(output, int) for output in outputs):
        return _guarded(_as_floats(update), unknown)
    if len(outputs) > 1:
        return _guarded(update, unknown)
    return _one_to_one(update, unknown) if inputs == 1 else _guarded(_one(update), unknown)


def _one_to_one(update: Callable[[float], float], unknown: tuple[float, ...]) -> Update:
    return lambda value: (update(value),) if isfinite(value) else unknown


def _one(update: Callable[..., float]) -> Update:
    return lambda *inputs: (update(*inputs),)


def _as_floats(update: Callable[..., Any]) -> Update:
    def floats(*inputs: float) -> tuple[float, ...]:
        value = update(*inputs)
        return tuple(map(float, value)) if isinstance(value, tuple) else (float(value),)

    return floats


def _guarded(update: Update, unknown: tuple[float, ...]) -> Update:
    return lambda *inputs: update(*inputs) if all(map(isfinite, inputs)) else unknown
