"""A strategy as TOML or as a row: check it, build its `StrategySpec`, write it again."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from cts_tui.errors import ConfigError, RuleError
from cts_tui.indicators.suggest import suggestion
from cts_tui.model.money import money_text
from cts_tui.model.strategy import ANY_TIMEFRAME, Size, SizeKind, StrategySpec
from cts_tui.rules.fields import CHECKS
from cts_tui.rules.parser import parse_rule
from cts_tui.rules.warmup import timeframe_faults

RULE_FIELDS: Final = ("entry_long", "exit_long", "entry_short", "exit_short")

_LARGEST_FILE: Final = 64 * 1024
"""Bytes; a strategy is a page of text."""


def strategy_from_mapping(mapping: Mapping[str, Any]) -> StrategySpec:
    """Return the strategy described by `mapping`, keys as in its TOML file.

    Raises ConfigError with every fault, separated by `; `.
    """
    values, faults = _read(mapping)
    if faults:
        raise ConfigError("; ".join(faults))
    return StrategySpec(**values)


def strategy_faults(mapping: Mapping[str, Any]) -> list[str]:
    """Return everything that is wrong with `mapping`, one message each; empty if it is good."""
    return _read(mapping)[1]


def parse_strategy(text: str, source: str) -> StrategySpec:
    """Return the strategy written in TOML; `source` names the text in the ConfigError."""
    try:
        return strategy_from_mapping(_parse_toml(text))
    except ConfigError as error:
        raise ConfigError(f"{source}: {error}") from None


def load_strategy_file(path: Path) -> StrategySpec:
    """Return the strategy in a TOML file. Raises ConfigError."""
    return parse_strategy(_read_text(path), path.name)


def strategy_file_faults(path: Path) -> list[str]:
    """Return everything that is wrong with a strategy file, one message each."""
    try:
        return strategy_faults(_parse_toml(_read_text(path)))
    except ConfigError as error:
        return [str(error)]


def strategy_to_toml(spec: StrategySpec) -> str:
    """Return the TOML file of `spec`; reading it gives an equal spec. Empty rules are left out."""
    fields = ((key, getattr(spec, key)) for key in CHECKS)
    return "".join(f"{key} = {_toml(value)}\n" for key, value in fields if value != "")


def _read(mapping: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the good values by field, and the faults."""
    values: dict[str, Any] = {}
    faults: list[str] = []
    for key, value in mapping.items():
        check = CHECKS.get(key)
        if check is None:
            faults.append(f"unknown key {str(key)[:40]}{suggestion(str(key), CHECKS)}")
            continue
        try:
            values[key] = check(value)
        except RuleError as error:
            faults.append(f"{key}, {error}")
        except ConfigError as error:
            faults.append(f"{key}: {error}")
    return values, [*faults, *_whole_faults(mapping, values)]


def _whole_faults(mapping: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the fields together; a field already at fault is not judged."""
    spec = StrategySpec(**{"name": "", **values})
    if "name" not in mapping:
        yield 'name is missing: expected something like name = "my-strategy"'
    if not any(values.get(key, mapping.get(key)) for key in ("entry_long", "entry_short")):
        yield "there is no entry: expected entry_long, entry_short or both"
    if spec.size.kind is SizeKind.RISK_PCT and not spec.stop_loss_pct:
        yield "size: risk_pct needs a stop: set stop_loss_pct above 0"
    if spec.gate_min_trades > spec.gate_trades:
        least, most = spec.gate_min_trades, spec.gate_trades
        yield f"gate_min_trades ({least}) must be at most gate_trades ({most})"
    if spec.timeframe != ANY_TIMEFRAME:
        yield from _unreachable(spec)


def _unreachable(spec: StrategySpec) -> Iterator[str]:
    """Yield the rules that name a timeframe which the strategy's own cannot make."""
    for key in RULE_FIELDS:
        if text := getattr(spec, key):
            faults = timeframe_faults(parse_rule(text), spec.timeframe)
            yield from (f"{key}, {error}" for error in faults)


def _parse_toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError, ArithmeticError) as error:
        raise ConfigError(f"not valid TOML: {error}") from None


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
        text = content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name} cannot be read: {error}") from None
    if len(content) > _LARGEST_FILE:
        raise ConfigError(f"{path.name} is larger than {_LARGEST_FILE // 1024} kB")
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
