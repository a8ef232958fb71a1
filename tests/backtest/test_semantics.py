"""Design.md §6, clause by clause, on candles small enough to check by hand."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from cts_tui.backtest.run import backtest
from cts_tui.backtest.shadow import Shadow
from cts_tui.model.columns import CandleColumns
from cts_tui.model.strategy import SizeKind, StrategySpec
from cts_tui.model.trade import Trade
from cts_tui.model.trading import Direction, ExitReason

LONG, SHORT = Direction.LONG, Direction.SHORT
FLAT = (100.0, 101.0, 99.0, 100.0)
NAMES = ("entry_long", "exit_long", "entry_short", "exit_short")
Make = Callable[..., CandleColumns]
MakeSpec = Callable[..., StrategySpec]


@pytest.fixture(params=["backtest", "shadow"])
def run(request: pytest.FixtureRequest) -> Callable[..., list[Trade]]:
    """Run rules, given as the candles at whose close each holds, one way or the other."""

    def money(costs: dict[str, str]) -> dict[str, Decimal]:
        defaults = {"fee_pct": "0", "slippage_pct": "0", "balance": "10000"}
        return {name: Decimal(value) for name, value in {**defaults, **costs}.items()}

    def run(
        candles: CandleColumns,
        spec: StrategySpec,
        costs: dict[str, str] | None = None,
        **holds_at: list[int],
    ) -> list[Trade]:
        rules: dict[str, Any] = {name: np.zeros(len(candles), dtype=np.bool_) for name in NAMES}
        for name, closes in holds_at.items():
            rules[name][closes] = True
        if request.param == "backtest":
            return backtest(candles, spec=spec, **rules, **money(costs or {}))
        shadow, trades = Shadow(spec, **money(costs or {})), []
        for index, candle in enumerate(candles):
            trades += shadow.step(candle, **{name: bool(rules[name][index]) for name in NAMES})
        return [*trades, *shadow.finish()]

    return run


Run = Callable[..., list[Trade]]


def brief(trades: list[Trade]) -> list[tuple[Any, ...]]:
    """Return direction, entry and exit candle, entry and exit price, reason of each trade."""
    return [
        (
            trade.direction,
            trade.entry_time_ms // 60_000,
            trade.exit_time_ms // 60_000,
            float(trade.entry_price),
            float(trade.exit_price),
            trade.exit_reason.value,
        )
        for trade in trades
    ]


def test_an_entry_decided_at_a_close_fills_at_the_next_open(
    run: Run, make_candles: Make, make_spec: MakeSpec
) -> None:
    candles = make_candles(FLAT, (100.5, 101, 100, 101), (101, 101.5, 100.5, 101))
    assert brief(run(candles, make_spec(), entry_long=[0])) == [
        (LONG, 1, 2, 100.5, 101.0, "end"),
    ]


def test_a_rule_exit_fills_at_the_next_open(
    run: Run, make_candles: Make, make_spec: MakeSpec
) -> None:
    candles = make_candles(FLAT, FLAT, FLAT, (100.7, 101, 100, 100.5), FLAT)
    assert brief(run(candles, make_spec(), entry_long=[0], exit_long=[2])) == [
        (LONG, 1, 3, 100.0, 100.7, "rule"),
    ]


def test_a_rule_may_exit_at_the_close_of_the_entry_candle(
    run: Run, make_candles: Make, make_spec: MakeSpec
) -> None:
    candles = make_candles(FLAT, FLAT, FLAT)
    assert brief(run(candles, make_spec(), entry_short=[0], exit_short=[1])) == [
        (SHORT, 1, 2, 100.0, 100.0, "rule"),
    ]


def test_a_rule_exit_fills_at_the_open_before_the_levels_are_tested(
    run: Run, make_candles: Make, make_spec: MakeSpec
) -> None:
    candles = make_candles(FLAT, FLAT, (90, 91, 89, 90), FLAT)
    assert brief(run(candles, make_spec(), entry_long=[0], exit_long=[1])) == [
        (LONG, 1, 2, 100.0, 90.0, "rule"),
    ]


def test_nothing_decided_at_the_last_close_fills(
    run: Run, make_candles: Make, make_spec: MakeSpec
) -> None:
    candles = make_candles(FLAT, FLAT, FLAT)
    assert run(candles, make_spec(), entry_long=[2]) == []
    assert brief(run(candles, make_spec(), entry_long=[0], exit_long=[2], entry_short=[2])) == [
        (LONG, 1, 2, 100.0, 100.0, "end"),
    ]


def test_the_levels_are_tested_from_the_entry_candle_on(
    run: Run, make_candles: Make, make_spec: MakeSpec
) -> None:
    candles = make_candles(FLAT, (100, 100, 97, 99), FLAT)
    assert brief(run(candles, make_spec(), entry_long=[0])) == [
        (LONG, 1, 1, 100.0, 98.0, "stop_loss"),
    ]


def test_the_close_of_the_candle_in_which_a_stop_filled_counts_again(
    run: Run, make_candles: Make, make_spec: MakeSpec
) -> None:
    candles = make_candles(FLAT, (100, 100, 97, 99), FLAT)
    assert brief(run(candles, make_spec(), entry_long=[0, 1])) == [
        (LONG, 1, 1, 100.0, 98.0, "stop_loss"),
        (LONG, 2, 2, 100.0, 100.0, "end"),
    ]


def test_an_exit_rule_is_no_entry_for_who_was_stopped_in_that_candle(
    run: Run, make_candles: Make, make_spec: MakeSpec
) -> None:
    candles = make_candles(FLAT, (100, 100, 97, 99), FLAT)
    trades = run(candles, make_spec(), entry_long=[0, 1], exit_long=[1])
    assert brief(trades) == [(LONG, 1, 1, 100.0, 98.0, "stop_loss")]


def test_a_close_with_exit_and_opposite_entry_reverses_at_one_open(
    run: Run, make_candles: Make, make_spec: MakeSpec
) -> None:
    candles = make_candles(FLAT, FLAT, (100.2, 101, 100, 100), FLAT)
    assert brief(run(candles, make_spec(), entry_long=[0], exit_long=[1], entry_short=[1])) == [
        (LONG, 1, 2, 100.0, 100.2, "rule"),
        (SHORT, 2, 3, 100.2, 100.0, "end"),
    ]


def test_a_reversal_and_its_stop_close_two_trades_in_one_candle(
    run: Run, make_candles: Make, make_spec: MakeSpec
) -> None:
    candles = make_candles(FLAT, FLAT, (100, 110, 100, 105), FLAT)
    assert brief(run(candles, make_spec(), entry_long=[0], exit_long=[1], entry_short=[1])) == [
        (LONG, 1, 2, 100.0, 100.0, "rule"),
        (SHORT, 2, 2, 100.0, 102.0, "stop_loss"),
    ]


def test_a_gap_through_the_stop_fills_at_the_open(
    run: Run, make_candles: Make, make_spec: MakeSpec
) -> None:
    candles = make_candles(FLAT, FLAT, (95, 105, 94, 95))
    assert brief(run(candles, make_spec(), entry_long=[0])) == [
        (LONG, 1, 2, 100.0, 95.0, "stop_loss"),
    ]


def test_a_gap_through_the_target_fills_at_the_open(
    run: Run, make_candles: Make, make_spec: MakeSpec
) -> None:
    candles = make_candles(FLAT, FLAT, (95, 99, 94, 95))
    assert brief(run(candles, make_spec(), entry_short=[0])) == [
        (SHORT, 1, 2, 100.0, 95.0, "take_profit"),
    ]


def test_both_levels_in_one_candle_are_the_stop(
    run: Run, make_candles: Make, make_spec: MakeSpec
) -> None:
    candles = make_candles(FLAT, FLAT, (100, 105, 95, 100))
    assert brief(run(candles, make_spec(), entry_long=[0])) == [
        (LONG, 1, 2, 100.0, 98.0, "stop_loss"),
    ]


def test_a_trailing_stop_applies_from_the_candle_after_the_close_it_follows(
    run: Run, make_candles: Make, make_spec: MakeSpec
) -> None:
    candles = make_candles(FLAT, (100, 110, 90, 110), (110, 111, 108.9, 110))
    spec = make_spec(stop="0", target="0", trailing="1")
    assert brief(run(candles, spec, entry_long=[0])) == [
        (LONG, 1, 2, 100.0, 108.9, "trailing_stop"),
    ]


def test_slippage_moves_entries_rule_exits_and_stops_and_neither_targets_nor_the_end(
    run: Run, make_candles: Make, make_spec: MakeSpec
) -> None:
    costs = {"slippage_pct": "1"}
    spec = make_spec(stop="10", target="10")
    fills = {
        reason: run(make_candles(FLAT, FLAT, candle, FLAT), spec, costs, entry_long=[0], **rule)[0]
        for reason, candle, rule in [
            ("rule", FLAT, {"exit_long": [1]}),
            ("stop_loss", (100, 100, 50, 100), {}),
            ("take_profit", (100, 150, 100, 100), {}),
            ("end", FLAT, {}),
        ]
    }
    assert {reason: trade.exit_reason for reason, trade in fills.items()} == {
        reason: ExitReason(reason) for reason in fills
    }
    assert {float(trade.entry_price) for trade in fills.values()} == {101.0}
    assert float(fills["rule"].exit_price) == 99.0
    assert float(fills["stop_loss"].exit_price) == pytest.approx(101 * 0.9 * 0.99)
    assert float(fills["take_profit"].exit_price) == pytest.approx(101 * 1.1)
    assert float(fills["end"].exit_price) == 100.0


def test_slippage_works_against_a_short_too(
    run: Run, make_candles: Make, make_spec: MakeSpec
) -> None:
    trades = run(
        make_candles(FLAT, FLAT, FLAT),
        make_spec(stop="10"),
        {"slippage_pct": "1"},
        entry_short=[0],
        exit_short=[1],
    )
    assert brief(trades) == [(SHORT, 1, 2, 99.0, 101.0, "rule")]


def test_the_fee_is_charged_on_both_filled_notionals_at_the_end_too(
    run: Run, make_candles: Make, make_spec: MakeSpec
) -> None:
    candles = make_candles(FLAT, FLAT, (100, 102, 100, 102))
    (trade,) = run(candles, make_spec(), {"fee_pct": "0.1"}, entry_long=[0])
    assert trade.quantity == 1
    assert trade.fees == Decimal("0.202")
    assert trade.pnl == Decimal("1.798")
    assert trade.pnl_pct == pytest.approx(1.798)


def test_a_percentage_of_equity_grows_with_what_was_earned(
    run: Run, make_candles: Make, make_spec: MakeSpec
) -> None:
    candles = make_candles(FLAT, (100, 103, 100, 100), FLAT, FLAT)
    spec = make_spec(size=(SizeKind.EQUITY_PCT, "10"))
    first, second = run(candles, spec, entry_long=[0, 2])
    assert first.pnl == 30
    assert second.quantity * second.entry_price == 1003


def test_nothing_is_entered_when_the_size_is_nothing(
    run: Run, make_candles: Make, make_spec: MakeSpec
) -> None:
    candles = make_candles(FLAT, (100, 100, 40, 50), FLAT, FLAT, FLAT)
    spec = make_spec(stop="50", size=(SizeKind.EQUITY_PCT, "200"))
    trades = run(candles, spec, entry_long=[0, 1, 2])
    assert [trade.pnl for trade in trades] == [Decimal(-10_000)]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_history_too_short_to_trade_on_has_no_trades(
    run: Run, make_candles: Make, make_spec: MakeSpec, count: int
) -> None:
    last = [count - 1] if count else []
    assert run(make_candles(*[FLAT] * count), make_spec(), entry_long=last) == []
