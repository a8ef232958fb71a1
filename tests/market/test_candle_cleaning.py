from math import inf, nan

import pytest

from cts_tui.market.clean import DataQuality, clean
from cts_tui.model.columns import CandleColumns

MINUTE = 60_000
SOUND = (100.0, 101.0, 99.0, 100.5, 5.0)


def cleaned(*rows):
    """Clean rows of (minute, open, high, low, close, volume)."""
    return clean(CandleColumns.from_candles([(row[0] * MINUTE, *row[1:]) for row in rows]), "1m")


def minutes(result):
    return (result.columns.time_ms // MINUTE).tolist()


def test_sound_candles_pass_as_they_are():
    result = cleaned((0, *SOUND), (1, *SOUND))
    assert minutes(result) == [0, 1]
    assert result.quality == DataQuality(rows=2, dropped=0, repaired=0, gaps=0, missing=0)


@pytest.mark.parametrize(
    "bad",
    [
        (1, nan, 101.0, 99.0, 100.0, 5.0),
        (1, 100.0, inf, 99.0, 100.0, 5.0),
        (1, 100.0, 101.0, 0.0, 100.0, 5.0),
        (1, 100.0, 101.0, 99.0, -1.0, 5.0),
        (1, 100.0, 101.0, 99.0, 100.0, -0.1),
        (1, 100.0, 101.0, 99.0, 100.0, nan),
        (1, 100.0, 101.0, 99.0, 100.0, inf),
        (1, 100.0, 98.0, 99.0, 100.0, 5.0),
        (-1, *SOUND),
        (10**12, *SOUND),
    ],
)
def test_s12_a_row_that_cannot_be_a_candle_is_dropped(bad):
    result = cleaned((0, *SOUND), bad, (2, *SOUND))
    assert minutes(result) == [0, 2]
    assert (result.quality.rows, result.quality.dropped) == (3, 1)


def test_rows_out_of_order_are_sorted_and_that_is_no_repair():
    result = cleaned((2, *SOUND), (0, *SOUND), (1, *SOUND), (3, *SOUND))
    assert minutes(result) == [0, 1, 2, 3]
    assert (result.quality.repaired, result.quality.resorted) == (0, 2)


def test_of_a_doubled_timestamp_the_last_row_wins():
    result = cleaned((0, *SOUND), (1, 1.0, 1.0, 1.0, 1.0, 1.0), (0, 2.0, 2.0, 2.0, 2.0, 2.0))
    assert result.columns.open.tolist() == [2.0, 1.0]
    assert result.quality.dropped == 1


def test_a_broken_row_never_displaces_a_sound_one_of_the_same_time():
    result = cleaned((0, *SOUND), (0, 100.0, nan, 99.0, 100.0, 5.0))
    assert result.columns.high.tolist() == [101.0]
    assert result.quality.dropped == 1


def test_high_and_low_are_widened_to_enclose_open_and_close():
    result = cleaned((0, 100.0, 100.5, 99.0, 102.0, 5.0), (1, 98.0, 101.0, 99.0, 97.0, 5.0))
    assert result.columns.high.tolist() == [102.0, 101.0]
    assert result.columns.low.tolist() == [99.0, 97.0]
    assert result.quality.repaired == 2


def test_a_doubled_row_counts_as_dropped_not_as_repaired():
    result = cleaned((0, 100.0, 100.0, 99.0, 102.0, 5.0), (0, *SOUND))
    assert (result.quality.dropped, result.quality.repaired) == (1, 0)


def test_holes_are_counted_among_the_candles_that_stay():
    result = cleaned((0, *SOUND), (1, nan, 1.0, 1.0, 1.0, 1.0), (2, *SOUND), (5, *SOUND))
    assert (result.quality.gaps, result.quality.missing) == (2, 3)


def test_nothing_cleans_to_nothing():
    assert cleaned().quality == DataQuality(rows=0, dropped=0, repaired=0, gaps=0, missing=0)
