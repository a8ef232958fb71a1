"""Cleaning, the ring buffer and aggregation hold for whatever candles come."""

from math import inf, nan

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cts_tui.market.aggregate import CandleAggregator, aggregate
from cts_tui.market.candles import CandleBuffer
from cts_tui.market.clean import clean
from cts_tui.model.columns import CandleColumns
from cts_tui.model.market import Candle

MINUTE = 60_000
values = st.sampled_from([nan, inf, -1.0, 0.0, 1.0, 2.0, 3.5, 1e-9, 1e12])
times = st.integers(-2, 30).map(lambda minute: minute * MINUTE) | st.integers(-5, 2**60)
any_candles = st.lists(st.builds(Candle, times, values, values, values, values, values))
prices = st.floats(1e-6, 1e9)


@st.composite
def sound_candles(draw):
    """Candles at ascending minutes, with holes."""
    minutes = sorted(draw(st.sets(st.integers(0, 60))))
    ordered = [sorted(draw(st.tuples(prices, prices, prices, prices))) for _ in minutes]
    volumes = [draw(st.floats(0, 1e9)) for _ in minutes]
    return [
        Candle(minute * MINUTE, b, d, a, c, volume)
        for minute, (a, b, c, d), volume in zip(minutes, ordered, volumes, strict=True)
    ]


@given(any_candles)
def test_cleaned_candles_are_ascending_finite_positive_and_enclosed(candles):
    columns = clean(CandleColumns.from_candles(candles), "1m").columns
    assert (np.diff(columns.time_ms) > 0).all()
    for candle in columns:
        assert 0 < candle.low <= min(candle.open, candle.close)
        assert max(candle.open, candle.close) <= candle.high < inf
        assert 0 <= candle.volume < inf


@given(any_candles)
def test_every_row_is_kept_or_counted_as_dropped(candles):
    result = clean(CandleColumns.from_candles(candles), "1m")
    assert result.quality.rows == len(candles)
    assert result.quality.rows - result.quality.dropped == len(result.columns)


@given(any_candles)
def test_cleaning_twice_is_cleaning_once(candles):
    once = clean(CandleColumns.from_candles(candles), "1m")
    twice = clean(once.columns, "1m")
    assert list(twice.columns) == list(once.columns)
    assert (twice.quality.dropped, twice.quality.repaired, twice.quality.resorted) == (0, 0, 0)
    assert (twice.quality.gaps, twice.quality.missing) == (once.quality.gaps, once.quality.missing)


@given(st.lists(any_candles | sound_candles(), max_size=5), st.integers(1, 8), st.booleans())
def test_a_buffer_holds_the_last_of_what_a_plain_list_would(batches, capacity, is_at_once):
    buffer, kept = CandleBuffer("1m", capacity), []
    for batch in batches:
        before = len(kept)
        kept += _acceptable(batch, kept[-1].time_ms if kept else -1)
        if is_at_once:
            assert buffer.extend(CandleColumns.from_candles(batch)) == len(kept) - before
        else:
            assert sum(map(buffer.append, batch)) == len(kept) - before
    assert list(buffer.columns()) == kept[-capacity:]
    assert buffer.last == (kept[-1] if kept else None)
    assert buffer.refused_count == sum(map(len, batches)) - len(kept)


def _acceptable(batch, last_ms):
    """Return what enters, by cleaning each candle by itself."""
    for candle in batch:
        alone = list(clean(CandleColumns.from_candles([candle]), "1m").columns)
        if alone and candle.time_ms > last_ms and candle.time_ms % MINUTE == 0:
            last_ms = candle.time_ms
            yield alone[0]


@given(sound_candles(), st.sampled_from(["1m", "3m", "5m", "15m"]))
def test_aggregating_one_by_one_is_aggregating_at_once(candles, timeframe):
    aggregator = CandleAggregator("1m", timeframe)
    one_by_one = [coarse for candle in candles for coarse in aggregator.add(candle)]
    assert one_by_one == list(aggregate(CandleColumns.from_candles(candles), "1m", timeframe))


@given(sound_candles(), st.integers(0, 60))
def test_later_candles_never_change_a_coarse_candle_that_was_whole(candles, count):
    early = list(aggregate(CandleColumns.from_candles(candles[:count]), "1m", "5m"))
    late = list(aggregate(CandleColumns.from_candles(candles), "1m", "5m"))
    assert late[: len(early)] == early
