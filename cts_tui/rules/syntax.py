"""The syntax tree of the strategy language: what `parser` builds, and its text again.

A tree is frozen and compares by value, so equal parts of different rules are computed once.
Every expression is a number or a condition; the parser lets nothing else through.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from cts_tui.indicators.compute import IndicatorCall

FIELDS: Final = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class Number:
    """A constant."""

    value: float


@dataclass(frozen=True, slots=True)
class Field:
    """A value of the candle: open, high, low, close or volume."""

    name: str


@dataclass(frozen=True, slots=True)
class IndicatorValue:
    """One output of an indicator over its input series."""

    call: IndicatorCall
    inputs: tuple["Expression", ...]
    output: int

    @property
    def output_name(self) -> str:
        """The short name of the output; empty where the indicator has only one."""
        outputs = self.call.indicator.outputs
        return outputs[self.output] if len(outputs) > 1 else ""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator of `operators.OPERATORS`, by its name, and its operands."""

    name: str
    operands: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Shift:
    """A look back: the operand as it was `candles` (> 0) candles ago."""

    operand: "Expression"
    candles: int


@dataclass(frozen=True, slots=True)
class HigherTimeframe:
    """The operand at the last closed candle of a higher timeframe."""

    timeframe: str
    operand: "Expression"
    position: int = field(default=0, compare=False)
    """Where it stands in the text of the rule, for errors found when it meets a timeframe."""


Leaf = Field | IndicatorValue | HigherTimeframe
"""What changes from candle to candle by itself; all else is computed from leaves."""

Expression = Number | Leaf | Operation | Shift

_CONDITIONS: Final = frozenset(
    {"<", "<=", ">", ">=", "==", "!=", "and", "or", "not", "crosses_above", "crosses_below"}
)
_CROSSES: Final = frozenset({"crosses_above", "crosses_below"})


@dataclass(frozen=True, slots=True)
class Rule:
    """A checked condition; `text` is as the user wrote it."""

    condition: Expression
    text: str = field(default="", compare=False)


def is_condition(expression: Expression) -> bool:
    """Return whether `expression` is true or false rather than a number."""
    match expression:
        case Operation(name=name):
            return name in _CONDITIONS
        case Shift(operand=operand) | HigherTimeframe(operand=operand):
            return is_condition(operand)
        case _:
            return False


def looks_at_previous(operation: Operation) -> bool:
    """Return whether the operation compares with its operands one candle ago."""
    return operation.name in _CROSSES


def leaves(expression: Expression, ago: int = 0) -> Iterator[tuple[Leaf, int]]:
    """Yield every leaf that `expression` reads, with how many candles ago; repeats included.

    `close - close[2]` yields close at 0 and close at 2. The inputs of an indicator are not read
    by the expression but by the indicator, so they are not yielded.
    """
    match expression:
        case Number():
            return
        case Shift(operand=operand, candles=candles):
            yield from leaves(operand, ago + candles)
        case Operation(operands=operands):
            for operand in operands:
                yield from leaves(operand, ago)
                if looks_at_previous(expression):
                    yield from leaves(operand, ago + 1)
        case _:
            yield expression, ago
