from math import inf, nan

import numpy as np
import pytest

from cts_tui.market.candles import CandleBuffer, Refusal
from cts_tui.market.recorded import read_recorded
from cts_tui.model.columns import CandleColumns
from cts_tui.model.market import Candle

MINUTE = 60_000


def candle(minute: int, close: float = 100.0, **changes) -> Candle:
    return Candle(minute * MINUTE, 100.0, 101.0, 99.0, close, 5.0)._replace(**changes)


def test_an_appended_candle_is_the_last_and_reads_back_as_a_column():
    buffer = CandleBuffer("1m", 3)
    assert buffer.append(candle(1, close=100.5))
    assert buffer.last == candle(1, close=100.5)
    assert list(buffer.columns()) == [candle(1, close=100.5)]


def test_an_empty_buffer_reads_as_columns_of_length_zero():
    buffer = CandleBuffer("1m", 3)
    assert (len(buffer), len(buffer.columns()), buffer.last) == (0, 0, None)


def test_only_the_newest_candles_are_kept():
    buffer = CandleBuffer("1m", 3)
    for minute in range(20):
        buffer.append(candle(minute))
    assert buffer.columns().time_ms.tolist() == [17 * MINUTE, 18 * MINUTE, 19 * MINUTE]
    assert len(buffer) == 3


@pytest.mark.parametrize(("limit", "count"), [(0, 0), (2, 2), (3, 3), (9, 3), (-1, 0), (None, 3)])
def test_a_limit_reads_the_newest_candles_oldest_first(limit, count):
    buffer = CandleBuffer("1m", 5)
    for minute in range(3):
        buffer.append(candle(minute))
    minutes = (buffer.columns(limit).time_ms // MINUTE).tolist()
    assert minutes == [0, 1, 2][3 - count :]


def test_columns_once_read_never_change():
    buffer = CandleBuffer("1m", 2)
    buffer.append(candle(0))
    read = buffer.columns()
    for minute in range(1, 50):
        buffer.append(candle(minute, close=99.5))
    assert list(read) == [candle(0)]


def test_a_read_is_contiguous_and_copies_nothing():
    buffer = CandleBuffer("1m", 10)
    for minute in range(25):
        buffer.append(candle(minute))
    first, second = buffer.columns(), buffer.columns(5)
    assert first.close.flags.c_contiguous
    assert np.shares_memory(first.close, second.close)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (candle(3, close=nan), Refusal.NOT_FINITE),
        (candle(3, high=inf), Refusal.NOT_FINITE),
        (candle(3, volume=nan), Refusal.NOT_FINITE),
        (candle(3, low=0.0), Refusal.PRICE_NOT_POSITIVE),
        (candle(3, open=-1.0), Refusal.PRICE_NOT_POSITIVE),
        (candle(3, volume=-1.0), Refusal.NEGATIVE_VOLUME),
        (candle(3, high=98.0), Refusal.HIGH_BELOW_LOW),
        (candle(2), Refusal.DOUBLED),
        (candle(1), Refusal.OUT_OF_ORDER),
        (candle(-1), Refusal.IMPOSSIBLE_TIME),
        (candle(3, time_ms=3 * MINUTE * 1_000_000_000), Refusal.IMPOSSIBLE_TIME),
        (candle(3, time_ms=3 * MINUTE + 1), Refusal.MISALIGNED),
    ],
)
def test_s12_a_candle_that_cannot_be_is_refused_and_counted_with_its_reason(bad, reason):
    buffer = CandleBuffer("1m", 10)
    buffer.append(candle(2))
    assert not buffer.append(bad)
    assert buffer.refused[reason] == buffer.refused_count == 1
    assert buffer.last_refusal is reason
    assert list(buffer.columns()) == [candle(2)]


def test_high_and_low_are_widened_to_enclose_open_and_close():
    buffer = CandleBuffer("1m", 10)
    assert buffer.append(candle(0, close=103.0))
    assert buffer.append(candle(1, open=97.0))
    assert buffer.repaired == 2
    assert (buffer.columns().high.tolist(), buffer.columns().low.tolist()) == ([103, 101], [99, 97])


def test_holes_and_the_candles_they_lack_are_counted():
    buffer = CandleBuffer("1m", 10)
    for minute in (0, 1, 4, 5, 7):
        buffer.append(candle(minute))
    assert (buffer.gaps, buffer.missing) == (2, 3)


def test_the_first_candle_sets_the_day_of_the_week_on_which_weeks_open():
    week = 604_800_000
    monday = 4 * 86_400_000
    buffer = CandleBuffer("1w", 10)
    assert buffer.append(candle(0, time_ms=monday))
    assert not buffer.append(candle(0, time_ms=week))
    assert buffer.append(candle(0, time_ms=monday + week))
    assert buffer.refused[Refusal.MISALIGNED] == 1


def test_a_cleared_buffer_takes_an_older_history_and_keeps_its_counters():
    buffer = CandleBuffer("1m", 10)
    buffer.append(candle(5))
    buffer.append(candle(5))
    buffer.clear()
    assert buffer.append(candle(1))
    assert (len(buffer), buffer.refused_count, buffer.gaps) == (1, 1, 0)


def test_sound_columns_enter_at_once_and_count_their_gaps():
    buffer = CandleBuffer("1m", 3)
    buffer.append(candle(0))
    columns = CandleColumns.from_candles([candle(minute) for minute in (2, 3, 5, 6)])
    assert buffer.extend(columns) == 4
    assert (buffer.columns().time_ms // MINUTE).tolist() == [3, 5, 6]
    assert (buffer.gaps, buffer.missing, buffer.last) == (2, 2, candle(6))


def test_no_columns_are_no_candles():
    buffer = CandleBuffer("1m", 3)
    assert buffer.extend(CandleColumns.from_candles([])) == 0


def test_a_buffer_without_room_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        CandleBuffer("1m", 0)


def test_a_timeframe_that_is_none_is_refused():
    with pytest.raises(ValueError, match="5x"):
        CandleBuffer("5x", 10)


def test_a_real_recording_enters_whole_with_its_gaps(recording):
    recorded = read_recorded(recording("FREQTRADE_UNITTESTBTC_1m.csv.gz"))
    at_once, one_by_one = CandleBuffer("1m", 1_000), CandleBuffer("1m", 1_000)
    assert at_once.extend(recorded.columns) == 13_681
    assert all(map(one_by_one.append, recorded.columns))
    assert (at_once.gaps, at_once.missing) == (one_by_one.gaps, one_by_one.missing) == (538, 717)
    assert list(at_once.columns()) == list(one_by_one.columns())
