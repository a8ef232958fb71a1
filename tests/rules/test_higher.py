import numpy as np
import pytest

from cts_tui.model.columns import CandleColumns
from cts_tui.model.market import Candle, timeframe_ms
from cts_tui.rules.higher import Bucket, Higher, aggregate

MINUTE = 60_000
HOUR = 60 * MINUTE


def candles(*minutes: int) -> CandleColumns:
    """Candles that open at these minutes; the close is the minute, the volume 0.1."""
    return CandleColumns.from_candles(
        [Candle(m * MINUTE, m + 0.5, m + 1.0, m - 1.0, float(m), 0.1) for m in minutes]
    )


def closings(columns: CandleColumns, higher: Higher) -> list[tuple[int, Candle]]:
    """The higher candles of a live bucket, with the row at which each came."""
    bucket = Bucket(higher)
    return [(row, made) for row, candle in enumerate(columns) for made in bucket.add(candle)]


def vector(columns: CandleColumns, higher: Higher) -> list[tuple[int, Candle]]:
    made, rows = aggregate(columns, higher)
    return list(zip(rows.tolist(), made, strict=True))


HALF_HOURS = Higher("30m", "1h")


def test_a_bucket_closes_with_the_candle_that_reaches_its_end():
    [(row, candle)] = vector(candles(0, 30), HALF_HOURS)
    assert row == 1
    assert candle == Candle(0, 0.5, 31.0, -1.0, 30.0, 0.2)


def test_an_unfinished_bucket_is_not_seen():
    assert vector(candles(0, 30, 60), HALF_HOURS) == vector(candles(0, 30), HALF_HOURS)


def test_a_bucket_whose_last_candle_is_missing_closes_when_the_next_begins():
    rows = [(row, made.time_ms // HOUR) for row, made in vector(candles(0, 60, 90), HALF_HOURS)]
    assert rows == [(1, 0), (2, 1)]


def test_one_candle_may_close_two_buckets():
    rows = [(row, made.time_ms // HOUR) for row, made in vector(candles(0, 90), HALF_HOURS)]
    assert rows == [(1, 0), (1, 1)]


def test_the_first_bucket_counts_only_if_it_is_there_from_its_start():
    rows = [made.time_ms // HOUR for _, made in vector(candles(30, 60, 90), HALF_HOURS)]
    assert rows == [1]


def test_a_later_bucket_counts_even_if_its_start_is_missing():
    rows = [made.time_ms // HOUR for _, made in vector(candles(0, 30, 90), HALF_HOURS)]
    assert rows == [0, 1]


def test_weeks_begin_on_mondays():
    monday = 1_735_516_800_000  # 2024-12-30
    assert Higher("1d", "1w").start(monday + 6 * timeframe_ms("1d")) == monday
    assert Higher("1d", "1w").start(monday - 1) == monday - timeframe_ms("1w")


def test_no_candles_make_no_candles():
    assert vector(candles(), HALF_HOURS) == []


@pytest.mark.parametrize("seed", range(30))
def test_the_live_bucket_makes_the_same_candles_from_any_history(seed):
    random = np.random.default_rng(seed)
    minutes = (random.integers(0, 9) + np.cumsum(random.integers(1, 5, size=60))) * 5
    columns = candles(*minutes.tolist())
    higher = Higher("5m", "15m")
    assert closings(columns, higher) == vector(columns, higher)
    for split in range(len(columns)):
        bucket = Bucket(higher)
        bucket.fill(columns.slice(0, split))
        made = [x for candle in columns.slice(split) for x in bucket.add(candle)]
        assert made == [x for row, x in vector(columns, higher) if row >= split]
