"""Three ways to the same trades: the backtest, the shadow, and a loop that shares no code."""

import csv
import gzip
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cts_tui.model.columns import BoolArray, CandleColumns
from cts_tui.model.market import Candle
from cts_tui.model.strategy import SizeKind

from .brute_force import RECORDED, Case, Rules, assert_all_agree, by_backtest

MINUTE_MS = 60_000


CASES = {
    "stop and target": Case(),
    "near levels": Case(stop=0.5, target=0.5),
    "rules only": Case(stop=0, target=0),
    "trailing beside a stop": Case(trailing=1.5),
    "trailing alone": Case(stop=0, target=0, trailing=2.5),
    "trailing farther than the stop": Case(stop=1, target=8, trailing=4),
    "slippage beyond the stop": Case(stop=1, slippage=3),
    "no costs": Case(fee=0, slippage=0),
    "percent of equity": Case(kind=SizeKind.EQUITY_PCT, amount=50),
    "percent at risk": Case(kind=SizeKind.RISK_PCT, amount=1),
    "percent at risk without a stop": Case(stop=0, kind=SizeKind.RISK_PCT, amount=5),
    "more than there is": Case(stop=60, target=0, kind=SizeKind.EQUITY_PCT, amount=900),
}


@pytest.mark.parametrize("chance", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("name", CASES)
def test_all_three_agree_on_random_walks(
    name: str,
    chance: float,
    make_walk: Callable[[int, int], CandleColumns],
    make_flags: Callable[[int, int, float], Rules],
) -> None:
    for seed in range(4):
        candles = make_walk(seed, 700)
        assert_all_agree(candles, make_flags(seed + 100, len(candles), chance), CASES[name])


def test_the_walks_meet_every_reason_to_exit_on_both_sides(
    make_walk: Callable[[int, int], CandleColumns],
    make_flags: Callable[[int, int, float], Rules],
) -> None:
    seen = set()
    for seed in range(30):
        candles, rules = make_walk(seed, 400), make_flags(seed, 400, 0.03)
        trades = by_backtest(candles, rules, Case(stop=5, target=6, trailing=4.5))
        seen |= {(trade.direction.value, trade.exit_reason.value) for trade in trades}
    reasons = ("stop_loss", "take_profit", "trailing_stop", "rule", "end")
    assert seen == {(side, reason) for side in ("long", "short") for reason in reasons}


@st.composite
def histories(draw: st.DrawFn) -> tuple[CandleColumns, Rules]:
    """A short history on a coarse grid, so that prices meet levels exactly, and its rules."""
    count = draw(st.integers(1, 40))
    price = st.integers(90, 110).map(float)
    prices = st.tuples(price, price, price, price).map(sorted)
    candles = []
    for index in range(count):
        low, first, second, high = draw(prices)
        open_, close = draw(st.sampled_from([(first, second), (second, first)]))
        candles.append(Candle(index * MINUTE_MS, open_, high, low, close, 1.0))
    flags = st.lists(st.booleans(), min_size=count, max_size=count)
    names = ("entry_long", "exit_long", "entry_short", "exit_short")
    return CandleColumns.from_candles(candles), {name: np.array(draw(flags)) for name in names}


cases = st.builds(
    Case,
    stop=st.sampled_from([0, 0.5, 1, 2, 5, 10]),
    target=st.sampled_from([0, 0.5, 1, 3, 10]),
    trailing=st.sampled_from([0, 0, 1, 2, 5]),
    fee=st.sampled_from([0, 0.1, 1]),
    slippage=st.sampled_from([0, 0, 0.1, 2]),
    kind=st.sampled_from(SizeKind),
    amount=st.sampled_from([1, 50, 100]),
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories(), cases)
def test_all_three_agree_on_any_history(history: tuple[CandleColumns, Rules], case: Case) -> None:
    candles, rules = history
    assert_all_agree(candles, rules, case)


def recorded(name: str) -> CandleColumns:
    with gzip.open(RECORDED / name, "rt") as lines:
        rows = csv.reader(lines)
        next(rows)
        return CandleColumns.from_candles(
            [Candle(int(time_ms), *map(float, values)) for time_ms, *values in rows]
        )


def sma_cross(close: np.ndarray[Any, np.dtype[np.float64]]) -> Iterator[BoolArray]:
    """Yield where sma(10) is above, then below sma(30), having been on the other side before."""
    sums = np.concatenate(([0.0], np.cumsum(close)))
    fast, slow = (sums[30:] - sums[20:-10]) / 10, (sums[30:] - sums[:-30]) / 30
    for is_over in (fast > slow, fast < slow):
        crosses = np.zeros(len(close), dtype=np.bool_)
        crosses[30:] = is_over[1:] & ~is_over[:-1]
        yield crosses


@pytest.mark.parametrize(
    "name",
    ["BYBIT_BTCUSDT_5m.csv.gz", "BYBIT_SOLUSDT_5m.csv.gz", "KRAKEN_XBTUSDC_1m.csv.gz"],
)
@pytest.mark.parametrize("trailing", [0.0, 0.7])
def test_all_three_agree_on_recorded_candles(name: str, trailing: float) -> None:
    if not (RECORDED / name).exists():
        pytest.skip("the recorded candles are not part of the repository")
    candles = recorded(name)
    above, below = sma_cross(candles.close)
    never = np.zeros(len(candles), dtype=np.bool_)
    one_side = {"entry_long": above, "exit_long": never, "entry_short": never, "exit_short": never}
    both = {"entry_long": above, "exit_long": below, "entry_short": below, "exit_short": above}
    for rules in (one_side, both):
        assert len(assert_all_agree(candles, rules, Case(trailing=trailing))) > 40


def test_the_future_of_the_history_never_changes_its_past(
    make_walk: Callable[[int, int], CandleColumns],
    make_flags: Callable[[int, int, float], Rules],
) -> None:
    candles, rules, case = make_walk(7, 600), make_flags(7, 600, 0.05), Case(trailing=2)
    whole = by_backtest(candles, rules, case)
    for count in (1, 2, 50, 301, 599):
        part = {name: rule[:count] for name, rule in rules.items()}
        begun = by_backtest(candles.slice(0, count), part, case)
        settled = [trade for trade in begun if trade.exit_reason != "end"]
        assert settled == whole[: len(settled)]
        assert len(begun) - len(settled) <= 1
