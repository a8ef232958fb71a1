"""Calls in a rule: the language's own functions, and every indicator, with their arguments."""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Final

from cts_tui.errors import ConfigError, RuleError
from cts_tui.indicators.compute import IndicatorCall, indicator_call
from cts_tui.indicators.registry import Indicator, indicator, indicator_names, is_indicator
from cts_tui.indicators.suggest import suggestion
from cts_tui.model.market import timeframe_ms
from cts_tui.rules.parts import Part, built, numeric, operation
from cts_tui.rules.syntax import (
    FIELDS,
    Expression,
    Field,
    HigherTimeframe,
    IndicatorValue,
    Number,
)
from cts_tui.rules.tokens import Token, fault

Argument = Part | Token
"""An expression, or a quoted text."""

_LONGEST_TIMEFRAME_MS: Final = timeframe_ms("52w")


class MissingOutputError(RuleError):
    """An indicator with several outputs stands where one number is needed: name one of them."""

    def __init__(self, message: str, position: int, outputs: tuple[str, ...]) -> None:
        super().__init__(message, position)
        self.outputs = outputs


def call_part(name: Token, arguments: Sequence[Argument], output: Token | None) -> Part:
    """Return the call of the function or indicator `name`; `output` is what follows its dot.

    Raises RuleError at the name, the argument or the output that is wrong.
    """
    if name.text in FIELDS:
        raise fault(f"{name.text} is a value of the candle and takes no brackets", name.position)
    build = _FUNCTIONS.get(name.text)
    if build is None:
        return _indicator_value(name, arguments, output)
    if output is not None:
        raise fault(f"{name.text} has no outputs to choose from", output.position)
    return build(name, arguments)


def unknown_name(name: Token) -> RuleError:
    """Return the refusal of a name that stands without brackets and is no candle field."""
    if name.text in _FUNCTIONS or is_indicator(name.text):
        return fault(f"{name.text} needs brackets, like {_example(name.text)}", name.position)
    near = suggestion(name.text, _all_names())
    return fault(f"unknown name {name}{near or f'; expected {_either(FIELDS)}'}", name.position)


def _cross(name: Token, arguments: Sequence[Argument]) -> Part:
    operands = _numbers(name, arguments, f"{name.text}(a, b)")
    return operation(name.text, *operands, position=name.position)


def _absolute(name: Token, arguments: Sequence[Argument]) -> Part:
    return operation("abs", *_numbers(name, arguments, "abs(x)"), position=name.position)


def _least_or_most(name: Token, arguments: Sequence[Argument]) -> Part:
    """Return min or max of two or more numbers, as nested pairs."""
    pattern = f"{name.text}(a, b)"
    operands = _numbers(name, arguments, pattern, is_open=True)
    return reduce(lambda a, b: operation(name.text, a, b, position=name.position), operands)


def _extreme(name: Token, arguments: Sequence[Argument]) -> Part:
    """Return the highest or lowest value of a series over the last n candles, this one included."""
    series, count = _numbers(name, arguments, f"{name.text}(x, n)")
    if not isinstance(count.expression, Number):
        message = f"{name.text} takes a plain number of candles, found {count}"
        raise fault(message, count.position)
    if count.expression.value == 1:
        return series
    talib_name = "max" if name.text == "highest" else "min"
    call = _checked_call(name, talib_name, [count])
    expression = IndicatorValue(call, (series.expression,), 0)
    return built(expression, name.position, series)


def _at(name: Token, arguments: Sequence[Argument]) -> Part:
    pattern = 'at("1h", x)'
    if len(arguments) != 2:
        raise _wrong_count(name, arguments, pattern)
    timeframe, operand = arguments
    if not isinstance(timeframe, Token):
        message = f"{pattern} takes a timeframe in quotes first, found {timeframe}"
        raise fault(message, timeframe.position)
    operand = _expression(operand)
    _check_timeframe(timeframe)
    expression = HigherTimeframe(timeframe.text[1:-1], operand.expression, name.position)
    return built(expression, name.position, operand)


def _check_timeframe(token: Token) -> None:
    try:
        length_ms = timeframe_ms(token.text[1:-1])
    except ValueError as error:
        raise fault(str(error), token.position) from None
    if length_ms > _LONGEST_TIMEFRAME_MS:
        raise fault(f"a timeframe is at most 52w, found {token}", token.position)


