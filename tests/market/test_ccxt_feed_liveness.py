"""A quiet market, a stalled stream and a dead feed, told apart."""

from cts_tui.market.ccxt_feed_liveness import Liveness, Pulse

A, B = "A/USDT", "B/USDT"


def watching(now: float = 0.0) -> Liveness:
    return Liveness((A, B), now, silent_ms=10_000)


def test_silence_is_looked_into_after_its_bound_and_not_over_and_over() -> None:
    liveness = watching()
    liveness.heard(A, 5_000)
    assert liveness.silent(9_999) == []
    assert liveness.silent(10_000) == [B]
    liveness.checked(B, 10_000, has_moved=False)
    assert liveness.silent(15_000) == [A]
    assert liveness.silent(20_000) == [A, B]


def test_a_symbol_that_moved_while_the_stream_was_silent_has_stalled() -> None:
    liveness = watching()
    liveness.checked(A, 10_000, has_moved=True)
    assert liveness.stalled(11_999) == []
    assert liveness.stalled(12_000) == [A]


def test_a_stream_that_tells_it_in_time_has_not() -> None:
    liveness = watching()
    liveness.checked(A, 10_000, has_moved=True)
    liveness.heard(A, 10_500)
    assert liveness.stalled(20_000) == []


def test_a_stream_that_is_new_has_its_time() -> None:
    liveness = watching()
    liveness.checked(A, 10_000, has_moved=True)
    liveness.begin_stream(12_000)
    assert liveness.stalled(14_000) == []
    assert liveness.silent(13_000) == []


def test_pulses() -> None:
    liveness = watching()
    assert liveness.pulse(A, 1.0, is_streaming=True) is Pulse.DEAD
    liveness.heard(A, 1_000)
    assert liveness.pulse(A, 2_000, is_streaming=True) is Pulse.STREAM
    assert liveness.pulse(A, 11_000, is_streaming=True) is Pulse.DEAD
    liveness.checked(A, 11_000, has_moved=False)
    assert liveness.pulse(A, 11_001, is_streaming=True) is Pulse.QUIET
    assert liveness.pulse(A, 11_001, is_streaming=False) is Pulse.REST
    assert liveness.pulse(A, 41_001, is_streaming=False) is Pulse.DEAD


def test_a_feed_is_alive_while_anything_is_heard_of_any_symbol() -> None:
    liveness = watching()
    assert not liveness.is_alive(1.0)
    liveness.checked(B, 1_000, has_moved=False)
    assert liveness.is_alive(20_000)
    assert not liveness.is_alive(21_000)


def test_symbols_come_and_go() -> None:
    liveness = watching()
    liveness.heard(A, 1_000)
    liveness.watch((A, "C/USDT"), 2_000)
    liveness.heard(B, 3_000)
    assert liveness.age_ms(A, 4_000) == 3_000
    assert liveness.age_ms("C/USDT", 4_000) is None
    assert liveness.silent(11_000) == [A]
