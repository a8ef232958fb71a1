import pytest

from cts_tui.errors import RuleError
from cts_tui.indicators.compute import indicator_call
from cts_tui.rules.parser import parse_expression, parse_indication, parse_rule
from cts_tui.rules.printer import to_text
from cts_tui.rules.syntax import Field, IndicatorValue, Number, Operation, Shift

CLOSE = Field("close")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("sma( 20 )>close", "sma(20) > close"),
        ("close>open>low", "close > open and open > low"),
        ("not (close > open) or high == low", "not close > open or high == low"),
        ("not (close > open or high == low)", "not (close > open or high == low)"),
        ("close - (open - low) > -2", "close - (open - low) > -2"),
        ("(close - open) - low > - - 2", "close - open - low > 2"),
        ("-(close + 1) * 2 < 1e3", "-(close + 1) * 2 < 1000"),
        ("(close + 1)[2] > .5", "(close + 1)[2] > 0.5"),
        ("close[1][2] > close[0]", "close[3] > close"),
        ("ema(close, 50) > ema(open,50)", "ema(50) > ema(open, 50)"),
        ("ema(rsi(14),9) > 50", "ema(rsi(14), 9) > 50"),
        ("rsi() < 30", "rsi(14) < 30"),
        ("macd(12,26,9).macdsignal < 0", "macd(12,26,9).signal < 0"),
        ("bbands(20,2,2).upper < close", "bbands(20,2,2).upper < close"),
        ("stoch(5,3,0,3,0).k > 80", "stoch(5,3,0,3).k > 80"),
        ("rsi(14).real > 1", "rsi(14) > 1"),
        ("max(open, close, 3) > 1", "max(max(open, close), 3) > 1"),
        ("highest(high, 20)[1] < close", "highest(high, 20)[1] < close"),
        ("highest(high, 1) < close", "high < close"),
        ("at('1h', close > open)", 'at("1h", close > open)'),
        ("(close > open)[2]", "(close > open)[2]"),
        ("cdlengulfing() > 0", "cdlengulfing() > 0"),
    ],
)
def test_a_rule_has_one_canonical_text(text, canonical):
    rule = parse_rule(text)
    assert to_text(rule.condition) == canonical
    assert parse_rule(canonical) == rule


def test_operators_bind_as_in_arithmetic():
    assert parse_expression("1 + close * 2") == Operation(
        "+", (Number(1), Operation("*", (CLOSE, Number(2))))
    )
    assert parse_rule("close > 1 or close > 2 and close > 3").condition.name == "or"


def test_an_indicator_keeps_all_its_parameters_and_its_inputs():
    assert parse_expression("macd(5).hist") == IndicatorValue(
        indicator_call("macd", 5, 26, 9), (CLOSE,), 2
    )


def test_a_look_back_applies_to_any_expression():
    assert parse_expression("(close + open)[3]") == Shift(Operation("+", (CLOSE, Field("open"))), 3)


def test_an_indication_gives_every_output():
    assert [to_text(x) for x in parse_indication("macd(12,26,9)")] == [
        "macd(12,26,9).macd",
        "macd(12,26,9).signal",
        "macd(12,26,9).hist",
    ]
    assert [to_text(x) for x in parse_indication("macd(12,26,9).hist")] == ["macd(12,26,9).hist"]
    assert [to_text(x) for x in parse_indication("sma(20)")] == ["sma(20)"]


