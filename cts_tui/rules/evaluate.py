"""Rules over history: columns of candles in, a column of truth or numbers out.

This is the same definition as `panel`, which runs candle by candle: both read `operators` and
`syntax.leaves`, and `tests/property` holds them together value by value.
"""

import math
from typing import cast

import numpy as np

from cts_tui.indicators.compute import IndicatorCall, compute
from cts_tui.model.columns import BoolArray, CandleColumns, FloatArray, IntArray
from cts_tui.rules.higher import Higher, aggregate
from cts_tui.rules.operators import OPERATORS
from cts_tui.rules.syntax import (
    Expression,
    Field,
    HigherTimeframe,
    IndicatorValue,
    Leaf,
    Number,
    Operation,
    Rule,
    Shift,
    is_condition,
    looks_at_previous,
)
from cts_tui.rules.warmup import multiple

Column = FloatArray | BoolArray
IndicatorKey = tuple[IndicatorCall, tuple[Expression, ...]]
"""An indicator with its input series: what is computed once, whatever outputs are used."""


def evaluate(rule: Rule, columns: CandleColumns, timeframe: str) -> BoolArray:
    """Return whether `rule` holds at the close of each candle of `columns`.

    No value depends on a later candle. Raises RuleError where `at` cannot be reached from
    `timeframe`. To evaluate several rules on the same candles, share one `History`.
    """
    return History(columns, timeframe).holds(rule)


class History:
    """Closed candles, and everything already computed over them: equal parts are shared."""

    def __init__(self, columns: CandleColumns, timeframe: str) -> None:
        self.columns = columns
        self.timeframe = timeframe
        self._shared: dict[tuple[Expression, int], Column] = {}
        self._indicators: dict[IndicatorKey, list[FloatArray]] = {}
        self._higher: dict[str, tuple[History, IntArray]] = {}

    def holds(self, rule: Rule) -> BoolArray:
        """Return whether `rule` holds at the close of each candle."""
        with np.errstate(all="ignore"):
            return self._column(rule.condition, 0).astype(np.bool_, copy=False)

    def values(self, expression: Expression) -> FloatArray:
        """Return the number at the close of each candle, NaN where there is none yet."""
        with np.errstate(all="ignore"):
            return self._column(expression, 0).astype(np.float64, copy=False)

    def column(self, leaf: Leaf) -> Column:
        """Return the column of `leaf`: numbers, or truth for a condition of a higher timeframe."""
        with np.errstate(all="ignore"):
            return self._column(leaf, 0)

    def know(self, key: IndicatorKey, outputs: list[FloatArray]) -> None:
        """Take over outputs of an indicator that were computed elsewhere over these candles."""
        self._indicators[key] = outputs

    def higher(self, leaf: HigherTimeframe) -> "tuple[History, IntArray]":
        """Return the history of the leaf's timeframe, and the row at which each candle is known."""
        known = self._higher.get(leaf.timeframe)
        if known is None:
            multiple(leaf, self.timeframe)
            columns, rows = aggregate(self.columns, Higher(self.timeframe, leaf.timeframe))
            known = self._higher[leaf.timeframe] = History(columns, leaf.timeframe), rows
        return known

    def _column(self, expression: Expression, ago: int) -> Column:
        key = expression, ago
        column = self._shared.get(key)
        if column is None:
            column = self._shared[key] = self._computed(expression, ago)
        return column

    def _computed(self, expression: Expression, ago: int) -> Column:
        match expression:
            case Number(value=value):
                return np.full(len(self.columns), value)
            case Shift(operand=operand, candles=candles):
                return self._column(operand, ago + candles)
            case Operation():
                return self._operation(expression, ago)
            case leaf if ago:
                return _shifted(self._column(leaf, 0), ago)
            case leaf:
                return self._leaf(leaf)

    def _operation(self, operation: Operation, ago: int) -> Column:
        operands = [self._column(operand, ago) for operand in operation.operands]
        if looks_at_previous(operation):
            operands += [self._column(operand, ago + 1) for operand in operation.operands]
        column: Column = OPERATORS[operation.name].columns(*operands)
        return column

    def _leaf(self, leaf: Leaf) -> Column:
        match leaf:
            case Field(name=name):
                field: FloatArray = getattr(self.columns, name)
                return field
            case IndicatorValue(output=output):
                return self._outputs((leaf.call, leaf.inputs))[output]
            case HigherTimeframe():
                return self._from_higher(leaf)

    def _outputs(self, key: IndicatorKey) -> list[FloatArray]:
        outputs = self._indicators.get(key)
        if outputs is None:
            call, inputs = key
            outputs = compute(call, [self.values(series) for series in inputs])
            self._indicators[key] = outputs
        return outputs

    def _from_higher(self, leaf: HigherTimeframe) -> Column:
        """Return the leaf's value at its last candle that is closed; nothing before the first."""
        history, known = self.higher(leaf)
        last = np.searchsorted(known, np.arange(len(self.columns)), side="right")
        column = history._column(leaf.operand, 0)
        extended = np.concatenate(([nothing(leaf)], column)).astype(column.dtype)
        return cast(Column, extended[last])


def nothing(leaf: Leaf) -> float:
    """Return what `leaf` is before its first candle: NaN, or False for a condition."""
    return False if is_condition(leaf) else math.nan


def _shifted(column: Column, ago: int) -> Column:
    filler = False if column.dtype == np.bool_ else math.nan
    shifted = np.full(len(column), filler, dtype=column.dtype)
    shifted[ago:] = column[: max(len(column) - ago, 0)]
    return cast(Column, shifted)
