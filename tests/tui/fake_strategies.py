"""Strategies of a desk that stands still: four rows with their gates, and what is asked of them."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from cts_tui.errors import ConfigError
from cts_tui.model.strategy_views import GateView, StrategyFault, StrategyOverview
from cts_tui.model.views import StrategyView
from cts_tui.rules.check import text_faults
from cts_tui.rules.spec import parse_strategy, strategy_to_toml

SMA = """
name = "sma-cross"
description = "Follows the trend when the fast average crosses the slow one"
entry_long = "crosses_above(sma(10), sma(30)) and rsi(14) < 70"
exit_long = "crosses_below(sma(10), sma(30))"
entry_short = "crosses_below(sma(10), sma(30)) and rsi(14) > 30"
exit_short = "crosses_above(sma(10), sma(30))"
"""
DIP = """
name = "rsi-dip"
description = "Buys the end of a dip"
timeframe = "5m"
entry_long = "crosses_above(rsi(14), 30) and close > ema(100)"
exit_long = "rsi(14) > 60"
stop_loss_pct = 1.5
take_profit_pct = 0
trailing_stop_pct = 2
size = { kind = "risk_pct", amount = 0.5 }
symbols = ["BTC/USDT:USDT", "ETH/USDT:USDT"]
"""
FADE = """
name = "rally-fade"
description = "Sells the end of a rally in a downtrend, and never buys"
entry_short = "ema(20) < ema(60) and crosses_below(rsi(14), 70)"
"""
TREND = """
name = "macd-trend"
description = "Goes with momentum"
entry_long = "crosses_above(macd(12,26,9).macd, macd(12,26,9).signal)"
"""


def gate(symbol: str, state: str, trades: int, factor: float | None, reason: str) -> GateView:
    return GateView("bybit-paper", symbol, "5m", state, trades, factor, reason, 3, is_live=False)


GATES = (
    gate("BTC/USDT:USDT", "open", 61, 1.42, "profit factor 1.42 over 50 trades, minimum 1.0"),
    gate("ETH/USDT:USDT", "gated", 48, 0.81, "profit factor 0.81 over 48 trades, minimum 1.0"),
    gate("SOL/USDT:USDT", "unproven", 4, 2.1, "unproven: 4 of 10 closed trades"),
    replace(
        gate("ETH/USD", "unproven", 7, None, "unproven: 7 of 10 closed trades"),
        connection="kraken-main",
        is_live=True,
    ),
)


def overview(text: str, **changes: Any) -> StrategyOverview:
    """The row of a strategy written in TOML."""
    flags = {key: changes.pop(key, False) for key in ("enabled", "is_builtin")}
    spec = parse_strategy(text, "test")
    view = StrategyView(
        **flags,
        **{
            name: getattr(spec, name)
            for name in StrategyView.__dataclass_fields__
            if name not in ("enabled", "is_builtin", "size_kind", "size_amount")
        },
        size_kind=spec.size.kind,
        size_amount=Decimal(spec.size.amount),
    )
    figures = {"signals_today": 0, "open_positions": 0, "gates": ()} | changes
    return StrategyOverview(view=view, toml=strategy_to_toml(spec), **figures)


ROWS = [
    overview(TREND, enabled=True, gates=GATES[:1], signals_today=2),
    overview(FADE, is_builtin=True),
    overview(DIP, open_positions=1),
    overview(SMA, enabled=True, is_builtin=True, gates=GATES, signals_today=17, open_positions=2),
]


class FakeStrategies:
    def __init__(self, calls: list[Any]) -> None:
        self.rows = list(ROWS)
        self._calls = calls

    def list(self) -> list[StrategyView]:
        return [row.view for row in self.rows]

    def overview(self) -> Sequence[StrategyOverview]:
        return list(self.rows)

    def check(self, text: str) -> Sequence[StrategyFault]:
        return text_faults(text)

    def add(self, *texts: str) -> Sequence[str]:
        rows = [overview(text) for text in texts]
        for row in rows:
            self._refuse_known(row.name)
        self.rows += rows
        return [row.name for row in rows]

    def edit(self, name: str, text: str) -> Sequence[str]:
        self._calls.append(("edit", name))
        new = overview(text)
        self.rows = [new if row.name == name else row for row in self.rows]
        return ["stop_loss_pct"]

    def duplicate(self, name: str, new_name: str) -> None:
        self._refuse_known(new_name)
        self._calls.append(("duplicate", name, new_name))

    def remove(self, name: str, *, force: bool = False) -> int:
        self._calls.append(("remove", name, force))
        self.rows = [row for row in self.rows if row.name != name]
        return 0

    def enable(self, name: str) -> None:
        self._switch(name, enabled=True)

    def disable(self, name: str) -> None:
        self._switch(name, enabled=False)

    def _switch(self, name: str, *, enabled: bool) -> None:
        self._calls.append(("enable" if enabled else "disable", name))
        self.rows = [
            replace(row, view=replace(row.view, enabled=enabled)) if row.name == name else row
            for row in self.rows
        ]

    def _refuse_known(self, name: str) -> None:
        if any(row.name == name for row in self.rows):
            raise ConfigError(f"there is a strategy called {name!r} already")