@pytest.mark.parametrize("text", ["close > 3", "sma(macd(12,26,9), 3)", "macd(12,26,9) + 1", ""])
def test_an_indication_is_a_number(text):
    with pytest.raises(RuleError):
        parse_indication(text)


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 1, "the rule is empty"),
        ("   ", 1, "the rule is empty"),
        ("rsi(14)", 1, "true or false, but `rsi\\(14\\)` is a number; compare it"),
        ("rsi(14) and 3", 1, "`and` takes conditions, but `rsi\\(14\\)` is a number"),
        ("close > open and 3", 18, "`and` takes conditions, but `3` is a number"),
        ("(close > open) + 1 > 2", 1, "`\\+` takes numbers, but `close > open` is a condition"),
        ("not close", 5, "`not` takes conditions, but `close` is a number"),
        ("-(close > 1) > 2", 2, "`-` takes numbers"),
        ("(close > 1) == (open > 1)", 1, "`==` takes numbers"),
        ("rsl(14) > 3", 1, "unknown function `rsl`; did you mean rsi"),
        ("RSI(14) > 3", 1, "did you mean rsi"),
        ("close > opne", 9, "unknown name `opne`; did you mean open"),
        ("cross_above(close, open)", 1, "did you mean crosses_above"),
        ("close > qqqq", 9, "expected open, high, low, close or volume"),
        ("sma > 3", 1, "sma needs brackets, like sma\\(30\\)"),
        ("highest > 3", 1, "highest needs brackets"),
        ("close(1) > 1", 1, "takes no brackets"),
        ("close >", 8, "expected a value, found end of the rule"),
        ("close > > 3", 9, "expected a value, found `>`"),
        ("(close > 3", 11, "expected an operator or `\\)`, found end of the rule"),
        ("close > 3)", 10, "expected an operator or the end of the rule, found `\\)`"),
        ("rsi(14 > 3", 11, "expected an operator, `,` or `\\)`"),
        ("rsi(14,) > 3", 8, "expected a value, found `\\)`"),
        ("close open", 7, "expected an operator or the end of the rule, found `open`"),
        ("close[-1] > 3", 7, "no rule can see the future"),
        ("close[1.5] > 3", 7, "a whole number of candles"),
        ("close[open] > 3", 7, "a whole number of candles, like \\[1\\], found `open`"),
        ("close[10001] > 1", 7, "at most 10000 candles"),
        ("close[1 > 2", 9, "`\\]` after the number of candles"),
        ("close > 3 && open > 2", 11, "`&` is not part of the language; write `and`"),
        ("close = 3", 7, "write == to compare"),
        ("close > 2%", 10, "write 0.02"),
        ("close ≥ 3", 7, "write >="),
        ("close > '1", 9, "the quoted text does not end"),
        ("close > '1'", 9, "expected a value, found `'1'`"),
        ("12abc > 3", 1, "`12abc` is not a number"),
        ("macd(12,26,9) > 0", 1, "several outputs: add .macd, .signal or .hist"),
        ("macd(12,26,9).foo > 0", 15, "no output `foo`; it has macd, signal and hist"),
        ("sma(10).foo > 0", 9, "sma has no output `foo`; leave it out"),
        ("max(1, 2).real > 0", 11, "max has no outputs"),
        ("close.real > 1", 6, "found `.`"),
        ("rsi(1) > 1", 5, "timeperiod cannot be 1, the least is 2"),
        ("highest(close, 0) > 1", 16, "highest: timeperiod cannot be 0"),
        ("sma(20.5) > 1", 5, "must be a whole number"),
        ("sma(99999) > 1", 5, "at most 10000"),
        ("sma(5, close) > 1", 8, "the series `close` must come before the parameters"),
        ("atr(close, 3) > 1", 5, "atr reads high, low and close: give no series or 3, found 1"),
        ("rsi(close > 1, 3) > 1", 5, "rsi takes numbers"),
        ("rsi(14, 3) > 1", 5, "takes 1 parameter \\(timeperiod\\), found 2"),
        ("mavp(3) > 1", 1, "mavp cannot be used in a rule"),
        ("crosses_above(close)", 1, "crosses_above\\(a, b\\) takes 2 arguments, found 1"),
        ("crosses_above(close > 1, 2)", 15, "crosses_above takes numbers"),
        ("highest(20) > 1", 1, "highest\\(x, n\\) takes 2 arguments"),
        ("highest(close, open) > 1", 16, "a plain number of candles"),
        ("abs(close, 1) > 1", 1, "abs\\(x\\) takes 1 argument, found 2"),
        ("at('1x', close) > 1", 4, "'1x' is not a timeframe"),
        ("at(1, close) > 1", 4, "a timeframe in quotes first"),
        ("at('1h', '2h') > 1", 10, "quoted text"),
        ("at('1h') > 1", 1, 'at\\("1h", x\\) takes 2 arguments'),
        ("at('99999w', close) > 1", 4, "at most 52w"),
        ("1e400 > close", 1, "a number is at most 1e\\+15"),
        ("lambda: 1", 7, "`:` is not part of the language"),
        ("close > \x00", 9, "`\\\\x00` is not part"),
    ],
)
def test_a_wrong_rule_is_refused_at_its_column_with_the_reason(text, column, message):
    with pytest.raises(RuleError, match=message) as refused:
        parse_rule(text)
    assert str(refused.value).startswith(f"column {column}: ")
    assert refused.value.position == column - 1


HOSTILE = {
    "long name": "a" * 100_000,
    "brackets": "(" * 1_900,
    "closed brackets": "(" * 900 + "1" + ")" * 900,
    "minus signs": "-" * 1_900,
    "nots": "not " * 450,
    "long sum": "1" + "+1" * 900 + " > 0",
    "long comparison": "1>" * 900 + "1",
    "long chain of and": "close>1 " + "and close>1 " * 150,
    "calls in calls": "ema(" * 400,
    "look backs": "close" + "[1]" * 600 + "[9999] > 1",
    "look back in look back": "sma(close[9000], 3)[9000] > 1",
    "huge look back": "close[" + "9" * 1_900 + "] > 1",
    "huge number": "9" * 1_900 + " > 1",
    "huge exponent": "1e" + "9" * 1_900 + " > 1",
    "huge period": "sma(1e14) > 1",
    "huge timeframe": f"at('{'9' * 1_800}h', close) > 1",
    "not ascii digits": "close > ١٢",
    "code": "__import__('os').system('true')",
    "attributes": "close.__class__.__mro__ > 1",
    "list": "[x for x in close]",
    "null": "\x00" * 2_000,
    "surrogate": "close > \ud800",
    "many arguments": f"max({','.join(['1'] * 900)}) > 1",
    "many parameters": f"sma({','.join(['2'] * 900)}) > 1",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_refused(text):
    with pytest.raises(RuleError) as refused:
        parse_rule(text)
    assert len(str(refused.value)) < 300
