"""A loop that trades candle by candle, and shares nothing with what it is to judge."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cts_tui.backtest.run import backtest
from cts_tui.backtest.shadow import Shadow
from cts_tui.model.columns import BoolArray, CandleColumns
from cts_tui.model.strategy import Size, SizeKind, StrategySpec
from cts_tui.model.trade import Trade

RECORDED = Path(__file__).parents[3] / "shared" / "data"
BALANCE = 10_000.0
Rules = dict[str, BoolArray]


@dataclass
class Case:
    """One set of terms, as plain floats."""

    stop: float = 2.0
    target: float = 3.0
    trailing: float = 0.0
    fee: float = 0.1
    slippage: float = 0.02
    kind: SizeKind = SizeKind.QUOTE
    amount: float = 100.0

    def spec(self) -> StrategySpec:
        return StrategySpec(
            "any",
            stop_loss_pct=Decimal(str(self.stop)),
            take_profit_pct=Decimal(str(self.target)),
            trailing_stop_pct=Decimal(str(self.trailing)),
            size=Size(self.kind, Decimal(str(self.amount))),
        )

    def money(self) -> dict[str, Decimal]:
        return {
            "fee_pct": Decimal(str(self.fee)),
            "slippage_pct": Decimal(str(self.slippage)),
            "balance": Decimal(str(BALANCE)),
        }


def by_backtest(candles: CandleColumns, rules: Rules, case: Case) -> list[Trade]:
    return backtest(candles, spec=case.spec(), **rules, **case.money())


def by_shadow(candles: CandleColumns, rules: Rules, case: Case) -> list[Trade]:
    shadow = Shadow(case.spec(), **case.money())
    trades: list[Trade] = []
    for index, candle in enumerate(candles):
        trades += shadow.step(candle, **{name: bool(rule[index]) for name, rule in rules.items()})
    return [*trades, *shadow.finish()]


def by_loop(candles: CandleColumns, rules: Rules, case: Case) -> list[tuple[Any, ...]]:
    """Trade candle by candle in floats, as design.md §6 reads. Shares nothing with the package."""
    out: list[tuple[Any, ...]] = []
    equity, last_close, time_ms = BALANCE, 0.0, 0
    position: dict[str, Any] = {}
    orders: list[str] = []

    def tidy(price: float) -> float:
        return float(f"{price:.13g}")  # what floats cannot hold must not decide a touch

    def close(price: float, reason: str) -> None:
        nonlocal equity, position
        if reason in ("rule", "stop_loss", "trailing_stop"):
            price *= 1 - position["sign"] * case.slippage / 100
        quantity, entry = position["quantity"], position["entry"]
        fees = (quantity * entry + quantity * price) * case.fee / 100
        pnl = position["sign"] * quantity * (price - entry) - fees
        equity += pnl
        side = "long" if position["sign"] > 0 else "short"
        out.append((side, position["time"], entry, time_ms, price, quantity, fees, pnl, reason))
        position = {}

    for index, candle in enumerate(candles):
        time_ms, last_close = candle.time_ms, candle.close
        for order in orders:
            if order == "exit":
                close(candle.open, "rule")
                continue
            sign = 1 if order == "long" else -1
            entry = candle.open * (1 + sign * case.slippage / 100)
            cost = case.amount
            if case.kind is SizeKind.EQUITY_PCT:
                cost = equity * case.amount / 100
            if case.kind is SizeKind.RISK_PCT:
                cost = min(equity, equity * case.amount / (case.stop or 100))
            if cost > 0:
                position = {
                    "sign": sign,
                    "entry": entry,
                    "time": time_ms,
                    "quantity": cost / entry,
                    "stop": tidy(entry * (1 - sign * case.stop / 100)) if case.stop else None,
                    "target": tidy(entry * (1 + sign * case.target / 100)) if case.target else None,
                    "best": None,
                    "reason": "stop_loss",
                }
        orders = []
        if position:
            sign, stop, target = position["sign"], position["stop"], position["target"]
            adverse, favourable = (candle.low, candle.high)[::sign]
            if stop is not None and (candle.open - stop) * sign <= 0:
                close(candle.open, position["reason"])
            elif stop is not None and (adverse - stop) * sign <= 0:
                close(stop, position["reason"])
            elif target is not None and (candle.open - target) * sign >= 0:
                close(candle.open, "take_profit")
            elif target is not None and (favourable - target) * sign >= 0:
                close(target, "take_profit")
        if position and case.trailing:
            sign, best = position["sign"], position["best"]
            if best is None or (candle.close - best) * sign > 0:
                position["best"] = candle.close
                trail = tidy(candle.close * (1 - sign * case.trailing / 100))
                if position["stop"] is None or (trail - position["stop"]) * sign > 0:
                    position["stop"], position["reason"] = trail, "trailing_stop"
        entry_long, exit_long = rules["entry_long"][index], rules["exit_long"][index]
        entry_short, exit_short = rules["entry_short"][index], rules["exit_short"][index]
        if position and (exit_long if position["sign"] > 0 else exit_short):
            orders.append("exit")
        if orders or not position:
            if entry_long and not exit_long and not entry_short:
                orders.append("long")
            if entry_short and not exit_short and not entry_long:
                orders.append("short")
    if position:
        close(last_close, "end")
    return out


def assert_all_agree(candles: CandleColumns, rules: Rules, case: Case) -> list[Trade]:
    trades = by_backtest(candles, rules, case)
    assert trades == by_shadow(candles, rules, case)
    assert_equal_to_the_loop(trades, candles, rules, case)
    return trades


def assert_equal_to_the_loop(
    trades: list[Trade], candles: CandleColumns, rules: Rules, case: Case
) -> None:
    expected = by_loop(candles, rules, case)
    assert len(trades) == len(expected)
    for trade, other in zip(trades, expected, strict=True):
        side, entry_time, entry, exit_time, exit_, quantity, fees, pnl, reason = other
        assert (trade.direction, trade.exit_reason) == (side, reason)
        assert (trade.entry_time_ms, trade.exit_time_ms) == (entry_time, exit_time)
        assert float(trade.entry_price) == pytest.approx(entry, rel=1e-9)
        assert float(trade.exit_price) == pytest.approx(exit_, rel=1e-9)
        assert float(trade.quantity) == pytest.approx(quantity, rel=1e-9, abs=1e-12)
        assert float(trade.fees) == pytest.approx(fees, abs=1e-6)
        assert float(trade.pnl) == pytest.approx(pnl, abs=1e-6)
