"""A grid of parameters over one strategy: what `--param` says, and the strategy at each point.

A parameter is a percentage of the strategy (`stop_loss_pct`), or a number of an indicator in its
rules: `sma.0` is the first parameter of the first sma, `sma#2.0` that of the second one. Equal
calls are one indicator wherever they stand, so entry and exit move together; they are counted in
the order in which the rules are written.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import cache
from math import prod
from typing import Final

from cts_tui.backtest.series import rules_of
from cts_tui.errors import ConfigError
from cts_tui.indicators.compute import IndicatorCall, indicator_call
from cts_tui.indicators.suggest import suggestion
from cts_tui.model.strategy import StrategySpec
from cts_tui.rules.printer import to_text
from cts_tui.rules.spec import parse_strategy, strategy_to_toml
from cts_tui.rules.syntax import Expression, HigherTimeframe, IndicatorValue, Operation, Shift

MOST_COMBINATIONS: Final = 20_000

_FIELDS: Final = ("stop_loss_pct", "take_profit_pct", "trailing_stop_pct")
_PLACE: Final = re.compile(r"([a-z][a-z0-9_]*)(?:#(\d{1,3}))?\.(\d{1,3})")
_RANGE: Final = re.compile(r"(.+?)\.\.(.+?)(?::(.+))?")
_FORM: Final = 'expected NAME=VALUES like "sma.0=5..50:5" or stop_loss_pct=1,2,3'

Key = tuple[IndicatorCall, tuple[Expression, ...]]
"""An indicator call as it stands in the strategy, with its input series."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One axis of the grid."""

    name: str
    values: tuple[Decimal, ...]

    @property
    def is_in_rules(self) -> bool:
        """Whether it changes the rules, so that they must be evaluated anew."""
        return self.name not in _FIELDS


@dataclass(frozen=True, slots=True)
class Grid:
    """Every combination of the parameters of one strategy, numbered from 0.

    The last parameter changes fastest; those in the rules come first, so that neighbours share
    their rules. Build it with `grid`, which checks it.
    """

    spec: StrategySpec
    parameters: tuple[Parameter, ...]

    def __len__(self) -> int:
        return prod(len(parameter.values) for parameter in self.parameters)

    def values(self, index: int) -> dict[str, Decimal]:
        """Return the values of combination number `index` by parameter."""
        values: dict[str, Decimal] = {}
        for parameter in reversed(self.parameters):
            index, place = divmod(index, len(parameter.values))
            values[parameter.name] = parameter.values[place]
        return {parameter.name: values[parameter.name] for parameter in self.parameters}

    def at(self, index: int) -> StrategySpec:
        """Return the strategy with the values of combination number `index`.

        Raises ConfigError where an indicator refuses two values together.
        """
        return with_values(self.spec, self.values(index))


def grid(spec: StrategySpec, texts: Sequence[str]) -> Grid:
    """Return the grid that the `--param` texts describe.

    Raises ConfigError for what cannot be read, is not in the strategy, is refused by it, or is
    more than 20,000 combinations.
    """
    parameters = sorted(map(_parameter, texts), key=lambda parameter: not parameter.is_in_rules)
    names = [parameter.name for parameter in parameters]
    if not names:
        raise ConfigError(f"there is nothing to vary: give --param, {_FORM}")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ConfigError(f"--param {twice} is given twice; give all its values at once")
    whole = Grid(spec, tuple(parameters))
    if len(whole) > MOST_COMBINATIONS:
        raise ConfigError(
            f"the grid has {len(whole):,} combinations, at most {MOST_COMBINATIONS:,} are tried; "
            "give fewer values or larger steps"
        )
    for parameter in parameters:
        for value in parameter.values:
            _check(spec, parameter.name, value)
    return whole


def with_values(spec: StrategySpec, values: Mapping[str, Decimal]) -> StrategySpec:
    """Return `spec` with other values. Raises ConfigError for one that it lacks or refuses."""
    changes: dict[Key, IndicatorCall] = {}
    fields: dict[str, Decimal | str] = {}
    for name, value in values.items():
        if name in _FIELDS:
            fields[name] = value
            continue
        key, place = _place(spec, name)
        changes[key] = _with_parameter(changes.get(key, key[0]), place, value)
    if changes:
        for field, rule in rules_of(spec).items():
            fields[field] = to_text(_replaced(rule.condition, changes))
    return replace(spec, **fields)  # type: ignore[arg-type]  # each field gets its own type


