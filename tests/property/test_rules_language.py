"""Rules of every shape: printed and parsed, over columns and live, with and without a future."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cts_tui.errors import RuleError
from cts_tui.model.columns import CandleColumns
from cts_tui.rules.evaluate import History, evaluate
from cts_tui.rules.panel import Panel
from cts_tui.rules.parser import parse_expression, parse_rule
from cts_tui.rules.printer import to_text
from cts_tui.rules.warmup import warmup

FIVE_MINUTES = 300_000


def joined(pattern: str, *parts: st.SearchStrategy[object]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda values: pattern.format(*values))


fields = st.sampled_from(["open", "high", "low", "close", "volume"])
constants = st.one_of(
    st.integers(-3, 103).map(str), st.floats(-200, 200, allow_nan=False).map(repr)
)
periods = st.integers(2, 8)
timeframes = st.sampled_from(["5m", "10m", "15m", "1h"])
indicators = st.one_of(
    joined("sma({})", periods),
    joined("rsi({})", periods),
    joined("atr({})", periods),
    joined("ht_trendmode()"),
    joined("cdldoji()"),
    joined("obv()"),
    joined("macd({},{},{}).{}", periods, periods, periods, st.sampled_from(["macd", "hist"])),
    joined("bbands({},{},1).{}", periods, periods, st.sampled_from(["upper", "lower"])),
    joined("stoch().{}", st.sampled_from("kd")),
)


def larger_numbers(smaller: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    series = smaller.map(lambda text: f"(close * 0 + {text})")
    return st.one_of(
        joined("({} {} {})", smaller, st.sampled_from("+-*/"), smaller),
        joined("-{}", smaller),
        joined("({})[{}]", smaller, st.integers(0, 6)),
        joined("abs({})", smaller),
        joined("{}({}, {})", st.sampled_from(["min", "max"]), smaller, smaller),
        joined("{}({}, {})", st.sampled_from(["highest", "lowest"]), smaller, periods),
        joined("{}({}, {})", st.sampled_from(["sma", "ema", "roc"]), series, periods),
        joined('at("{}", {})', timeframes, smaller),
    ).filter(is_expression)


def is_expression(text: str) -> bool:
    """Whether the language takes the text: no `highest` of a constant, no lower `at`."""
    try:
        warmup(parse_expression(text), "5m")
    except RuleError:
        return False
    return True


numbers = st.recursive(st.one_of(fields, constants, indicators), larger_numbers, max_leaves=6)
comparisons = st.one_of(
    joined("{} {} {}", numbers, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), numbers),
    joined("{} < {} <= {}", numbers, numbers, numbers),
    joined("crosses_{}({}, {})", st.sampled_from(["above", "below"]), numbers, numbers),
)
conditions = st.recursive(
    comparisons,
    lambda smaller: st.one_of(
        joined("({} {} {})", smaller, st.sampled_from(["and", "or"]), smaller),
        joined("not ({})", smaller),
        joined("({})[{}]", smaller, st.integers(0, 4)),
        joined('at("{}", {})', timeframes, smaller),
    ),
    max_leaves=4,
).filter(is_expression)


@st.composite
def histories(draw: st.DrawFn) -> CandleColumns:
    """Candles with gaps, flat stretches, no volume at times, and prices that are often equal."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(0, 150))
    steps = random.choice([1, 1, 1, 1, 2, 7], size=count)
    first = 20_000 * 86_400_000 + draw(st.integers(0, 20)) * FIVE_MINUTES
    close = np.maximum(100 + np.cumsum(random.integers(-2, 3, size=count)) * 0.5, 1.0)
    opened = np.roll(close, 1) if count else close
    return CandleColumns(
        first + np.cumsum(steps) * FIVE_MINUTES,
        opened,
        np.maximum(opened, close) + random.integers(0, 2, size=count),
        np.minimum(opened, close) - random.integers(0, 2, size=count) * 0.25,
        close,
        random.integers(0, 4, size=count) * 0.1,
    )


@given(st.one_of(numbers, conditions))
def test_printing_and_parsing_gives_the_same_rule_again(text):
    expression = parse_expression(text)
    canonical = to_text(expression)
    assert parse_expression(canonical) == expression
    assert to_text(parse_expression(canonical)) == canonical


@settings(max_examples=300, deadline=None)
@given(st.lists(conditions, min_size=1, max_size=3), histories(), st.integers(0, 150))
def test_live_and_vector_agree_on_every_rule_at_every_candle(texts, columns, split):
    rules = [parse_rule(text) for text in texts]
    panel = Panel("5m", [], rules)
    holds = [panel.compile(rule) for rule in rules]
    panel.fill(columns.slice(0, split))
    live = []
    for candle in columns.slice(split):
        panel.update(candle)
        live.append([condition() for condition in holds])
    whole = np.array([evaluate(rule, columns, "5m") for rule in rules]).T
    assert live == whole[split:].tolist()


@settings(max_examples=200, deadline=None)
@given(st.lists(numbers, min_size=1, max_size=3), histories(), st.integers(0, 150))
def test_live_and_vector_agree_on_every_number_at_every_candle(texts, columns, split):
    panel = Panel("5m", texts, [])
    panel.fill(columns.slice(0, split))
    live = []
    for candle in columns.slice(split):
        panel.update(candle)
        live.append(panel.values())
    history = History(columns, "5m")
    whole = np.array([history.values(parse_expression(name)) for name in panel.names]).T
    assert np.array_equal(
        np.array(live).reshape(-1, len(panel.names)), whole[split:], equal_nan=True
    )


@settings(max_examples=200, deadline=None)
@given(conditions, histories(), histories(), st.integers(0, 150))
def test_another_future_never_changes_the_past(text, columns, other, now):
    rule = parse_rule(text)
    past = columns.slice(0, now)
    time_ms = past.time_ms[-1] if len(past) else 0
    future = other.slice(int(np.searchsorted(other.time_ms, time_ms, side="right")))
    changed = CandleColumns(
        *(
            np.concatenate((getattr(past, name), getattr(future, name)))
            for name in ("time_ms", "open", "high", "low", "close", "volume")
        )
    )
    seen = len(past)
    assert (
        evaluate(rule, changed, "5m")[:seen].tolist()
        == evaluate(rule, columns, "5m")[:seen].tolist()
    )
    assert evaluate(rule, past, "5m").tolist() == evaluate(rule, columns, "5m")[:seen].tolist()


@settings(deadline=None)
@given(numbers.filter(lambda text: "at(" not in text), histories())
def test_a_number_is_unknown_before_its_warm_up(text, columns):
    expression = parse_expression(text)
    values = History(columns, "5m").values(expression)
    assert np.isnan(values[: warmup(expression, "5m") - 1]).all()


@given(st.text(max_size=60))
def test_any_text_is_a_rule_or_is_refused_with_a_position_in_it(text):
    try:
        parse_rule(text)
    except RuleError as error:
        assert 0 <= error.position <= len(text)


@pytest.mark.parametrize("split", [0, 700])
def test_a_second_fill_starts_again(split):
    random = np.random.default_rng(3)
    close = 100 + np.cumsum(random.normal(size=1_000))
    times = np.arange(1_000) * FIVE_MINUTES
    columns = CandleColumns(times, close, close + 1, close - 1, close, close)
    panel = Panel("5m", ["ema(9)", 'at("1h", rsi(3))', "close[7]"], [])
    panel.fill(columns)
    expected = panel.values()
    panel.fill(columns.slice(0, split))
    for candle in columns.slice(split):
        panel.update(candle)
    assert panel.values() == expected
