"""One indicator over whole columns: the definition that `Stream` follows candle by candle.

A candle with an input that is not finite (the warm-up of a nested indicator, a division by zero)
is left out of the indicator's history and its own output is NaN. Everything else is TA-Lib's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, reduce
from typing import Any, cast

import numpy as np
import talib

from cts_tui.errors import ConfigError
from cts_tui.indicators.registry import Indicator, Parameter, indicator, talib_facts
from cts_tui.model.columns import BoolArray, FloatArray

_PROBE = np.zeros(2)


@dataclass(frozen=True, slots=True)
class IndicatorCall:
    """An indicator with all its parameters. Build it with `indicator_call`, which checks them."""

    name: str
    parameters: tuple[float, ...]

    @property
    def indicator(self) -> Indicator:
        """What is called."""
        return indicator(self.name)

    @property
    def lookback(self) -> int:
        """Candles before the first one that has a value."""
        return _lookback(self)


def indicator_call(name: str, *parameters: float) -> IndicatorCall:
    """Return the call of `name` with `parameters` in TA-Lib's order; the rest take defaults.

    Raises ConfigError for an unknown name, too many parameters, or one that TA-Lib refuses.
    """
    described = indicator(name)
    if len(parameters) > len(described.parameters):
        raise ConfigError(f"{name} takes {_listed(described)}, found {len(parameters)}")
    pairs = list(zip(described.parameters, parameters, strict=False))
    for parameter, value in pairs:
        if fault := parameter.fault(value):
            raise ConfigError(f"{name}: {fault}")
    given = tuple(_typed(parameter, value) for parameter, value in pairs)
    call = IndicatorCall(name, given + described.defaults[len(given) :])
    _refuse_what_talib_refuses(call)
    return call


def compute(call: IndicatorCall, inputs: Sequence[FloatArray]) -> list[FloatArray]:
    """Return one array per output, as long as the inputs, NaN where there is no value yet.

    `inputs` are one array per input of the indicator, all of one length. Too short a history
    gives NaN throughout. The inputs must not change during the call.
    """
    columns = as_columns(inputs)
    usable = finite_rows(columns)
    if usable.all():
        return _run(call, columns)
    outputs = _run(call, [column[usable] for column in columns])
    return [spread(values, usable) for values in outputs]


def as_columns(inputs: Sequence[FloatArray]) -> list[FloatArray]:
    """Return the inputs as contiguous float64 arrays, which is what TA-Lib reads."""
    return [np.ascontiguousarray(column, dtype=np.float64) for column in inputs]


def finite_rows(columns: Sequence[FloatArray]) -> BoolArray:
    """Return where every column is finite."""
    return reduce(np.logical_and, (np.isfinite(column) for column in columns))


def spread(values: FloatArray, usable: BoolArray) -> FloatArray:
    """Return `values` at the places that are usable, NaN at the others."""
    column = np.full(len(usable), np.nan)
    column[usable] = values
    return column


def as_outputs(call: IndicatorCall, raw: Any) -> list[FloatArray]:
    """Return TA-Lib's answer as float arrays; whole-number outputs get NaN during warm-up."""
    outputs = list(raw) if isinstance(raw, tuple | list) else [raw]
    return [
        _warmed(values, call.lookback) if values.dtype.kind == "i" else values for values in outputs
    ]


def _warmed(values: Any, lookback: int) -> FloatArray:
    column: FloatArray = values.astype(np.float64)
    column[:lookback] = np.nan
    return column


def _run(call: IndicatorCall, columns: Sequence[FloatArray]) -> list[FloatArray]:
    count = len(columns[0])
    if count <= call.lookback:
        return [np.full(count, np.nan) for _ in call.indicator.outputs]
    return as_outputs(call, _function(call.name)(*columns, *call.parameters))


@cache
def _function(name: str) -> Callable[..., Any]:
    return cast(Callable[..., Any], getattr(talib, name.upper()))


@lru_cache(maxsize=4096)
def _lookback(call: IndicatorCall) -> int:
    names = (parameter.name for parameter in call.indicator.parameters)
    given = dict(zip(names, call.parameters, strict=True))
    return int(talib_facts(call.name, **given).lookback)


def _typed(parameter: Parameter, value: float) -> float:
    return int(value) if parameter.is_int else float(value)


def _refuse_what_talib_refuses(call: IndicatorCall) -> None:
    """Try the call once on two candles; raise ConfigError that names the parameter at fault."""
    if _is_accepted(call):
        return
    described = call.indicator
    for place, parameter in enumerate(described.parameters):
        if call.parameters[place] == parameter.default:
            continue
        if not _is_accepted(_with_one(described, place, call.parameters[place])):
            raise ConfigError(_out_of_range(described, place, call.parameters[place]))
    values = ", ".join(f"{value:g}" for value in call.parameters)
    raise ConfigError(f"{call.name}: TA-Lib refuses the parameters ({values}) together")


def _out_of_range(described: Indicator, place: int, value: float) -> str:
    parameter = described.parameters[place]
    message = f"{described.name}: {parameter.name} cannot be {value:g}"
    if not parameter.is_int or value >= parameter.default:
        return message
    for least in range(max(int(value), 0), int(parameter.default) + 1):
        if _is_accepted(_with_one(described, place, least)):
            return f"{message}, the least is {least}"
    return message


def _with_one(described: Indicator, place: int, value: float) -> IndicatorCall:
    """Return the call with defaults, but `value` for the parameter at `place`."""
    defaults = described.defaults
    return IndicatorCall(described.name, (*defaults[:place], value, *defaults[place + 1 :]))


@lru_cache(maxsize=4096)
def _is_accepted(call: IndicatorCall) -> bool:
    try:
        _function(call.name)(*(_PROBE for _ in call.indicator.inputs), *call.parameters)
    except Exception as error:
        # TA-Lib raises bare Exceptions; only this one speaks of the parameters.
        if "TA_BAD_PARAM" in str(error):
            return False
        raise
    return True


def _listed(described: Indicator) -> str:
    names = ", ".join(parameter.name for parameter in described.parameters)
    count = len(described.parameters)
    if not count:
        return "no parameters"
    return f"{count} parameter{'s' if count > 1 else ''} ({names})"
