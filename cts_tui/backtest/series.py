"""Strategies on one series: which timeframe each runs on, and its trades over that history."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from cts_tui.backtest.run import backtest
from cts_tui.errors import ConfigError
from cts_tui.model.columns import BoolArray, CandleColumns
from cts_tui.model.market import timeframe_ms
from cts_tui.model.strategy import ANY_TIMEFRAME, StrategySpec
from cts_tui.model.trade import Trade
from cts_tui.rules.evaluate import History
from cts_tui.rules.parser import parse_rule
from cts_tui.rules.spec import RULE_FIELDS
from cts_tui.rules.syntax import Rule
from cts_tui.rules.warmup import timeframe_faults, warmup

Flags = dict[str, BoolArray]
"""Where each of the four rules holds."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What trading costs, in percent, and what it begins with, in quote currency."""

    fee_pct: Decimal = Decimal("0.1")
    slippage_pct: Decimal = Decimal(0)
    balance: Decimal = Decimal(10_000)


def by_timeframe(
    symbol: str, timeframe: str, specs: Sequence[StrategySpec]
) -> dict[str, list[StrategySpec]]:
    """Return the strategies meant for `symbol`, by the timeframe they run on.

    Raises ConfigError where one needs finer candles than those of `timeframe`.
    """
    groups: dict[str, list[StrategySpec]] = defaultdict(list)
    for spec in specs:
        if not spec.trades_symbol(symbol):
            continue
        if reason := unfit(symbol, timeframe, spec):
            raise ConfigError(reason)
        groups[_wanted(timeframe, spec)].append(spec)
    return groups


def unfit(symbol: str, timeframe: str, spec: StrategySpec) -> str | None:
    """Return in one line why candles of `timeframe` are too coarse for `spec`; None if not."""
    wanted = _wanted(timeframe, spec)
    if timeframe_ms(wanted) % timeframe_ms(timeframe):
        return (
            f"strategy {spec.name} runs on {wanted} candles, which cannot be made from the "
            f"{timeframe} candles of {symbol}; give it finer candles"
        )
    for field, rule in rules_of(spec).items():
        for fault in timeframe_faults(rule, wanted):
            return f"strategy {spec.name} on {symbol}: {field}, {fault}; give it finer candles"
    return None


def rules_of(spec: StrategySpec) -> dict[str, Rule]:
    """Return the rules of `spec` that are not empty, by field."""
    return {field: parse_rule(text) for field in RULE_FIELDS if (text := getattr(spec, field))}


def _wanted(timeframe: str, spec: StrategySpec) -> str:
    return timeframe if spec.timeframe == ANY_TIMEFRAME else spec.timeframe


def strategy_trades(history: History, spec: StrategySpec, terms: Terms) -> list[Trade]:
    """Return the closed trades of `spec` over `history`, oldest first. Raises RuleError."""
    return flag_trades(history.columns, rule_flags(history, spec), spec, terms)


def rule_flags(history: History, spec: StrategySpec) -> Flags:
    """Return for each rule whether it holds at each close; an empty rule never does."""
    rules = rules_of(spec)
    return {
        field: history.holds(rules[field])
        if field in rules
        else np.zeros(len(history.columns), dtype=np.bool_)
        for field in RULE_FIELDS
    }


def flag_trades(
    candles: CandleColumns, flags: Flags, spec: StrategySpec, terms: Terms
) -> list[Trade]:
    """Return the closed trades of rules that hold where `flags` says, oldest first."""
    return backtest(
        candles,
        **flags,
        spec=spec,
        fee_pct=terms.fee_pct,
        slippage_pct=terms.slippage_pct,
        balance=terms.balance,
    )


def warmup_candles(timeframe: str, spec: StrategySpec) -> int:
    """Return the candles after which every part of every rule of `spec` has a value."""
    return max((warmup(rule, timeframe) for rule in rules_of(spec).values()), default=1)
