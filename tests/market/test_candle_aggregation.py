import pytest

from cts_tui.errors import ConfigError
from cts_tui.market.aggregate import CandleAggregator, aggregate, bucket_open_ms
from cts_tui.market.recorded import read_recorded
from cts_tui.model.columns import CandleColumns
from cts_tui.model.market import Candle

MINUTE, DAY = 60_000, 86_400_000


def fine(*minutes: int) -> list[Candle]:
    return [Candle(m * MINUTE, m + 10.0, m + 12.0, m + 9.0, m + 11.0, 1.0) for m in minutes]


def coarse(candles: list[Candle], to: str = "5m", from_: str = "1m") -> list[Candle]:
    return list(aggregate(CandleColumns.from_candles(candles), from_, to))


def test_five_minutes_make_one_candle_of_five_minutes():
    assert coarse(fine(0, 1, 2, 3, 4)) == [Candle(0, 10.0, 16.0, 9.0, 15.0, 5.0)]


def test_a_first_bucket_that_began_before_the_history_does_not_count():
    assert [c.time_ms for c in coarse(fine(*range(1, 10)))] == [5 * MINUTE]


def test_a_last_bucket_that_has_not_ended_does_not_count():
    assert [c.time_ms for c in coarse(fine(*range(9)))] == [0]


def test_a_bucket_in_between_is_built_from_what_there_is():
    result = coarse(fine(0, 1, 2, 3, 4, 6, 7, 10, 11, 12, 13, 14))
    assert [c.time_ms // MINUTE for c in result] == [0, 5, 10]
    assert result[1] == Candle(5 * MINUTE, 16.0, 19.0, 15.0, 18.0, 2.0)


def test_an_empty_bucket_gives_no_candle():
    assert [c.time_ms // MINUTE for c in coarse(fine(*range(5), *range(15, 20)))] == [0, 15]


def test_a_bucket_that_is_first_and_last_counts_only_when_whole():
    assert coarse(fine(1, 2, 3, 4)) == []
    assert coarse(fine(0, 1, 2, 3)) == []


def test_no_candles_make_no_candles():
    assert coarse([]) == []


def test_the_same_timeframe_changes_nothing():
    assert coarse(fine(3, 4, 7), to="1m") == fine(3, 4, 7)


def test_weeks_open_on_monday():
    days = [candle._replace(time_ms=i * DAY) for i, candle in enumerate(fine(*range(20)))]
    assert [c.time_ms // DAY for c in coarse(days, "1w", "1d")] == [4, 11]
    assert bucket_open_ms(10 * DAY + 5, "1w") == 4 * DAY


@pytest.mark.parametrize(("from_", "to"), [("5m", "1m"), ("5m", "7m"), ("7d", "1w"), ("1m", "x")])
def test_a_timeframe_that_cannot_be_built_is_refused(from_, to):
    with pytest.raises(ConfigError):
        coarse([], to, from_)
    with pytest.raises(ConfigError):
        CandleAggregator(from_, to)


def test_a_coarse_candle_comes_with_the_fine_candle_that_ends_it():
    aggregator = CandleAggregator("1m", "5m")
    ended = [aggregator.add(candle) for candle in fine(*range(10))]
    assert [len(candles) for candles in ended] == [0, 0, 0, 0, 1] * 2


def test_a_hole_at_the_end_of_a_bucket_may_end_two_at_once():
    aggregator = CandleAggregator("1m", "5m")
    ended = [aggregator.add(candle) for candle in fine(0, 1, 9)]
    assert [c.time_ms // MINUTE for c in ended[-1]] == [0, 5]


def test_a_fine_candle_that_comes_again_is_refused():
    aggregator = CandleAggregator("1m", "5m")
    aggregator.add(fine(1)[0])
    with pytest.raises(ValueError, match="does not come after"):
        aggregator.add(fine(1)[0])


def test_a_real_recording_aggregates_to_what_the_exchange_recorded(recording):
    minutes = read_recorded(recording("BYBIT_BTCUSDT_1m.csv.gz")).columns
    hours = {c.time_ms: c for c in read_recorded(recording("BYBIT_BTCUSDT_1h.csv")).columns}
    built = [c for c in aggregate(minutes, "1m", "1h") if c.time_ms in hours]
    assert len(built) > 700
    assert [c[:5] for c in built] == [hours[c.time_ms][:5] for c in built]
