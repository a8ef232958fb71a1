"""The parts of the chart: scales, the window on candles, and the characters they are drawn with."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cts_tui.model.market import Candle
from cts_tui.tui.cells import Tone
from cts_tui.tui.widgets.chart.axes import time_axis
from cts_tui.tui.widgets.chart.glyphs import (
    Column,
    bar_columns,
    candle_columns,
    laid_over,
    line_columns,
    volume_columns,
)
from cts_tui.tui.widgets.chart.scale import (
    Scale,
    fitted,
    number_text,
    price_decimals,
    short_number,
    ticks,
)
from cts_tui.tui.widgets.chart.viewport import WIDTHS, Viewport

PRICES = st.floats(min_value=1e-12, max_value=1e12)
ROWS = st.integers(min_value=3, max_value=60)


def text(columns: list[Column]) -> list[str]:
    """The rows of some columns, from the top."""
    return ["".join(glyph.char for glyph in row) for row in zip(*columns, strict=True)]


# -- scales ---------------------------------------------------------------------------------------


@given(st.lists(PRICES, min_size=1, max_size=30), ROWS)
def test_a_scale_holds_every_value_within_its_rows(values: list[float], rows: int) -> None:
    scale = fitted(values, rows)
    assert scale.low < scale.high
    assert all(scale.holds(value) and 0 <= scale.row(value) < rows for value in values)


@given(PRICES, PRICES, ROWS)
def test_a_higher_value_is_never_drawn_lower(one: float, other: float, rows: int) -> None:
    scale, low, high = fitted([one, other], rows), min(one, other), max(one, other)
    for per_row in (1, 2, 4, 8):
        assert scale.level(low, per_row) <= scale.level(high, per_row)
        assert 0 <= scale.level(high, per_row) < rows * per_row


@given(st.floats(allow_nan=True, allow_infinity=True), ROWS)
def test_any_value_at_all_has_a_place(value: float, rows: int) -> None:
    scale = Scale(1.0, 2.0, rows)
    if not math.isnan(value):
        assert 0 <= scale.level(value, 4) < rows * 4


@given(st.lists(PRICES, min_size=1, max_size=9), st.lists(PRICES, min_size=1, max_size=9))
def test_a_scale_stays_while_it_fits_and_is_filled(first: list[float], then: list[float]) -> None:
    before = fitted(first, 20)
    after = fitted(then, 20, before)
    if after is not before:
        is_outside = not all(before.holds(value) for value in then)
        is_narrow = max(then) - min(then) < 0.5 * (before.high - before.low)
        assert is_outside or is_narrow


@given(st.lists(PRICES, min_size=2, max_size=9), st.integers(min_value=4, max_value=50))
def test_ticks_are_few_round_and_inside(values: list[float], rows: int) -> None:
    scale = fitted(values, rows)
    found, decimals = ticks(scale, 3)
    assert len(found) <= rows // 3 + 1
    assert all(scale.holds(value) for value in found)
    assert decimals >= 0
    assert found == sorted(found)


def test_only_gaps_and_one_price_still_make_a_scale() -> None:
    assert fitted([math.nan, math.inf], 5) == Scale(0.0, 1.04, 5)
    flat = fitted([250.0, 250.0], 5)
    assert flat.low < 250.0 < flat.high
    assert fitted([0.0], 5).holds(0.0)


@pytest.mark.parametrize(
    ("price", "shown"),
    [
        (81_204.9, "81,204.90"),
        (118.42, "118.420"),
        (0.16842, "0.16842"),
        (0.0000123456, "0.000012346"),
        (98_765_432.1, "98,765,432"),
        (1e15, "1e+15"),
        (3.25e-19, "3.25e-19"),
    ],
)
def test_prices_of_any_size_are_short(price: float, shown: str) -> None:
    assert number_text(price, price_decimals(price)) == shown


@pytest.mark.parametrize(
    ("volume", "shown"),
    [(0, "0"), (0.0125, "0.0125"), (999, "999"), (12_345, "12.3k"), (2.5e6, "2.5M"),
     (7e9, "7.0B"), (3e12, "3.0T"), (4e20, "4e+20"), (math.nan, "-")],
)  # fmt: skip
def test_volumes_are_short(volume: float, shown: str) -> None:
    assert short_number(volume) == shown


# -- the window -----------------------------------------------------------------------------------


def window(count: int = 100, columns: int = 20) -> Viewport:
    viewport = Viewport()
    viewport.renew([index * 10 for index in range(count)])
    viewport.fit(columns)
    return viewport


MOVES = st.lists(
    st.tuples(st.sampled_from(["zoom", "pan", "move_cursor", "put_cursor"]), st.integers(-60, 60)),
    max_size=12,
)


@given(st.integers(0, 80), st.integers(1, 60), MOVES, st.integers(0, 90))
def test_whatever_is_pressed_the_window_stays_on_the_candles(
    count: int, columns: int, moves: list[tuple[str, int]], later: int
) -> None:
    viewport = window(count, columns)
    for name, by in moves:
        getattr(viewport, name)(by)
    viewport.renew([index * 10 for index in range(later)])
    viewport.fit(columns)
    assert 0 <= viewport.left <= viewport.right <= viewport.count
    assert viewport.right - viewport.left <= viewport.capacity
    assert viewport.cursor is None or 0 <= viewport.cursor < viewport.count
    for index in range(viewport.left, viewport.right):
        assert viewport.index_at(max(viewport.x_of(index), 0)) in (index, None)


def test_the_window_follows_until_it_is_moved() -> None:
    viewport = window()
    viewport.renew([index * 10 for index in range(101)])
    assert (viewport.left, viewport.right) == (81, 101)
    viewport.pan(-5)
    viewport.renew([index * 10 for index in range(102)])
    assert (viewport.left, viewport.right) == (76, 96)
    viewport.follow()
    assert viewport.right == 102


def test_cursor_and_window_stay_on_their_candles_when_old_ones_are_dropped() -> None:
    viewport = window()
    viewport.put_cursor(50)
    viewport.renew([index * 10 for index in range(7, 107)])
    assert viewport.cursor == 43
    assert viewport.time_of(viewport.left) == 500


def test_the_cursor_pulls_the_window_with_it() -> None:
    viewport = window()
    viewport.move_cursor(-25)
    assert viewport.cursor == 74
    assert (viewport.left, viewport.right) == (74, 94)
    viewport.put_cursor(99)
    assert viewport.is_following


def test_panning_drags_the_cursor_and_ends_at_the_ends() -> None:
    viewport = window()
    viewport.move_cursor(0)
    viewport.pan(-500)
    assert (viewport.left, viewport.right, viewport.cursor) == (0, 20, 19)
    viewport.pan(500)
    assert viewport.is_following


def test_zoom_has_ends_and_keeps_the_cursor_in_view() -> None:
    viewport = window()
    viewport.put_cursor(40)
    for _ in range(9):
        viewport.zoom(1)
    assert viewport.width == WIDTHS[-1]
    assert viewport.left <= 40 < viewport.right
    for _ in range(9):
        viewport.zoom(-1)
    assert viewport.width == 1


def test_a_window_on_nothing_does_nothing() -> None:
    viewport = window(0)
    viewport.move_cursor(-1)
    viewport.pan(1)
    viewport.zoom(1)
    assert (viewport.left, viewport.right, viewport.cursor) == (0, 0, None)
    assert viewport.find(5) is None


# -- characters -----------------------------------------------------------------------------------

SCALE = Scale(0.0, 8.0, 4)
RISE, FALL = Candle(0, 2.1, 7.9, 0.1, 5.9, 3), Candle(0, 5.9, 7.9, 0.1, 2.1, 3)


def test_a_rise_is_hollow_and_a_fall_is_solid_without_any_colour() -> None:
    assert text(candle_columns(RISE, SCALE, 1, Tone.PROFIT)) == ["│", "║", "║", "│"]
    assert text(candle_columns(FALL, SCALE, 1, Tone.LOSS)) == ["│", "┃", "┃", "│"]
    assert text(candle_columns(RISE, SCALE, 3, Tone.PROFIT)) == [" │ ", "▐ ▌", "▐ ▌", " │ "]
    assert text(candle_columns(FALL, SCALE, 3, Tone.LOSS)) == [" │ ", "▐█▌", "▐█▌", " │ "]


def test_ends_of_a_candle_fall_on_half_rows() -> None:
    half = Candle(0, 3.1, 6.9, 1.1, 4.9, 3)
    assert text(candle_columns(half, SCALE, 1, Tone.PROFIT)) == ["╷", "╽", "╿", "╵"]
    fall = half._replace(open=4.9, close=3.1)
    assert text(candle_columns(fall, SCALE, 3, Tone.LOSS)) == [" ╷ ", "▗╽▖", "▝╿▘", " ╵ "]


def test_a_candle_that_did_not_move_is_still_seen() -> None:
    doji = Candle(0, 4.5, 4.5, 4.5, 4.5, 0)
    assert text(candle_columns(doji, SCALE, 2, Tone.PROFIT)) == ["  ", "╻ ", "  ", "  "]


def test_a_line_is_joined_and_has_gaps_where_there_is_no_value() -> None:
    flat = text(line_columns((4.1, 4.1, 4.1), SCALE, 2, Tone.KEY))
    assert flat == ["  ", "⣀⣀", "  ", "  "]
    steep = text(line_columns((0.1, 7.9, 7.9), SCALE, 1, Tone.KEY))
    assert steep[0] != " "
    assert steep[1] != " "
    nan = math.nan
    assert text(line_columns((4.0, nan, 4.0), SCALE, 1, Tone.KEY)) == [" "] * 4
    assert text(line_columns((nan, 4.1, nan), SCALE, 1, Tone.KEY)) == [" ", "⣀", " ", " "]
    assert text(line_columns((9.0, 9.0, 9.0), SCALE, 1, Tone.KEY)) == [" "] * 4


def test_a_dotted_line_has_half_the_dots() -> None:
    flat = text(line_columns((4.1, 4.1, 4.1), SCALE, 2, Tone.KEY, is_dotted=True))
    assert flat == ["  ", "⡀⡀", "  ", "  "]


def test_lines_share_their_dots_and_leave_bodies_alone() -> None:
    one = line_columns((4.1, 4.1, 4.1), SCALE, 1, Tone.KEY)
    other = line_columns((5.9, 5.9, 5.9), SCALE, 1, Tone.STALE)
    assert text(laid_over(one, other)) == [" ", "⣉", " ", " "]
    candle = candle_columns(FALL, SCALE, 1, Tone.LOSS)
    assert text(laid_over(candle, one, "│")) == ["│", "┃", "┃", "│"]


def test_bars_go_up_and_down_from_zero() -> None:
    scale = Scale(-4.0, 4.0, 4)
    assert text(bar_columns(2.5, scale, 1, Tone.PROFIT)) == ["▄", "█", " ", " "]
    assert text(bar_columns(-2.5, scale, 3, Tone.LOSS)) == ["   ", "   ", "██ ", "▀▀ "]
    assert text(bar_columns(-0.001, scale, 1, Tone.LOSS)) == [" ", " ", "▀", " "]
    assert text(bar_columns(math.nan, scale, 1, Tone.LOSS)) == [" "] * 4


def test_volume_is_drawn_in_eighths() -> None:
    assert text(volume_columns(3.3, SCALE, 1, Tone.PROFIT)) == [" ", " ", "▆", "█"]
    assert text(volume_columns(0.0, SCALE, 1, Tone.PROFIT)) == [" "] * 4


def test_times_are_round_and_never_overlap() -> None:
    start = 1_743_638_400_000 - 3 * 3_600_000  # 21:00, then midnight
    candles = [Candle(start + i * 300_000, 1, 1, 1, 1, 1) for i in range(100)]
    viewport = Viewport()
    viewport.renew([candle.time_ms for candle in candles])
    viewport.fit(80)
    line = time_axis(candles, viewport, 300_000, 80)
    assert "".join(cell.text for cell in line).split() == (
        ["23:00", "04-03", "01:00", "02:00", "03:00", "04:00", "05:00"]
    )
    viewport.put_cursor(50)
    line = time_axis(candles, viewport, 300_000, 80)
    assert line[1].text == " 01:10 "
    assert sum(len(cell.text) for cell in line) == 80
    for index in range(20, 100):
        viewport.put_cursor(index)
        line = time_axis(candles, viewport, 300_000, 80)
        words = "".join(cell.text for cell in line).split()
        assert all(len(word) == 5 for word in words), words
