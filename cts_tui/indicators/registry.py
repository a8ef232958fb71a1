"""Every TA-Lib function as an `Indicator`: what it reads, its parameters, what it answers.

Descriptions are read from TA-Lib when they are first asked for; nothing is listed by hand but
the short names of outputs and the few functions that mean nothing in a rule.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from math import isfinite
from typing import Any, Final

import talib
from talib import abstract

from cts_tui.errors import ConfigError
from cts_tui.indicators.suggest import suggestion

LONGEST_PERIOD: Final = 10_000
"""The largest whole-number parameter: candles, in nearly all of TA-Lib."""

_SHORT_OUTPUTS: Final[Mapping[str, str]] = {
    "macdsignal": "signal",
    "macdhist": "hist",
    "upperband": "upper",
    "middleband": "middle",
    "lowerband": "lower",
    "slowk": "k",
    "slowd": "d",
    "fastk": "k",
    "fastd": "d",
    "aroondown": "down",
    "aroonup": "up",
    "smisignal": "signal",
    "plusvi": "plus",
    "minusvi": "minus",
    "bullpower": "bull",
    "bearpower": "bear",
    "swinghigh": "high",
    "swinglow": "low",
    "haopen": "open",
    "hahigh": "high",
    "halow": "low",
    "haclose": "close",
    "leadsine": "lead",
}

_REFUSED: Final[Mapping[str, str]] = {
    "mavp": "its period changes from candle to candle",
    "maxindex": "it answers a place in an array, not a value; use highest(x, n)",
    "minindex": "it answers a place in an array, not a value; use lowest(x, n)",
    "minmaxindex": "it answers places in an array, not values; use highest(x, n) and lowest(x, n)",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an indicator, as TA-Lib names it."""

    name: str
    default: float
    is_int: bool

    def fault(self, value: float) -> str | None:
        """Return what is wrong with `value` before TA-Lib is asked, or None."""
        if not isfinite(value):
            return f"{self.name} must be a finite number, found {value:g}"
        if not self.is_int:
            return None
        if value != int(value):
            return f"{self.name} must be a whole number, found {value:g}"
        if abs(value) > LONGEST_PERIOD:
            return f"{self.name} must be at most {LONGEST_PERIOD}, found {value:g}"
        return None


@dataclass(frozen=True, slots=True)
class Indicator:
    """One TA-Lib function. `inputs` are the candle fields it reads when no series are given."""

    name: str
    title: str
    group: str
    inputs: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    outputs: tuple[str, ...]
    """Short names: macd → macd, signal, hist."""
    talib_outputs: tuple[str, ...]

    @property
    def is_pattern(self) -> bool:
        """Whether it recognizes a candle pattern: −100, 0 or 100 (seldom ±200)."""
        return self.name.startswith("cdl")

    @property
    def defaults(self) -> tuple[float, ...]:
        """The default of each parameter; an int where TA-Lib wants a whole number."""
        return tuple(parameter.default for parameter in self.parameters)

    def output_index(self, name: str) -> int | None:
        """Return the place of the output called `name`, short or as in TA-Lib; None if unknown."""
        for names in (self.outputs, self.talib_outputs):
            if name in names:
                return names.index(name)
        return None


@cache
def indicator_names() -> tuple[str, ...]:
    """Return the names of all indicators that a rule may use, in lower case, sorted."""
    return tuple(sorted({name.lower() for name in talib.get_functions()} - _REFUSED.keys()))


def is_indicator(name: str) -> bool:
    """Return whether TA-Lib has a function called `name` (lower case), usable here or not."""
    return name in _known() or name in _REFUSED


def indicator(name: str) -> Indicator:
    """Return the description of `name` (lower case).

    Raises ConfigError for a name that TA-Lib lacks, or that means nothing in a rule.
    """
    if name in _REFUSED:
        raise ConfigError(f"{name} cannot be used in a rule: {_REFUSED[name]}")
    if name not in _known():
        raise ConfigError(f"unknown indicator {name}{suggestion(name, indicator_names())}")
    return _describe(name)


def talib_facts(name: str, **parameters: float) -> Any:
    """Return TA-Lib's own description of `name` with `parameters` set: info, lookback."""
    return abstract.Function(name.upper(), **parameters)  # type: ignore[attr-defined]


@cache
def _known() -> frozenset[str]:
    return frozenset(indicator_names())


@cache
def _describe(name: str) -> Indicator:
    facts: dict[str, Any] = talib_facts(name).info
    talib_outputs = tuple(facts["output_names"])
    return Indicator(
        name=name,
        title=facts["display_name"],
        group=facts["group"],
        inputs=tuple(_flat(facts["input_names"].values())),
        parameters=tuple(
            Parameter(key, default, isinstance(default, int))
            for key, default in facts["parameters"].items()
        ),
        outputs=tuple(_SHORT_OUTPUTS.get(output, output) for output in talib_outputs),
        talib_outputs=talib_outputs,
    )


def _flat(inputs: Iterable[str | list[str]]) -> list[str]:
    """Return the fields of TA-Lib's input names, in which candle prices come as a list."""
    fields: list[str] = []
    for entry in inputs:
        fields += [entry] if isinstance(entry, str) else entry
    return fields
