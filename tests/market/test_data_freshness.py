import pytest

from cts_tui.market.freshness import FUTURE_TOLERANCE_MS, Freshness

NOON, MINUTE = 1_763_812_800_000, 60_000
FRESHNESS = Freshness("1m", tick_stale_s=30)


@pytest.mark.parametrize(
    ("now_ms", "is_stale"),
    [
        (NOON + MINUTE, False),
        (NOON + 3 * MINUTE, False),
        (NOON + 3 * MINUTE + 1, True),
        (NOON + MINUTE - FUTURE_TOLERANCE_MS, False),
        (NOON + MINUTE - FUTURE_TOLERANCE_MS - 1, True),
    ],
)
def test_s8_a_candle_is_stale_two_timeframes_after_its_close_or_when_it_has_not_closed(
    now_ms, is_stale
):
    assert FRESHNESS.is_candle_stale(NOON, now_ms) is is_stale


@pytest.mark.parametrize(
    ("age_ms", "is_stale"),
    [(0, False), (30_000, False), (30_001, True), (-2_000, False), (-2_001, True)],
)
def test_s8_a_tick_is_stale_beyond_its_bound_or_when_it_is_from_the_future(age_ms, is_stale):
    assert FRESHNESS.is_tick_stale(NOON - age_ms, NOON) is is_stale


def test_s8_what_has_never_come_is_stale():
    assert FRESHNESS.is_candle_stale(None, NOON)
    assert FRESHNESS.is_tick_stale(None, NOON)


def test_a_timeframe_that_is_none_is_refused():
    with pytest.raises(ValueError, match="not a timeframe"):
        Freshness("soon", 30).is_candle_stale(None, NOON)
