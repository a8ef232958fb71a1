"""A strategy as TOML or as a row: check it, build its `StrategySpec`, write it again."""

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

from cts_tui.errors import ConfigError, RuleError
from cts_tui.indicators.suggest import suggestion
from cts_tui.model.money import money_text
from cts_tui.model.strategy import ANY_TIMEFRAME, Size, SizeKind, StrategySpec
from cts_tui.rules.fields import CHECKS
from cts_tui.rules.parser import parse_rule
from cts_tui.rules.warmup import timeframe_faults

RULE_FIELDS: Final = ("entry_long", "exit_long", "entry_short", "exit_short")

LARGEST_FILE: Final = 64 * 1024
"""Bytes; a strategy is a page of text."""


class Fault(NamedTuple):
    """One thing that is wrong with a strategy."""

    field: str
    message: str
    position: int | None = None
    """The 0-based column within the field's rule."""


def strategy_from_mapping(mapping: Mapping[str, Any]) -> StrategySpec:
    """Return the strategy described by `mapping`, keys as in its TOML file.

    Raises ConfigError with every fault, separated by `; `.
    """
    values, faults = _read(mapping)
    if faults:
        raise ConfigError("; ".join(fault.message for fault in faults))
    return StrategySpec(**values)


def strategy_faults(mapping: Mapping[str, Any]) -> list[str]:
    """Return everything that is wrong with `mapping`, one message each; empty if it is good."""
    return [fault.message for fault in mapping_faults(mapping)]


def mapping_faults(mapping: Mapping[str, Any]) -> list[Fault]:
    """Return the same with the fields and, in rules, the columns they are about."""
    return _read(mapping)[1]


def parse_strategy(text: str, source: str) -> StrategySpec:
    """Return the strategy written in TOML; `source` names the text in the ConfigError."""
    try:
        return strategy_from_mapping(parse_toml(text))
    except ConfigError as error:
        raise ConfigError(f"{source}: {error}") from None


def load_strategy_file(path: Path) -> StrategySpec:
    """Return the strategy in a TOML file. Raises ConfigError."""
    return parse_strategy(read_strategy_text(path), path.name)


def strategy_file_faults(path: Path) -> list[str]:
    """Return everything that is wrong with a strategy file, one message each."""
    try:
        return strategy_faults(parse_toml(read_strategy_text(path)))
    except ConfigError as error:
        return [str(error)]


def strategy_to_toml(spec: StrategySpec, keys: Iterable[str] = CHECKS) -> str:
    """Return the TOML file of `spec`; reading it gives an equal spec. Empty rules are left out.

    Only the fields in `keys`, in their order, where they are given.
    """
    fields = ((key, getattr(spec, key)) for key in keys)
    return "".join(f"{key} = {_toml(value)}\n" for key, value in fields if value != "")


def _read(mapping: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """Return the good values by field, and the faults."""
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for key, value in mapping.items():
        check = CHECKS.get(key)
        if check is None:
            near = suggestion(str(key), CHECKS)
            faults.append(Fault(str(key), f"unknown key {str(key)[:40]}{near}"))
            continue
        try:
            values[key] = check(value)
        except RuleError as error:
            faults.append(Fault(key, f"{key}, {error}", error.position))
        except ConfigError as error:
            faults.append(Fault(key, f"{key}: {error}"))
    return values, [*faults, *_whole_faults(mapping, values)]


def _whole_faults(mapping: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield what is wrong with the fields together; a field already at fault is not judged."""
    spec = StrategySpec(**{"name": "", **values})
    if "name" not in mapping:
        message = 'name is missing: expected something like name = "my-strategy"'
        yield Fault("name", message)
    if not any(values.get(key, mapping.get(key)) for key in ("entry_long", "entry_short")):
        message = "there is no entry: expected entry_long, entry_short or both"
        yield Fault("entry_long", message)
    if spec.size.kind is SizeKind.RISK_PCT and not spec.stop_loss_pct:
        yield Fault("size", "size: risk_pct needs a stop: set stop_loss_pct above 0")
    if spec.gate_min_trades > spec.gate_trades:
        least, most = spec.gate_min_trades, spec.gate_trades
        message = f"gate_min_trades ({least}) must be at most gate_trades ({most})"
        yield Fault("gate_min_trades", message)
    if spec.timeframe != ANY_TIMEFRAME:
        yield from _unreachable(spec)


def _unreachable(spec: StrategySpec) -> Iterator[Fault]:
    """Yield the rules that name a timeframe which the strategy's own cannot make."""
    for key in RULE_FIELDS:
        if text := getattr(spec, key):
            faults = timeframe_faults(parse_rule(text), spec.timeframe)
            yield from (Fault(key, f"{key}, {error}", error.position) for error in faults)


def parse_toml(text: str) -> dict[str, Any]:
    """Return a TOML text as a mapping, numbers as they are written. Raises ConfigError."""
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError, ArithmeticError) as error:
        raise ConfigError(f"not valid TOML: {error}") from None


def read_strategy_text(path: Path) -> str:
    """Return the text of a strategy file. Raises ConfigError, which names the file."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        text = content.decode("utf-8")
    except OSError as error:
        raise ConfigError(f"{path.name} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name} cannot be read: {error}") from None
    if len(content) > LARGEST_FILE:
        raise ConfigError(f"{path.name} is larger than {LARGEST_FILE // 1024} kB")
    return text


def _toml(value: object) -> str:
    match value:
        case Size(kind=kind, amount=amount):
            return f'{{ kind = "{kind}", amount = {money_text(amount)} }}'
        case tuple():
            return f"[{', '.join(map(_toml, value))}]"
        case Decimal():
            return money_text(value)
        case str():
            # JSON's escapes are TOML's; what differs (DEL) no field lets through.
            return json.dumps(value, ensure_ascii=False)
        case _:
            return repr(value)
