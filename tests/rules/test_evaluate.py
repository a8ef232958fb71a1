import numpy as np
import pytest

from cts_tui.errors import RuleError
from cts_tui.model.columns import CandleColumns
from cts_tui.rules.evaluate import History, evaluate
from cts_tui.rules.parser import parse_expression, parse_rule
from cts_tui.rules.warmup import warmup

MINUTE = 60_000


def candles(close, *, minutes: int = 5, first: int = 0, volume=None) -> CandleColumns:
    """Candles that all sit at their close; volume 1 unless given."""
    prices = np.array(close, dtype=np.float64)
    times = (np.arange(len(prices)) + first) * minutes * MINUTE
    sizes = np.ones(len(prices)) if volume is None else np.array(volume, dtype=np.float64)
    return CandleColumns(times, prices, prices, prices, prices, sizes)


def holds(text: str, close, **more) -> list[bool]:
    return evaluate(parse_rule(text), candles(close, **more), "5m").tolist()


def values(text: str, close, **more) -> list[float | None]:
    column = History(candles(close, **more), "5m").values(parse_expression(text))
    return [None if np.isnan(value) else value for value in column.tolist()]


def test_a_cross_is_at_or_below_before_and_above_now():
    assert holds("crosses_above(close, 2)", [1, 3, 4, 2, 3]) == [False, True, False, False, True]
    assert holds("crosses_below(close, 2)", [3, 1, 2, 1]) == [False, True, False, True]


def test_there_is_no_cross_at_the_first_candle():
    assert holds("crosses_above(close, 2) or crosses_below(close, 2)", [3]) == [False]


def test_a_missing_value_makes_every_comparison_false():
    for operator in ("<", "<=", ">", ">=", "==", "!="):
        assert holds(f"close[1] {operator} close[1]", [1])[0] is False
    assert holds("close[1] != close", [1, 2]) == [False, True]


def test_not_of_a_comparison_without_a_value_is_true():
    assert holds("not close[1] > 0", [1, 1]) == [True, False]


def test_a_division_by_zero_has_no_value():
    assert values("close / volume", [1, 2], volume=[0, 4]) == [None, 0.5]


def test_min_max_and_abs_know_missing_values():
    assert values("max(close, close[1])", [3, 2]) == [None, 3]
    assert values("min(close[1], close)", [3, 2]) == [None, 2]
    assert values("abs(-close)", [3]) == [3]


def test_a_look_back_reads_earlier_candles():
    assert values("(close - close[1])[1]", [1, 3, 7]) == [None, None, 2]
    assert values("close[5]", [1, 3]) == [None, None]


def test_highest_and_lowest_count_this_candle():
    assert values("highest(close, 2)", [1, 3, 2, 1]) == [None, 3, 3, 2]
    assert values("lowest(close, 2)", [1, 3, 2, 1]) == [None, 1, 2, 1]


def test_an_indicator_of_an_indicator_starts_where_the_inner_one_has_values():
    assert values("sma(sma(close, 2), 2)", [1, 3, 5]) == [None, None, 3]


def test_another_timeframe_shows_its_last_closed_candle():
    assert values('at("15m", close)', [1, 2, 3, 4, 5, 6, 7]) == [None, None, 3, 3, 3, 6, 6]
    assert values('at("15m", volume)', [1, 2, 3]) == [None, None, 3]
    assert values('at("15m", close[1])', range(7)) == [None] * 5 + [2, 2]


def test_a_condition_of_another_timeframe_is_false_before_its_first_candle():
    assert holds('at("15m", not close > 99)', [1, 2, 3]) == [False, False, True]


def test_the_same_timeframe_is_its_own_multiple():
    assert values('at("5m", close)', [1, 2]) == [1, 2]


@pytest.mark.parametrize("timeframe", ["7m", "1m"])
def test_another_timeframe_must_be_a_whole_multiple(timeframe):
    rule = parse_rule(f'close > 0 and at("{timeframe}", close) > 1')
    with pytest.raises(RuleError, match="whole multiple of the timeframe 5m") as refused:
        evaluate(rule, candles([1, 2]), "5m")
    assert refused.value.position == 14


def test_no_candles_give_no_values():
    assert holds('crosses_above(sma(3), at("1h", close))', []) == []


@pytest.mark.parametrize(
    ("text", "candles_needed"),
    [
        ("5", 1),
        ("close", 1),
        ("sma(20) - close[3]", 20),
        ("sma(20)[3]", 23),
        ("ema(rsi(14), 9)", 23),
        ("highest(high, 10)[1]", 11),
        ("macd(12,26,9).hist", 34),
    ],
)
def test_warm_up_is_the_number_of_candles_to_the_first_value(text, candles_needed):
    assert warmup(parse_expression(text), "5m") == candles_needed
    random = np.random.default_rng(1)
    found = values(text, 100 + random.normal(size=50))
    assert None not in found[candles_needed - 1 :]
    assert candles_needed == 1 or found[candles_needed - 2] is None


def test_a_cross_needs_one_candle_more():
    assert warmup(parse_rule("crosses_above(sma(20), close)"), "5m") == 21


def test_warm_up_of_another_timeframe_holds_for_the_worst_start():
    text = 'at("15m", sma(2))'
    needed = warmup(parse_expression(text), "5m")
    starts = [values(text, range(1, 20), first=first) for first in range(3)]
    assert max(next(i for i, x in enumerate(v) if x is not None) for v in starts) == needed - 1


def test_equal_parts_are_computed_once():
    history = History(candles(range(1, 50)), "5m")
    first = history.values(parse_expression("sma(10)"))
    assert history.values(parse_expression("sma(close, 10)")) is first
