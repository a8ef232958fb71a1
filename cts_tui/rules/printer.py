"""The canonical text of an expression: parsing it gives the same tree again."""

from typing import Final

from cts_tui.indicators.compute import IndicatorCall
from cts_tui.rules.syntax import (
    Expression,
    Field,
    HigherTimeframe,
    IndicatorValue,
    Number,
    Operation,
    Shift,
)

BINDING: Final = {
    "or": 1,
    "and": 2,
    "not": 3,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "==": 4,
    "!=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "negative": 7,
}
"""How tightly an operator binds; all of them group to the left."""
_ATOM: Final = 8
_EXTREMES: Final = {"max": "highest", "min": "lowest"}


def to_text(expression: Expression) -> str:
    """Return the canonical text: `sma( 10 )>close` → `sma(10) > close`."""
    match expression:
        case Number(value=value):
            return _number(value)
        case Field(name=name):
            return name
        case IndicatorValue():
            return _indicator(expression)
        case Shift(operand=operand, candles=candles):
            return f"{_bracketed(operand, _ATOM)}[{candles}]"
        case HigherTimeframe(timeframe=timeframe, operand=operand):
            return f'at("{timeframe}", {to_text(operand)})'
        case Operation(name=name, operands=operands):
            return _operation(name, operands)


def _operation(name: str, operands: tuple[Expression, ...]) -> str:
    binding = BINDING.get(name)
    if binding is None:
        return f"{name}({', '.join(map(to_text, operands))})"
    if name == "negative":
        return f"-{_bracketed(operands[0], binding)}"
    if name == "not":
        return f"not {_bracketed(operands[0], binding)}"
    left, right = operands
    return f"{_bracketed(left, binding)} {name} {_bracketed(right, binding + 1)}"


def _bracketed(expression: Expression, binding: int) -> str:
    text = to_text(expression)
    return f"({text})" if _binding(expression) < binding else text


def _binding(expression: Expression) -> int:
    if isinstance(expression, Operation):
        return BINDING.get(expression.name, _ATOM)
    if isinstance(expression, Number) and expression.value < 0:
        return BINDING["negative"]
    return _ATOM


def _indicator(expression: IndicatorValue) -> str:
    call = expression.call
    default_inputs = tuple(map(Field, call.indicator.inputs))
    is_extreme = call.name in _EXTREMES
    shown = expression.inputs if is_extreme or expression.inputs != default_inputs else ()
    parameters = [_number(value) for value in _told_parameters(call)]
    arguments = (", " if shown else ",").join([*map(to_text, shown), *parameters])
    output = f".{expression.output_name}" if expression.output_name else ""
    return f"{_EXTREMES.get(call.name, call.name)}({arguments}){output}"


def _told_parameters(call: IndicatorCall) -> tuple[float, ...]:
    """Return the parameters without trailing kinds of average that are left at their default."""
    described = call.indicator.parameters
    count = len(described)
    while count and described[count - 1].name.endswith("matype"):
        if call.parameters[count - 1] != described[count - 1].default:
            break
        count -= 1
    return call.parameters[:count]


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
