"""Whole strategies, from their text to their trades, against a loop that shares no code.

The rules of the own strategies are worked out here once more, in plain Python; those of the
built-in ones are the rule language's, which has tests of its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from cts_tui.backtest.series import Terms, by_timeframe, rule_flags, strategy_trades
from cts_tui.desk.backtests import Backtest, backtest_files
from cts_tui.market.aggregate import aggregate
from cts_tui.market.clean import DataQuality
from cts_tui.market.recorded import Recorded, read_recorded
from cts_tui.model.columns import CandleColumns
from cts_tui.model.market import Candle
from cts_tui.model.strategy import Size, SizeKind, StrategySpec
from cts_tui.rules.builtin import builtin_strategies
from cts_tui.rules.evaluate import History

from .brute_force import RECORDED, Case, Rules, assert_equal_to_the_loop

FILES = sorted(RECORDED.rglob("*.csv*"))
SMALL = 2_000
"""Candles of a file in the default run; `make soak` takes all."""
BUILT_INS = builtin_strategies()
CASE = Case(fee=0.06, slippage=0.03)
TERMS = Terms(Decimal("0.06"), Decimal("0.03"), Decimal(10_000))
Closes = Sequence[float]
Holds = Callable[[Sequence[Candle], int], bool]


def case_of(spec: StrategySpec) -> Case:
    return replace(
        CASE,
        stop=float(spec.stop_loss_pct),
        target=float(spec.take_profit_pct),
        trailing=float(spec.trailing_stop_pct),
        kind=spec.size.kind,
        amount=float(spec.size.amount),
    )


def recording(path: Path, count: int | None) -> Recorded:
    recorded = read_recorded(path)
    return replace(recorded, columns=recorded.columns.slice(0, count))


def check_built_ins(recorded: Recorded) -> None:
    names = {}
    for timeframe, specs in by_timeframe(recorded.symbol, recorded.timeframe, BUILT_INS).items():
        candles = aggregate(recorded.columns, recorded.timeframe, timeframe)
        for spec in specs:
            trades = strategy_trades(History(candles, timeframe), spec, TERMS)
            rules = rule_flags(History(candles, timeframe), spec)
            assert_equal_to_the_loop(trades, candles, rules, case_of(spec))
            names[spec.name] = trades
    done = backtest_files([recorded], [BUILT_INS], TERMS, lambda *_: None)
    assert {result.strategy: result.trades for result in done.results} == names
    assert len(names) == len(BUILT_INS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_built_in_on_the_beginning_of_every_file(path: Path) -> None:
    check_built_ins(recording(path, SMALL))


@pytest.mark.soak
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_built_in_on_every_whole_file(path: Path) -> None:
    check_built_ins(recording(path, None))


# -- strategies of our own, rules and all ---------------------------------------------------------


def rises(candles: Sequence[Candle], at: int) -> bool:
    return at >= 2 and candles[at].close > candles[at - 1].close > candles[at - 2].close


def falls(candles: Sequence[Candle], at: int) -> bool:
    return at >= 2 and candles[at].close < candles[at - 1].close < candles[at - 2].close


def breaks_out(candles: Sequence[Candle], at: int) -> bool:
    return at >= 10 and candles[at].close > max(c.high for c in candles[at - 10 : at])


def breaks_down(candles: Sequence[Candle], at: int) -> bool:
    return at >= 10 and candles[at].close < min(c.low for c in candles[at - 10 : at])


def mean(candles: Sequence[Candle], at: int, period: int) -> float:
    return sum(c.close for c in candles[at - period + 1 : at + 1]) / period


def is_over(candles: Sequence[Candle], at: int) -> bool:
    return at >= 19 and candles[at].close > mean(candles, at, 20) * 1.004


def is_under(candles: Sequence[Candle], at: int) -> bool:
    return at >= 19 and candles[at].close < mean(candles, at, 20) * 0.996


TEXTS: dict[Holds, str] = {
    rises: "close > close[1] and close[1] > close[2]",
    falls: "close < close[1] and close[1] < close[2]",
    breaks_out: "close > highest(high, 10)[1]",
    breaks_down: "close < lowest(low[1], 10)",
    is_over: "close > sma(20) * 1.004",
    is_under: "close < sma(20) * 0.996",
}
NAMES = ("entry_long", "exit_long", "entry_short", "exit_short")
OWN: dict[str, tuple[tuple[Holds | None, ...], Case]] = {
    "long": ((breaks_out, None, None, None), CASE),
    "short": ((None, None, breaks_down, None), CASE),
    "both sides": ((breaks_out, None, breaks_down, None), replace(CASE, stop=0.6, target=0.9)),
    "rule exits": ((is_under, rises, None, None), replace(CASE, stop=0, target=0)),
    "reversing": ((is_under, is_over, is_over, is_under), replace(CASE, stop=3, target=6)),
    "trailing": ((breaks_out, None, breaks_down, None), replace(CASE, target=0, trailing=0.4)),
    "trailing and rules": ((rises, falls, None, None), replace(CASE, stop=0.3, trailing=0.2)),
    "near levels": ((rises, None, falls, None), replace(CASE, stop=0.05, target=0.05)),
    "at risk": ((is_over, is_under, None, None), replace(CASE, kind=SizeKind.RISK_PCT, amount=0.1)),
}


def spec_of(rules: tuple[Holds | None, ...], case: Case) -> StrategySpec:
    return replace(
        StrategySpec("own", **{n: TEXTS[r] for n, r in zip(NAMES, rules, strict=True) if r}),
        stop_loss_pct=Decimal(str(case.stop)),
        take_profit_pct=Decimal(str(case.target)),
        trailing_stop_pct=Decimal(str(case.trailing)),
        size=Size(case.kind, Decimal(str(case.amount))),
    )


def flags_of(rules: tuple[Holds | None, ...], candles: CandleColumns) -> Rules:
    rows = list(candles)
    return {
        name: np.array([bool(rule and rule(rows, at)) for at in range(len(rows))])
        for name, rule in zip(NAMES, rules, strict=True)
    }


def run(recorded: Recorded, spec: StrategySpec) -> Backtest:
    return backtest_files([recorded], [[spec]], TERMS, lambda *_: None)


def check_own(recorded: Recorded, name: str) -> None:
    rules, case = OWN[name]
    [result] = run(recorded, spec_of(rules, case)).results
    flags = flags_of(rules, recorded.columns)
    assert_equal_to_the_loop(result.trades, recorded.columns, flags, case)
    assert result.metrics.trades == len(result.trades)


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_own_strategies_on_the_beginning_of_every_file(path: Path, name: str) -> None:
    check_own(recording(path, SMALL // 2), name)


@pytest.mark.soak
@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_own_strategies_on_every_whole_file(path: Path, name: str) -> None:
    check_own(recording(path, None), name)


def made(candles: CandleColumns, timeframe: str = "1m") -> Recorded:
    return Recorded("TEST", "X", timeframe, candles, DataQuality(len(candles), 0, 0, 0, 0))


@pytest.mark.parametrize("name", OWN)
def test_own_strategies_on_walks_that_gap(
    name: str, make_walk: Callable[[int, int], CandleColumns]
) -> None:
    for seed in range(5):
        check_own(made(make_walk(seed, 500)), name)


FLAT = (100.0, 100.0, 100.0, 100.0)
LONG = StrategySpec("once", entry_long="close > 100 and close[1] == 100")
SHORT = StrategySpec("once", entry_short="close < 100 and close[1] == 100")


@pytest.mark.parametrize(
    ("spec", "signal", "entry", "then", "price", "reason"),
    [
        (LONG, 101, 100, (90, 91, 89, 90), 90, "stop_loss"),
        (LONG, 101, 100, (99, 104, 97, 103), 98, "stop_loss"),
        (LONG, 101, 100, (110, 111, 109, 110), 110, "take_profit"),
        (LONG, 101, 100, (99, 103, 98.5, 103), 103, "take_profit"),
        (SHORT, 99, 100, (110, 111, 109, 110), 110, "stop_loss"),
        (SHORT, 99, 100, (101, 103, 96, 97), 102, "stop_loss"),
        (SHORT, 99, 100, (90, 91, 89, 90), 90, "take_profit"),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
def test_gaps_and_two_levels_in_one_candle(
    spec: StrategySpec,
    signal: float,
    entry: float,
    then: tuple[float, ...],
    price: float,
    reason: str,
    make_candles: Callable[..., CandleColumns],
) -> None:
    told = (100.0, max(signal, 100.0), min(signal, 100.0), signal)
    entered = (entry, entry + 0.5, entry - 0.5, entry)
    candles = make_candles(FLAT, told, entered, then, FLAT)
    done = backtest_files([made(candles)], [[spec]], Terms(Decimal(0)), lambda *_: None)
    trade = done.results[0].trades[0]
    assert (trade.exit_price, trade.exit_reason) == (Decimal(str(price)), reason)
    assert trade.exit_time_ms == candles.time_ms[3]


# -- timeframes and short files -------------------------------------------------------------------


def test_finer_candles_are_made_into_whole_ones(
    make_walk: Callable[[int, int], CandleColumns],
) -> None:
    candles = make_walk(1, 1003)
    spec = replace(spec_of(*OWN["rule exits"]), timeframe="5m")
    [result] = run(made(candles), spec).results
    assert (result.timeframe, len(result.candles)) == ("5m", 200)
    whole = aggregate(candles, "1m", "5m")
    [expected] = run(made(whole, "5m"), replace(spec, timeframe="*")).results
    assert result.trades == expected.trades
    assert result.trades


@pytest.mark.parametrize("count", [1, 2, 19])
def test_a_file_shorter_than_the_warm_up_gives_no_trades_and_a_note(
    count: int, make_walk: Callable[[int, int], CandleColumns]
) -> None:
    done = run(made(make_walk(1, count)), spec_of(*OWN["at risk"]))
    assert [result.trades for result in done.results] == [[]]
    assert done.notes == [f"X 1m: own needs 20 candles to warm up, there are {count}: no trades"]


def test_a_file_without_one_whole_candle_gives_no_trades_and_a_note(
    make_walk: Callable[[int, int], CandleColumns],
) -> None:
    done = run(made(make_walk(1, 30)), replace(spec_of(*OWN["long"]), timeframe="1h"))
    [result] = done.document()["results"]
    assert (result["candles"], result["trades"], result["start"]) == (0, 0, None)
    assert "there are 0: no trades" in done.notes[0]


def test_a_note_is_right_where_a_part_of_the_rules_needs_no_warm_up(
    make_walk: Callable[[int, int], CandleColumns],
) -> None:
    spec = StrategySpec("own", entry_long="close > 1", exit_long="close > sma(500)")
    done = run(made(make_walk(1, 100)), spec)
    assert done.results[0].trades
    assert f": {len(done.results[0].trades)} trades" in done.notes[0]