def _parameter(text: str) -> Parameter:
    name, _, values = (part.strip() for part in text.partition("="))
    if not name or not values:
        raise ConfigError(f"--param {text!r}: {_FORM}")
    ranged = _RANGE.fullmatch(values)
    try:
        found = _range(*ranged.groups()) if ranged else _list(values)
    except (InvalidOperation, ValueError) as error:
        reason = error if isinstance(error, ValueError) else f"{values!r} are no numbers"
        raise ConfigError(f"--param {text!r}: {reason}; {_FORM}") from None
    return Parameter(name, found)


def _list(text: str) -> tuple[Decimal, ...]:
    return tuple(dict.fromkeys(_finite(part) for part in text.split(",")))


def _range(first: str, last: str, step: str | None) -> tuple[Decimal, ...]:
    start, end, by = _finite(first), _finite(last), _finite(step or "1")
    if by <= 0 or end < start:
        raise ValueError("a range goes up, by a step above 0")
    count = int((end - start) / by) + 1
    if count > MOST_COMBINATIONS:
        raise ValueError(f"{count:,} values, at most {MOST_COMBINATIONS:,} are tried")
    return tuple(start + by * number for number in range(count))


def _finite(text: str) -> Decimal:
    number = Decimal(text.strip())
    if not number.is_finite() or abs(number) > Decimal(10) ** 9:
        raise ValueError(f"{text.strip()} is out of bounds")
    return number


def _check(spec: StrategySpec, name: str, value: Decimal) -> None:
    """Refuse a value that no file with this strategy could have."""
    if name not in _FIELDS:
        _place(spec, name)
    try:
        parse_strategy(strategy_to_toml(with_values(spec, {name: value})), f"{name}={value}")
    except ConfigError as error:
        reason = str(error).removeprefix(f"{name}={value}: ").removeprefix(f"{name}: ")
        raise ConfigError(f"--param {name}={value}: {reason}") from None


@cache
def _calls(spec: StrategySpec) -> tuple[tuple[str, Key], ...]:
    """Return the distinct indicator calls in the rules, each with the name it is written by."""
    found: dict[Key, str] = {}
    for rule in rules_of(spec).values():
        for value in _indicators(rule.condition):
            found.setdefault((value.call, value.inputs), to_text(value).partition("(")[0])
    return tuple((name, key) for key, name in found.items())


def _place(spec: StrategySpec, name: str) -> tuple[Key, int]:
    """Return the call and the number of its parameter that `name` means."""
    known = [*_FIELDS, *places(spec)]
    matched = _PLACE.fullmatch(name)
    if matched:
        indicator, number, place = matched.groups()
        keys = [key for called, key in _calls(spec) if called == indicator]
        index = int(number or 1) - 1
        if 0 <= index < len(keys) and int(place) < len(keys[index][0].parameters):
            return keys[index], int(place)
    raise ConfigError(
        f"strategy {spec.name} has no {name}{suggestion(name, known)}; there are: "
        f"{', '.join(known)}"
    )


def places(spec: StrategySpec) -> dict[str, str]:
    """Return the parameters of indicators in the rules of `spec`: `sma#2.0` → `sma(30)`."""
    found: dict[str, str] = {}
    counts: dict[str, int] = {}
    for name, (call, inputs) in _calls(spec):
        counts[name] = counts.get(name, 0) + 1
        shown = name if counts[name] == 1 else f"{name}#{counts[name]}"
        text = to_text(IndicatorValue(call, inputs, 0)).rpartition(")")[0] + ")"
        found |= {f"{shown}.{place}": text for place in range(len(call.parameters))}
    return found


def _with_parameter(call: IndicatorCall, place: int, value: Decimal) -> IndicatorCall:
    parameters = [*call.parameters]
    parameters[place] = float(value)
    return indicator_call(call.name, *parameters)


def _indicators(expression: Expression) -> Iterator[IndicatorValue]:
    """Yield every indicator in `expression` as it is read, those inside indicators included."""
    match expression:
        case IndicatorValue(inputs=inner):
            yield expression
        case Operation(operands=inner):
            pass
        case Shift(operand=operand) | HigherTimeframe(operand=operand):
            inner = (operand,)
        case _:
            return
    for part in inner:
        yield from _indicators(part)


def _replaced(expression: Expression, changes: Mapping[Key, IndicatorCall]) -> Expression:
    """Return `expression` with the calls of `changes` in place of those that stand there."""
    match expression:
        case IndicatorValue(call=call, inputs=inputs):
            new = tuple(_replaced(series, changes) for series in inputs)
            return replace(expression, call=changes.get((call, inputs), call), inputs=new)
        case Operation(operands=operands):
            new = tuple(_replaced(operand, changes) for operand in operands)
            return replace(expression, operands=new)
        case Shift(operand=operand) | HigherTimeframe(operand=operand):
            return replace(expression, operand=_replaced(operand, changes))
        case _:
            return expression
