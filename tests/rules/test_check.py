"""Where in the text of a strategy each fault is."""

import pytest

from cts_tui.rules.check import text_faults
from cts_tui.rules.places import place_of

GOOD = 'name = "good"\nentry_long = "close > open"\n'


def places(text: str) -> list[tuple[str, int | None, int | None]]:
    return [(fault.field, fault.line, fault.column) for fault in text_faults(text)]


def test_a_good_text_has_no_faults() -> None:
    assert text_faults(GOOD) == []


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ('"close > opn"', (2, 23)),
        ("'close > opn'", (2, 23)),
        ('"  close > opn"', (2, 25)),
        ('"close /* > opn"', (2, 22)),
        ('"at(\\"1h\\", close) > opn"', (2, 35)),
        ('"\\u0063lose > opn"', (2, 28)),
        ('"""\n  close >\n  opn"""', (4, 3)),
        ("'''\nclose >\nopn'''", (4, 1)),
        ('"""close > \\\n    opn"""', (3, 5)),
        ('"close >"', (2, 22)),
        ("5", (2, 14)),
        ("true", (2, 14)),
    ],
)
def test_a_fault_of_a_rule_is_placed_in_the_file(value: str, place: tuple[int, int]) -> None:
    text = f'name = "good"\nentry_long = {value}\n'
    assert places(text) == [("entry_long", *place)]


def test_lines_that_end_as_on_windows_count_the_same() -> None:
    text = 'name = "good"\r\nentry_long = """\r\nclose >\r\nopn"""\r\n'
    assert places(text) == [("entry_long", 4, 1)]


def test_keys_in_quotes_with_spaces_and_in_tables_are_found() -> None:
    text = f'{GOOD}  "stop_loss_pct"   =  -1\n[size]\nkind = "coins"\namount = 1\n'
    assert places(text) == [("stop_loss_pct", 3, 24), ("size", 4, 7)]


def test_faults_come_from_top_to_bottom_what_is_missing_first() -> None:
    text = 'gate_min_trades = 60\nstop_los_pct = 2\ntake_profit_pct = "x"\nentry_long = "close"\n'
    assert places(text) == [
        ("name", None, None),
        ("gate_min_trades", 1, 19),
        ("stop_los_pct", 2, 16),
        ("take_profit_pct", 3, 19),
        ("entry_long", 4, 15),
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('name = "a"\nstop = = 2\n', (2, 8)),
        ('name = "a"\nname = "b"\n', (2, 11)),
        ('name = "a"\nsymbols = [', (2, 12)),
    ],
)
def test_a_text_that_is_no_toml_tells_where(text: str, place: tuple[int, int]) -> None:
    [fault] = text_faults(text)
    assert fault.message.startswith("not valid TOML")
    assert (fault.field, fault.line, fault.column) == ("", *place)


def test_a_text_that_is_too_long_is_not_read() -> None:
    assert [str(fault) for fault in text_faults("#" * 70_000)] == ["larger than 64 kB"]


def test_a_message_without_the_column_of_the_rule_is_for_those_who_show_the_place() -> None:
    [fault] = text_faults('name = "good"\nentry_long = "close > opn"\n')
    assert str(fault).startswith("entry_long, column 9: unknown name")
    assert fault.placeless.startswith("entry_long: unknown name")


@pytest.mark.parametrize("field", ["", "none", "a.*"])
def test_a_field_that_is_not_there_has_no_place(field: str) -> None:
    assert place_of(GOOD, field) is None


WRONG = [
    ("close", "a rule is true or false"),
    ("close = 3", "write == to compare"),
    ("rsx(14) > 3", "did you mean rsi?"),
    ("sma > 3", "sma needs brackets"),
    ("macd(12,26,9) > 0", "add .macd, .signal or .hist"),
    ("bbands(20,2,2).top > 1", "it has upper, middle and lower"),
    ("sma(10, close) > 0", "must come before the parameters"),
    ("atr(close, 14) > 1", "give no series or 3, found 1"),
    ("sma(close, 10, 3) > 0", "takes 1 parameter"),
    ("highest(close) > 1", "takes 2 arguments, found 1"),
    ("close[-1] > 3", "no rule can see the future"),
    ("rsi(14) < 30 or", "expected a value"),
    ("close > 2%", "write 0.02 instead of 2%"),
    ("(close > open", "expected an operator or `)`"),
    ("close > open)", "found `)`"),
    ('at("7x", close) > 1', "7x"),
    ("__import__('os') > 1", "unknown"),
    ("close.__class__ > 1", "column"),
    ("sma(1e9) > 1", "column"),
    ("rsi(14) < 30 and 5", "column"),
    ("close > 'x'", "column"),
]


@pytest.mark.parametrize(("rule", "said"), WRONG)
def test_a_wrong_rule_is_told_with_field_column_and_what_to_do(rule: str, said: str) -> None:
    [fault] = text_faults(f'name = "x"\nentry_long = """{rule}"""\n')
    assert fault.message.startswith(f"entry_long, column {fault.rule_column}: ")
    assert said in fault.message
    assert fault.line == 2
    assert fault.column == 16 + (fault.rule_column or 0)
