"""Numbers and times as a trader reads them."""

from decimal import Decimal

import pytest

from cts_tui.model.sparkline import bars
from cts_tui.tui.cells import Cell, Tone
from cts_tui.tui.formats import (
    age_text,
    count_text,
    gain_cell,
    gain_pct_cell,
    one_line,
    price_text,
    quantity_text,
    stamp_text,
    time_text,
)
from cts_tui.tui.widgets.live_lines import changed_span

from .frozen import HOUR, MINUTE, NOW_MS


@pytest.mark.parametrize(
    ("price", "text"),
    [
        ("81804.9", "81,804.90"),
        ("1000", "1,000.00"),
        ("118.42", "118.420"),
        ("1.23456", "1.2346"),
        ("0.16842", "0.16842"),
        ("0.00001234", "0.000012340"),
        ("0", "0"),
    ],
)
def test_prices_have_as_many_digits_as_their_size_needs(price: str, text: str) -> None:
    assert price_text(Decimal(price)) == text


@pytest.mark.parametrize(
    ("quantity", "text"),
    [("0.0153", "0.0153"), ("12500", "12,500"), ("1.2500", "1.25"), ("0.00000001", "0.00000001")],
)
def test_quantities_have_no_trailing_zeros(quantity: str, text: str) -> None:
    assert quantity_text(Decimal(quantity)) == text


def test_gains_carry_their_sign() -> None:
    assert gain_cell(Decimal("1234.567")) == Cell("+1,234.57", Tone.PROFIT)
    assert gain_cell(Decimal("-0.004")) == Cell("0.00", Tone.PLAIN)
    assert gain_cell(Decimal("-12.3")) == Cell("-12.30", Tone.LOSS)
    assert gain_pct_cell(0.867) == Cell("+0.87%", Tone.PROFIT)


def test_ages_are_told_in_their_largest_unit() -> None:
    assert [age_text(ms) for ms in (-5, 59_999, 75_000, 26 * HOUR, HOUR)] == [
        "0s", "59s", "1m", "1d", "1h",
    ]  # fmt: skip


def test_times_of_another_day_carry_the_day() -> None:
    assert time_text(NOW_MS - 5 * MINUTE, NOW_MS) == "17:00:00"
    assert time_text(NOW_MS - 20 * HOUR, NOW_MS) == "04-02 21:05"
    assert stamp_text(NOW_MS) == "2025-04-03 17:05:00Z"
    assert stamp_text(None) == "-"


def test_words() -> None:
    assert count_text(1, "trade") == "1 trade"
    assert count_text(1_200, "trade") == "1,200 trades"
    assert one_line("a\n\tb\x1b[31m  c") == "a b [31m c"


def test_bars_go_from_the_lowest_to_the_highest() -> None:
    assert bars([0, 1, 2, 7], 10) == "▁▂▃█"
    assert bars([5.0], 10) == ""
    assert bars([3, 3], 10) == "▁▁"


def test_changed_span_is_as_short_as_the_change() -> None:
    old = (Cell("PnL "), Cell("+1.00", Tone.PROFIT), Cell(" USDT"))
    new = (Cell("PnL "), Cell("+1.25", Tone.PROFIT), Cell(" USDT"))
    assert changed_span(old, new) == (7, 9)
    assert changed_span(old, old) is None
    assert changed_span(old, (Cell("PnL "), Cell("+1.00"), Cell(" USDT"))) == (4, 9)