_FUNCTIONS: Final[Mapping[str, Callable[[Token, Sequence[Argument]], Part]]] = {
    "crosses_above": _cross,
    "crosses_below": _cross,
    "highest": _extreme,
    "lowest": _extreme,
    "abs": _absolute,
    "min": _least_or_most,
    "max": _least_or_most,
    "at": _at,
}


def _indicator_value(name: Token, arguments: Sequence[Argument], output: Token | None) -> Part:
    described = _described(name)
    series, constants = _split(name, described, arguments)
    call = _checked_call(name, name.text, constants)
    place = _output_place(name, described, output)
    inputs: tuple[Expression, ...] = tuple(part.expression for part in series)
    if not inputs:
        inputs = tuple(map(Field, described.inputs))
    return built(IndicatorValue(call, inputs, place), name.position, *series)


def _described(name: Token) -> Indicator:
    if not is_indicator(name.text):
        near = suggestion(name.text, _all_names())
        raise fault(f"unknown function {name}{near}", name.position)
    try:
        return indicator(name.text)
    except ConfigError as error:
        raise fault(str(error), name.position) from None


def _split(
    name: Token, described: Indicator, arguments: Sequence[Argument]
) -> tuple[list[Part], list[Part]]:
    """Return the input series and the parameters: parameters are plain numbers and come last."""
    parts = [numeric(name.text, _expression(argument)) for argument in arguments]
    series = [part for part in parts if not isinstance(part.expression, Number)]
    constants = parts[len(series) :]
    for part in constants:
        if not isinstance(part.expression, Number):
            message = f"{name.text}: the series {part} must come before the parameters"
            raise fault(message, part.position)
    if len(series) not in (0, len(described.inputs)):
        message = f"{name.text} reads {_either(described.inputs, 'and')}: give no series"
        message += f" or {len(described.inputs)}, found {len(series)}"
        raise fault(message, series[0].position)
    return series, constants


def _checked_call(name: Token, talib_name: str, constants: Sequence[Part]) -> IndicatorCall:
    values = [part.expression.value for part in constants if isinstance(part.expression, Number)]
    try:
        return indicator_call(talib_name, *values)
    except ConfigError as error:
        place = constants[0].position if constants else name.position
        message = str(error).replace(talib_name, name.text, 1)
        raise fault(message, place) from None


def _output_place(name: Token, described: Indicator, output: Token | None) -> int:
    outputs = described.outputs
    if output is None:
        if len(outputs) == 1:
            return 0
        message = f"{name.text} has several outputs: add {_either([f'.{o}' for o in outputs])}"
        raise MissingOutputError(str(fault(message, name.position)), name.position, outputs)
    place = described.output_index(output.text)
    if place is None:
        known = f"it has {_either(outputs, 'and')}" if len(outputs) > 1 else "leave it out"
        message = f"{name.text} has no output {output}; {known}"
        raise fault(message, output.position)
    return place


def _numbers(
    name: Token, arguments: Sequence[Argument], pattern: str, *, is_open: bool = False
) -> list[Part]:
    """Return the arguments as numbers, as many as `pattern` shows, or more where `is_open`."""
    count = pattern.count(",") + 1
    if len(arguments) < count or (len(arguments) > count and not is_open):
        raise _wrong_count(name, arguments, pattern)
    return [numeric(name.text, _expression(argument)) for argument in arguments]


def _wrong_count(name: Token, arguments: Sequence[Argument], pattern: str) -> RuleError:
    count = pattern.count(",") + 1
    plural = "" if count == 1 else "s"
    message = f"{pattern} takes {count} argument{plural}, found {len(arguments)}"
    return fault(message, name.position)


def _expression(argument: Argument) -> Part:
    if isinstance(argument, Token):
        message = f'only at("1h", x) takes a quoted text, and only first; found {argument}'
        raise fault(message, argument.position)
    return argument


def _all_names() -> list[str]:
    return [*FIELDS, *_FUNCTIONS, *indicator_names(), "and", "or", "not"]


def _example(name: str) -> str:
    if name in _FUNCTIONS:
        return f"{name}(…)"
    return f"{name}({','.join(f'{default:g}' for default in indicator(name).defaults)})"


def _either(names: Sequence[str], word: str = "or") -> str:
    *first, last = names
    return f"{', '.join(first)} {word} {last}" if first else last
