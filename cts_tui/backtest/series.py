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
from cts_tui.rules.warmup import warmup

_RULES = ("entry_long", "exit_long", "entry_short", "exit_short")


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
        wanted = timeframe if spec.timeframe == ANY_TIMEFRAME else spec.timeframe
        if timeframe_ms(wanted) % timeframe_ms(timeframe):
            raise ConfigError(
                f"strategy {spec.name} runs on {wanted} candles, which cannot be made from the "
                f"{timeframe} candles of {symbol}; give it finer candles"
            )
        groups[wanted].append(spec)
    return groups


def strategy_trades(history: History, spec: StrategySpec, terms: Terms) -> list[Trade]:
    """Return the closed trades of `spec` over `history`, oldest first. Raises RuleError."""
    rules = {field: _holds(history, getattr(spec, field)) for field in _RULES}
    return backtest(
        history.columns,
        **rules,
        spec=spec,
        fee_pct=terms.fee_pct,
        slippage_pct=terms.slippage_pct,
        balance=terms.balance,
    )


def warmup_shortfall(candles: CandleColumns, timeframe: str, spec: StrategySpec) -> str | None:
    """Return a line that says so where the candles are fewer than the rules need, else None."""
    rules = [parse_rule(text) for field in _RULES if (text := getattr(spec, field))]
    needed = max(warmup(rule, timeframe) for rule in rules)
    if len(candles) >= needed:
        return None
    return f"{spec.name} needs {needed} candles to warm up, there are {len(candles)}: no trades"


def _holds(history: History, text: str) -> BoolArray:
    if not text:
        return np.zeros(len(history.columns), dtype=np.bool_)
    return history.holds(parse_rule(text))
