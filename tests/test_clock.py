"""Clocks: what a wait is when somebody sets the clock."""

from cts_tui.clock import SystemClock, is_waiting


def test_a_wait_is_over_at_its_end_and_when_the_clock_was_set_back_behind_it() -> None:
    assert is_waiting(1_500, 1_000, 500)
    assert not is_waiting(1_500, 1_500, 500)
    assert not is_waiting(1_500, 999, 500), "no wait of the kind is that long"


def test_steady_time_only_ever_passes() -> None:
    clock = SystemClock()
    first = clock.steady_ms()
    assert 0 < first <= clock.steady_ms()
