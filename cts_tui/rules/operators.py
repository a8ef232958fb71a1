"""The one table of operators: each with its meaning candle by candle and over columns, together.

The rules both sides keep: NaN makes every comparison false, `!=` too; a division by zero is NaN;
`min` and `max` of NaN are NaN. `live` builds a closure over the closures of the operands.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import nan
from typing import Any, Final

import numpy as np

from cts_tui.model.columns import BoolArray, FloatArray

State = list[Any]
"""The recent values of one symbol, laid out by a `plan.Plan`."""
Value = Callable[[State], float]
"""A number at the last closed candle of a state."""
Condition = Callable[[State], bool]
"""A condition at the last closed candle of a state."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator. A cross takes four operands: a, b, and both as they were one candle ago."""

    live: Callable[..., Value | Condition]
    columns: Callable[..., Any]


def _quotient_live(a: Value, b: Value) -> Value:
    def quotient(state: State) -> float:
        divisor = b(state)
        return a(state) / divisor if divisor else nan

    return quotient


def _quotient(a: FloatArray, b: FloatArray) -> FloatArray:
    result = np.full(len(a), nan)
    np.divide(a, b, out=result, where=b != 0)
    return result


def _least_live(a: Value, b: Value) -> Value:
    def least(state: State) -> float:
        left, right = a(state), b(state)
        # A NaN is what differs from itself; one on the right fails the comparison and is returned.
        return left if left < right or left != left else right  # noqa: PLR0124

    return least


def _most_live(a: Value, b: Value) -> Value:
    def most(state: State) -> float:
        left, right = a(state), b(state)
        return left if left > right or left != left else right  # noqa: PLR0124

    return most


def _differs_live(a: Value, b: Value) -> Condition:
    def differs(state: State) -> bool:
        left, right = a(state), b(state)
        return left < right or left > right

    return differs


def _differs(a: FloatArray, b: FloatArray) -> BoolArray:
    return (a < b) | (a > b)


def _crossed_above(
    a: FloatArray, b: FloatArray, a_before: FloatArray, b_before: FloatArray
) -> BoolArray:
    return (a_before <= b_before) & (a > b)


def _crossed_below(
    a: FloatArray, b: FloatArray, a_before: FloatArray, b_before: FloatArray
) -> BoolArray:
    return (a_before >= b_before) & (a < b)


OPERATORS: Final[Mapping[str, Operator]] = {
    "+": Operator(lambda a, b: lambda s: a(s) + b(s), np.add),
    "-": Operator(lambda a, b: lambda s: a(s) - b(s), np.subtract),
    "*": Operator(lambda a, b: lambda s: a(s) * b(s), np.multiply),
    "/": Operator(_quotient_live, _quotient),
    "negative": Operator(lambda a: lambda s: -a(s), np.negative),
    "abs": Operator(lambda a: lambda s: abs(a(s)), np.abs),
    "min": Operator(_least_live, np.minimum),
    "max": Operator(_most_live, np.maximum),
    "<": Operator(lambda a, b: lambda s: a(s) < b(s), np.less),
    "<=": Operator(lambda a, b: lambda s: a(s) <= b(s), np.less_equal),
    ">": Operator(lambda a, b: lambda s: a(s) > b(s), np.greater),
    ">=": Operator(lambda a, b: lambda s: a(s) >= b(s), np.greater_equal),
    "==": Operator(lambda a, b: lambda s: a(s) == b(s), np.equal),
    "!=": Operator(_differs_live, _differs),
    "and": Operator(lambda a, b: lambda s: a(s) and b(s), np.logical_and),
    "or": Operator(lambda a, b: lambda s: a(s) or b(s), np.logical_or),
    "not": Operator(lambda a: lambda s: not a(s), np.logical_not),
    "crosses_above": Operator(
        lambda a, b, c, d: lambda s: a(s) > b(s) and c(s) <= d(s), _crossed_above
    ),
    "crosses_below": Operator(
        lambda a, b, c, d: lambda s: a(s) < b(s) and c(s) >= d(s), _crossed_below
    ),
}
