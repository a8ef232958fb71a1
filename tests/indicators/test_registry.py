import math

import pytest

from cts_tui.errors import ConfigError
from cts_tui.indicators.compute import indicator_call
from cts_tui.indicators.registry import indicator, indicator_names, is_indicator


def test_every_talib_function_but_four_is_an_indicator():
    assert len(indicator_names()) >= 197
    assert all(indicator(name).name == name for name in indicator_names())


def test_an_indicator_tells_its_inputs_parameters_and_outputs():
    macd = indicator("macd")
    assert macd.inputs == ("close",)
    assert [p.name for p in macd.parameters] == ["fastperiod", "slowperiod", "signalperiod"]
    assert macd.defaults == (12, 26, 9)
    assert macd.outputs == ("macd", "signal", "hist")
    assert indicator("atr").inputs == ("high", "low", "close")
    assert indicator("obv").inputs == ("close", "volume")


@pytest.mark.parametrize(
    ("name", "outputs"),
    [
        ("bbands", ("upper", "middle", "lower")),
        ("stoch", ("k", "d")),
        ("stochf", ("k", "d")),
        ("stochrsi", ("k", "d")),
        ("aroon", ("down", "up")),
        ("ht_phasor", ("inphase", "quadrature")),
    ],
)
def test_outputs_have_short_names(name, outputs):
    assert indicator(name).outputs == outputs


def test_an_output_is_found_by_its_short_name_and_by_talibs():
    assert indicator("macd").output_index("hist") == 2
    assert indicator("macd").output_index("macdhist") == 2
    assert indicator("macd").output_index("histogram") is None


def test_short_output_names_are_unique_within_each_indicator():
    for name in indicator_names():
        outputs = indicator(name).outputs
        assert len(set(outputs)) == len(outputs)


def test_patterns_are_known_as_patterns():
    assert indicator("cdldoji").is_pattern
    assert not indicator("rsi").is_pattern


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("rsl", "did you mean rsi"),
        ("bband", "did you mean bbands"),
        ("mavp", "period changes"),
        ("maxindex", "highest"),
        ("zzzzzzzzzz", "unknown indicator zzzzzzzzzz"),
    ],
)
def test_a_wrong_name_is_refused_with_what_to_do(name, message):
    with pytest.raises(ConfigError, match=message):
        indicator(name)


def test_refused_functions_are_still_known():
    assert is_indicator("mavp")
    assert not is_indicator("rsl")


def test_missing_parameters_take_their_defaults():
    assert indicator_call("macd", 5).parameters == (5, 26, 9)


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("rsi", (1,), "timeperiod cannot be 1, the least is 2"),
        ("rsi", (-7,), "timeperiod cannot be -7, the least is 2"),
        ("rsi", (14.5,), "timeperiod must be a whole number, found 14.5"),
        ("sma", (10_001,), "timeperiod must be at most 10000"),
        ("rsi", (14, 3), r"takes 1 parameter \(timeperiod\), found 2"),
        ("cdldoji", (3,), "takes no parameters"),
        ("macd", (12, 0), "slowperiod cannot be 0"),
        ("bbands", (20, 2, 2, 99), "matype cannot be 99"),
        ("rsi", (math.nan,), "must be a finite number"),
        ("sar", (math.inf,), "must be a finite number"),
        ("sar", (-1.0,), "acceleration cannot be -1"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(name, parameters, message):
    with pytest.raises(ConfigError, match=message):
        indicator_call(name, *parameters)


def test_lookback_follows_the_parameters():
    assert indicator_call("sma", 20).lookback == 19
    assert indicator_call("macd").lookback == 33
