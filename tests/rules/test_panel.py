import math

import numpy as np
import pytest

from cts_tui.errors import RuleError
from cts_tui.model.market import Candle
from cts_tui.rules.builtin import builtin_strategies
from cts_tui.rules.evaluate import History
from cts_tui.rules.panel import Panel
from cts_tui.rules.parser import parse_expression, parse_rule

SHIPPED = [
    parse_rule(text)
    for spec in builtin_strategies()
    for text in (spec.entry_long, spec.exit_long, spec.entry_short, spec.exit_short)
    if text
]
MORE = [
    parse_rule(text)
    for text in (
        'at("1h", close > ema(20)) and crosses_above(close, ema(20))',
        'at("4h", rsi(14)) < 50 and at("15m", macd(12,26,9).hist)[3] > 0',
        "close > highest(high, 20)[1] and atr(14) / close > 0.002",
        "bbands(20,2,2).lower > close or stoch(14,3,0,3,0).k < stoch(14,3,0,3,0).d",
        "ema(rsi(14), 9) < rsi(14) and not cdldoji() > 0",
        "linearreg_slope(close / sma(50), 20) > 0 and volume > sma(volume, 20) * 1.5",
    )
]
INDICATIONS = ["sma(20)", "rsi(14)", "macd(12,26,9)"]


@pytest.mark.parametrize("split", [0, 3, 40, 3_000])
def test_live_rules_and_values_equal_the_vector_ones_on_recorded_candles(recorded, split):
    rules = [*SHIPPED, *MORE]
    panel = Panel("5m", INDICATIONS, rules)
    panel.fill(recorded.slice(0, split))
    holds = [panel.compile(rule) for rule in rules]
    truths, values = [], []
    for candle in recorded.slice(split):
        panel.update(candle)
        truths.append([condition() for condition in holds])
        values.append(panel.values())
    history = History(recorded, "5m")
    assert truths == np.array([history.holds(rule) for rule in rules]).T[split:].tolist()
    whole = np.array([history.values(parse_expression(name)) for name in panel.names]).T
    assert np.array_equal(np.array(values), whole[split:], equal_nan=True)
    assert any(map(any, truths))


def test_a_filled_panel_already_knows_the_last_candle(recorded):
    panel = Panel("5m", INDICATIONS, SHIPPED)
    panel.fill(recorded)
    history = History(recorded, "5m")
    last = [history.values(parse_expression(name))[-1] for name in panel.names]
    assert panel.values() == last
    assert [panel.compile(r)() for r in SHIPPED] == [bool(history.holds(r)[-1]) for r in SHIPPED]


def test_a_panel_names_its_indications_then_what_the_rules_use():
    rules = [parse_rule('ema(rsi(14), 9) > 50 and at("1h", sma(5)[2]) < sma(20)')]
    assert Panel("5m", ["sma(20)", "macd(12,26,9)"], rules).names == (
        "sma(20)",
        "macd(12,26,9).macd",
        "macd(12,26,9).signal",
        "macd(12,26,9).hist",
        "rsi(14)",
        "ema(rsi(14), 9)",
        'at("1h", sma(5))',
    )


def test_values_are_unknown_until_the_panel_is_warm():
    panel = Panel("5m", ["sma(3)"], [])
    assert panel.warmup == 3
    for count, price in enumerate((1.0, 2.0, 3.0, 4.0)):
        assert math.isnan(panel.values()[0]) == (count < 3)
        panel.update(Candle(count * 300_000, price, price, price, price, 1.0))
    assert panel.values() == [3.0]


def test_a_compiled_rule_stays_good_when_the_panel_is_filled_again(recorded):
    panel = Panel("5m", [], SHIPPED)
    holds = panel.compile(SHIPPED[0])
    found = History(recorded, "5m").holds(SHIPPED[0])
    fired = int(np.flatnonzero(found)[0])
    panel.fill(recorded.slice(0, fired))
    assert not holds()
    panel.fill(recorded.slice(0, fired + 1))
    assert holds()


def test_a_rule_the_panel_does_not_have_is_no_rule_of_it():
    with pytest.raises(KeyError):
        Panel("5m", [], []).compile(SHIPPED[0])


def test_a_panel_refuses_a_timeframe_its_candles_cannot_make():
    with pytest.raises(RuleError, match="whole multiple"):
        Panel("4h", [], [parse_rule('at("1h", close) > 1')])


def test_a_panel_refuses_an_indication_that_is_none():
    with pytest.raises(RuleError, match="an indication is a number"):
        Panel("5m", ["close > 1"], [])


def test_a_panel_without_anything_takes_candles():
    panel = Panel("5m", [], [])
    panel.update(Candle(0, 1.0, 1.0, 1.0, 1.0, 1.0))
    assert (panel.names, panel.values(), panel.warmup) == ((), [], 1)
