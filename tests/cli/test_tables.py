"""How numbers, lists and times look to people."""

from decimal import Decimal
from typing import Any

import pytest

from cts_tui.cli.tables import Signed, cell, print_table, short_time


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        ("", "-"),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        (2.0, "2.00"),
        (Decimal("0.027340546483"), "0.027340546"),
        (Decimal("3657.571368"), "3657.5714"),
        (Decimal("1234567890.12"), "1234567890"),
        (Decimal("100.00"), "100"),
        (["a", "b", "c"], "a,b,c"),
        (["a", "b", "c", "d", "e"], "a,b,c +2"),
        ({"kind": "quote", "amount": Decimal("100")}, "kind quote, amount 100"),
    ],
)
def test_a_value_is_shown_short_and_without_python_in_it(value: Any, text: str) -> None:
    assert cell(value) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [("1.5", "+1.50"), ("-0.204", "-0.20"), ("0", "+0.00"), ("-0.000123", "-0.00012")],
)
def test_gain_and_loss_keep_their_sign_and_are_never_rounded_to_nothing(
    amount: str, text: str
) -> None:
    assert Signed.money(Decimal(amount)) == text


def test_a_time_is_shown_to_the_second() -> None:
    assert short_time("2025-04-03T17:05:00.123Z") == "2025-04-03 17:05:00"
    assert short_time(None) is None


def test_numbers_stand_to_the_right_and_words_to_the_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = [{"word": "a", "number": 1.5}, {"word": "bcd", "number": None}]
    print_table(rows, {"word": "WORD", "number": "NUMBER"}, "none")
    assert capsys.readouterr().out == "WORD  NUMBER\na       1.50\nbcd        -\n"
