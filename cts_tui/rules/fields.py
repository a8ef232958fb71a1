"""One check per field of a strategy: the value as `StrategySpec` keeps it, or what is wrong."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from cts_tui.errors import ConfigError
from cts_tui.indicators.suggest import suggestion
from cts_tui.model.market import timeframe_ms
from cts_tui.model.money import exact
from cts_tui.model.strategy import ANY_TIMEFRAME, Size, SizeKind
from cts_tui.rules.parser import parse_rule

Check = Callable[[Any], Any]
"""Takes the raw value, returns it as the spec keeps it, raises ConfigError or RuleError."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_SYMBOL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9./:_-]{0,39}")
_LONGEST_DESCRIPTION: Final = 200
_MOST_TRADES: Final = 100_000
_LARGEST_AMOUNT: Final = Decimal(10) ** 12
_HUNDRED: Final = Decimal(100)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"expected a text in quotes, found {_shown(value)}")
    return value


def _name(value: object) -> str:
    name = _text(value)
    if not _NAME.fullmatch(name):
        message = "expected 1 to 64 of a-z, 0-9 and - (not first)"
        raise ConfigError(f"{message}, found {_shown(name)}")
    return name


def _description(value: object) -> str:
    text = _text(value)
    if len(text) > _LONGEST_DESCRIPTION or not text.isprintable():
        raise ConfigError(f"expected one line of at most {_LONGEST_DESCRIPTION} characters")
    return text


def _rule(value: object) -> str:
    text = _text(value).strip()
    if text:
        parse_rule(text)
    return text


def _timeframe(value: object) -> str:
    text = _text(value)
    if text != ANY_TIMEFRAME:
        try:
            timeframe_ms(text)
        except ValueError as error:
            raise ConfigError(f'{error}, or "*" for any') from None
    return text


def _number(value: object) -> Decimal:
    """Return any finite number as the decimal it was written as."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ConfigError(f"expected a number, found {_shown(value)}")
    try:
        number = exact(value) if isinstance(value, float) else Decimal(value)
    except InvalidOperation:
        raise ConfigError(f"expected a number, found {_shown(value)}") from None
    if not number.is_finite():
        raise ConfigError(f"expected a finite number, found {number}")
    return number


def _between(least: Decimal, most: Decimal, *, is_open: bool = False) -> Check:
    """Return the check for a number from `least` to `most`; `is_open` leaves `most` out."""

    def check(value: object) -> Decimal:
        number = _number(value)
        if number < least or number > most or (is_open and number == most):
            bound = "less than" if is_open else "at most"
            raise ConfigError(f"expected at least {least} and {bound} {most}, found {number}")
        return number

    return check


def _whole(least: int) -> Check:
    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ConfigError(f"expected a whole number, found {_shown(value)}")
        if not least <= value <= _MOST_TRADES:
            raise ConfigError(f"expected {least} to {_MOST_TRADES}, found {_shown(value)}")
        return value

    return check


def _factor(value: object) -> float:
    return float(_between(Decimal(0), Decimal(1000))(value))


def _symbols(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not value:
        raise ConfigError('expected a list of symbols like ["BTC/USDT"], or ["*"] for all')
    symbols = tuple(map(_symbol, value))
    if len(set(symbols)) < len(symbols):
        raise ConfigError("a symbol is listed twice")
    return symbols


def _symbol(value: object) -> str:
    symbol = _text(value)
    if symbol != "*" and not _SYMBOL.fullmatch(symbol):
        raise ConfigError(f"expected a symbol like BTC/USDT, found {_shown(symbol)}")
    return symbol


def _size(value: object) -> Size:
    pattern = '{ kind = "quote", amount = 100 }'
    if not isinstance(value, Mapping):
        raise ConfigError(f"expected a table like {pattern}, found {_shown(value)}")
    for key in value:
        if key not in ("kind", "amount"):
            near = suggestion(str(key), ("kind", "amount"))
            raise ConfigError(f"unknown key {key}{near}; expected a table like {pattern}")
    if "kind" not in value or "amount" not in value:
        raise ConfigError(f"expected both kind and amount, like {pattern}")
    kind = _text(value["kind"])
    if kind not in set(SizeKind):
        raise ConfigError(f"kind must be one of {', '.join(SizeKind)}, found {_shown(kind)}")
    return Size(SizeKind(kind), _amount(SizeKind(kind), value["amount"]))


def _amount(kind: SizeKind, value: object) -> Decimal:
    amount = _number(value)
    most = _LARGEST_AMOUNT if kind is SizeKind.QUOTE else _HUNDRED
    if not 0 < amount <= most:
        raise ConfigError(f"amount must be more than 0 and at most {most}, found {amount}")
    return amount


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:36]}…"


_RULES: Final = ("entry_long", "exit_long", "entry_short", "exit_short")

CHECKS: Final[Mapping[str, Check]] = {
    "name": _name,
    "description": _description,
    "timeframe": _timeframe,
    **dict.fromkeys(_RULES, _rule),
    "stop_loss_pct": _between(Decimal(0), _HUNDRED, is_open=True),
    "take_profit_pct": _between(Decimal(0), Decimal(10_000)),
    "trailing_stop_pct": _between(Decimal(0), _HUNDRED, is_open=True),
    "min_profit_factor": _factor,
    "gate_trades": _whole(1),
    "gate_min_trades": _whole(0),
    "size": _size,
    "symbols": _symbols,
}
"""The fields of a strategy, in the order in which they are written."""
