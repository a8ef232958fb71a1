"""Candles on their way from stream and REST into the pipeline: closed, in order, once."""

import math
from typing import Any

import pytest

from cts_tui.market.candles import Refusal
from cts_tui.market.ccxt_feed_candles import CandleAssembly

M = 60_000
T0 = 1_743_699_600_000
GRACE = 2_000


def row(number: int, close: Any = 100.0, **values: Any) -> list[Any]:
    """Return ccxt's row of the candle `number` minutes after T0."""
    named = {"open": 100.0, "high": 101.0, "low": 99.0, "close": close, "volume": 1.0, **values}
    return [T0 + number * M, *named.values()]


def begun() -> CandleAssembly:
    """Return an assembly whose history ends with the candle before T0."""
    assembly = CandleAssembly("1m", grace_ms=GRACE)
    assembly.begin_after(T0 - M)
    return assembly


def numbers(candles: list[Any]) -> list[int]:
    return [(candle.time_ms - T0) // M for candle in candles]


def test_a_forming_candle_is_not_handed_on_and_counts_once_a_newer_one_comes() -> None:
    assembly = begun()
    assert assembly.observe([row(0, 100.5)], T0 + 1_000)
    assert assembly.take() == []
    assembly.observe([row(0, 100.7), row(1)], T0 + M + 10)
    (candle,) = assembly.take()
    assert (candle.time_ms, candle.close) == (T0, 100.7)
    assert assembly.take() == []


def test_rows_seen_again_are_no_news() -> None:
    assembly = begun()
    rows = [row(0), row(1)]
    assert assembly.observe(rows, T0 + M)
    assert not assembly.observe(rows, T0 + M + 1)


def test_a_stream_that_begins_after_the_close_does_not_settle_the_candle() -> None:
    assembly = begun()
    assembly.observe([row(0), row(1)], T0 + M + 500)
    assert assembly.take() == []
    assert assembly.due(T0 + M + GRACE) == T0 - M


def test_what_was_said_before_a_break_is_asked_of_rest() -> None:
    assembly = begun()
    assembly.observe([row(0, 100.1)], T0 + 1_000)
    assembly.break_off()
    assembly.observe([row(0, 100.1), row(1)], T0 + M + 10)
    assert assembly.take() == []
    (candle,) = assembly.settle([row(0, 100.9), row(1)], T0 - M, T0 + M + GRACE)
    assert candle.close == 100.9
    assert assembly.filled == 1


def test_a_stream_that_tells_a_candle_anew_after_a_break_settles_it() -> None:
    assembly = begun()
    assembly.observe([row(0, 100.1)], T0 + 1_000)
    assembly.break_off()
    assembly.observe([row(0, 100.2)], T0 + 30_000)
    assembly.observe([row(0, 100.3), row(1)], T0 + M + 10)
    assert [candle.close for candle in assembly.take()] == [100.3]


def test_nothing_is_due_before_the_grace_is_over() -> None:
    assembly = begun()
    assert assembly.due(T0 + M + GRACE - 1) is None
    assert assembly.due(T0 + M + GRACE) == T0 - M


def test_a_quiet_candle_is_confirmed_by_rest_and_goes_before_newer_ones() -> None:
    assembly = begun()
    assembly.observe([row(0)], T0 + 1_000)
    assert numbers(assembly.settle([row(-1), row(0), row(1)], T0 - M, T0 + M + GRACE)) == [0]
    assembly.observe([row(3)], T0 + 3 * M + 10)
    assert assembly.take() == []
    rest = [row(0), row(1), row(2), row(3)]
    assert numbers(assembly.settle(rest, T0, T0 + 3 * M + GRACE)) == [1, 2]


def test_the_forming_candle_of_rest_is_left_out() -> None:
    assembly = begun()
    assert numbers(assembly.settle([row(0), row(1)], T0 - M, T0 + M + GRACE)) == [0]


def test_a_candle_that_the_venue_jumps_over_is_missing_and_not_asked_for_again() -> None:
    assembly = begun()
    rest = [row(-1), row(2), row(3)]
    now = T0 + 3 * M + GRACE
    assert numbers(assembly.settle(rest, T0 - M, now)) == [2]
    assert assembly.missing == 2
    assert assembly.due(now) is None


def test_an_answer_that_begins_too_late_proves_nothing_until_it_is_repeated() -> None:
    assembly = begun()
    now = T0 + 3 * M + GRACE
    for _ in range(3):
        assert assembly.settle([row(2), row(3)], T0 - M, now) == []
        assert assembly.missing == 0
    assert numbers(assembly.settle([row(2), row(3)], T0 - M, now)) == [2]
    assert assembly.missing == 2


def test_what_rest_does_not_have_yet_is_asked_for_later_and_later() -> None:
    assembly = begun()
    now, waits = T0 + M + GRACE, []
    for _ in range(6):
        assembly.settle([row(-1)], T0 - M, now)
        wait = next(ms for ms in range(0, 10**6, 1_000) if assembly.due(now + ms) is not None)
        waits.append(wait)
        now += wait
    assert waits == [2_000, 5_000, 15_000, 60_000, 60_000, 60_000]


def test_nonsense_in_a_closed_candle_of_rest_is_asked_for_again_before_it_counts_as_missing() -> (
    None
):
    assembly = begun()
    now = T0 + 2 * M + GRACE
    for _ in range(3):
        assert assembly.settle([row(-1), row(0, None), row(1), row(2)], T0 - M, now) == []
    told = assembly.settle([row(-1), row(0), row(1), row(2)], T0 - M, now)
    assert numbers(told) == [0, 1]
    assert assembly.missing == 0


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (row(0, None), Refusal.NOT_FINITE),
        (row(0, math.nan), Refusal.NOT_FINITE),
        (row(0, math.inf), Refusal.NOT_FINITE),
        (row(0, "nonsense"), Refusal.NOT_FINITE),
        (row(0, 0.0), Refusal.PRICE_NOT_POSITIVE),
        (row(0, -1.0), Refusal.PRICE_NOT_POSITIVE),
        (row(0, volume=None), Refusal.NOT_FINITE),
        (row(0, volume=-1.0), Refusal.NEGATIVE_VOLUME),
        (row(0, high=98.0), Refusal.HIGH_BELOW_LOW),
        ([T0 + 7, 1.0, 1.0, 1.0, 1.0, 1.0], Refusal.MISALIGNED),
        ([T0 + 60 * M, 1.0, 1.0, 1.0, 1.0, 1.0], Refusal.IMPOSSIBLE_TIME),
        ([None, 1.0, 1.0, 1.0, 1.0, 1.0], Refusal.IMPOSSIBLE_TIME),
        ([], Refusal.IMPOSSIBLE_TIME),
        ([T0, 1.0], Refusal.NOT_FINITE),
    ],
)
def test_s12_a_row_that_is_no_candle_is_refused_and_never_handed_on(
    bad: list[Any], reason: Refusal
) -> None:
    assembly = begun()
    assembly.observe([row(0)], T0 + 1_000)
    assembly.observe([bad], T0 + 2_000)
    assembly.observe([row(1)], T0 + M + 1)
    assert reason in assembly.refused
    assert all(math.isfinite(candle.close) for candle in assembly.take())


