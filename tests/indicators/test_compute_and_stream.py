import numpy as np
import pytest

from cts_tui.indicators.compute import IndicatorCall, compute, indicator_call
from cts_tui.indicators.registry import indicator_names
from cts_tui.indicators.stream import Stream

UNUSUAL = [
    ("sma", 2),
    ("ema", 200),
    ("rsi", 2),
    ("macd", 5, 35, 5),
    ("macdext", 12, 3, 26, 4, 9, 5),
    ("bbands", 20, 2.5, 1.5, 1),
    ("stoch", 14, 3, 1, 3, 1),
    ("ma", 20, 8),
    ("kama", 5),
    ("t3", 8, 0.4),
    ("adx", 30),
    ("cdlmorningstar", 0.1),
]
CALLS = [indicator_call(name) for name in indicator_names()]
CALLS += [indicator_call(str(name), *parameters) for name, *parameters in UNUSUAL]


def ids(call: IndicatorCall) -> str:
    return f"{call.name}{call.parameters}"


def inputs_of(call, recorded):
    return [recorded[name] for name in call.indicator.inputs]


def fed(stream: Stream, rows) -> np.ndarray:
    """The outputs of the stream, one row per candle."""
    return np.array([stream.update(*row) for row in zip(*rows, strict=True)])


def same(actual, expected):
    return np.array_equal(actual, expected, equal_nan=True)


@pytest.mark.parametrize("call", CALLS, ids=ids)
def test_a_stream_from_the_first_candle_equals_the_computation_exactly(call, recorded):
    inputs = [column.tolist() for column in inputs_of(call, recorded)]
    whole = np.array(compute(call, inputs_of(call, recorded))).T
    assert same(fed(Stream(call), inputs), whole)


@pytest.mark.parametrize("call", CALLS, ids=ids)
def test_a_stream_filled_with_history_equals_the_computation_exactly(call, recorded):
    inputs = inputs_of(call, recorded)
    whole = np.array(compute(call, inputs))
    for split in (0, 1, call.lookback, call.lookback + 1, 1_500):
        stream = Stream(call)
        assert same(np.array(stream.fill([x[:split] for x in inputs])), whole[:, :split])
        rest = [x[split : split + 200].tolist() for x in inputs]
        assert same(fed(stream, rest), whole[:, split : split + 200].T)


@pytest.mark.parametrize("call", CALLS, ids=ids)
def test_a_later_candle_never_changes_an_earlier_value(call, recorded):
    inputs = inputs_of(call, recorded)
    whole = np.array(compute(call, inputs))
    for count in (0, 1, 2, call.lookback + 3, 1_000):
        assert same(np.array(compute(call, [x[:count] for x in inputs])), whole[:, :count])


@pytest.mark.parametrize("call", CALLS, ids=ids)
def test_a_candle_that_is_not_finite_is_left_out_and_its_value_is_unknown(call, recorded):
    inputs = [column[:400].copy() for column in inputs_of(call, recorded)]
    broken = [0, 5, 150, 151, 399]
    inputs[0][broken] = [np.nan, np.inf, np.nan, -np.inf, np.nan]
    kept = np.isfinite(inputs[0])
    outputs = np.array(compute(call, inputs))
    assert np.isnan(outputs[:, broken]).all()
    assert same(outputs[:, kept], np.array(compute(call, [x[kept] for x in inputs])))
    assert same(fed(Stream(call), [x.tolist() for x in inputs]), outputs.T)
    assert same(np.array(Stream(call).fill(inputs)), outputs)


def test_warm_up_is_unknown_even_where_talib_says_zero(recorded):
    [trend] = compute(indicator_call("ht_trendmode"), [recorded["close"]])
    assert np.isnan(trend[:63]).all()
    assert np.isfinite(trend[63:]).all()


def test_a_pattern_answers_floats(recorded):
    call = indicator_call("cdldoji")
    [pattern] = compute(call, inputs_of(call, recorded))
    assert pattern.dtype == np.float64
    assert set(np.unique(pattern[~np.isnan(pattern)])) <= {-100.0, 0.0, 100.0}


def test_a_stream_of_inputs_that_never_were_finite_stays_unknown():
    stream = Stream(indicator_call("rsi"))
    assert np.isnan(np.array(stream.fill([np.full(50, np.nan)]))).all()
    assert all(np.isnan(stream.update(np.nan)[0]) for _ in range(50))


def test_a_history_within_the_lookback_is_kept_and_never_refused():
    # TA-Lib itself refuses about one in a hundred of these, depending on where arrays lie.
    call = indicator_call("atr")
    random = np.random.default_rng(1)
    kept = []
    for _ in range(1_000):
        close = random.random(random.integers(0, 14)) + 100
        kept.append(Stream(call).fill([close + 1, close - 1, close]))
    assert all(np.isnan(outputs[0]).all() for outputs in kept)