def test_a_refused_row_is_counted_once_however_often_it_is_looked_at() -> None:
    assembly = begun()
    rows = [row(0, math.nan)]
    for _ in range(5):
        assembly.observe(rows, T0 + 1_000)
    assert assembly.refused == {Refusal.NOT_FINITE: 1}


def test_out_of_order_updates_within_time_are_put_in_order() -> None:
    assembly = begun()
    assembly.observe([row(0)], T0 + 1)
    assembly.observe([row(1), row(0, 100.4)], T0 + M + 1)
    assert [candle.close for candle in assembly.take()] == [100.4]


def test_a_later_word_on_a_candle_already_handed_on_is_counted_and_changes_nothing() -> None:
    assembly = begun()
    assembly.observe([row(0)], T0 + 1)
    assembly.observe([row(0, 100.1), row(1)], T0 + M + 1)
    assert len(assembly.take()) == 1
    for _ in range(3):
        assembly.observe([row(0, 100.2), row(1)], T0 + M + 2)
    assert assembly.take() == []
    assert assembly.corrected == 1


def test_a_candle_that_rest_tells_otherwise_than_an_unbroken_stream_is_a_contradiction() -> None:
    assembly = begun()
    assembly.observe([row(-1)], T0 - 1)
    assembly.observe([row(0, 100.1)], T0 + 1)
    assembly.settle([row(-1), row(0, 100.9, high=102.0), row(1)], T0 - M, T0 + M + GRACE)
    assert assembly.contradicted == 1


def test_leftovers_of_an_earlier_stream_are_neither_news_nor_the_last_word() -> None:
    assembly = begun()
    assembly.remember([row(0, 100.1)])
    assert not assembly.observe([row(0, 100.1)], T0 + 1)
    assembly.observe([row(0, 100.1), row(1)], T0 + M + 1)
    assert assembly.take() == []


def test_after_a_long_gap_rest_is_asked_from_near_the_gap() -> None:
    assembly = begun()
    assembly.settle([row(-1), row(100)], T0 - M, T0 + 100 * M + GRACE)
    assert assembly.missing == 100
    now = T0 + 102 * M + GRACE
    assert assembly.due(now) == T0 + 99 * M


def test_without_a_beginning_nothing_is_due_or_handed_on() -> None:
    assembly = CandleAssembly("1m", grace_ms=GRACE)
    assembly.observe([row(0), row(1)], T0 + M)
    assert (assembly.take(), assembly.due(T0 + 9 * M)) == ([], None)
    assert assembly.settle([row(0)], T0, T0 + 9 * M) == []
