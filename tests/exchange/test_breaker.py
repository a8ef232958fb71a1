import pytest

from cts_tui.errors import RetryableError
from cts_tui.exchange.breaker import LONGEST_WAIT_S, THRESHOLD, Breaker, BreakerState


class Rig:
    """A breaker on a clock that stands still."""

    def __init__(self, seed: int = 1) -> None:
        self.now = 100.0
        self.breaker = Breaker(lambda: int(self.now * 1000), monotonic=lambda: self.now, seed=seed)

    def fails(self, times: int = 1, wait_s: float | None = None) -> None:
        for given in [self.breaker.enter() for _ in range(times)]:
            self.breaker.failed(given, "no answer", wait_s)

    def wait_s(self, *, is_urgent: bool = False) -> float:
        with pytest.raises(RetryableError) as refused:
            self.breaker.enter(is_urgent=is_urgent)
        return refused.value.wait_s


def test_it_opens_after_failures_in_a_row_and_says_since_when() -> None:
    rig = Rig()
    rig.fails(THRESHOLD - 1)
    assert rig.breaker.is_closed
    rig.breaker.succeeded(rig.breaker.enter())
    rig.fails(THRESHOLD - 1)
    assert rig.breaker.is_closed, "an answer in between starts the count again"
    rig.now += 5
    rig.fails()
    assert rig.breaker.figures() == {
        "state": "open",
        "since_ms": 105_000,
        "next_try_ms": rig.breaker.next_try_ms,
        "failures": THRESHOLD,
        "last_error": "no answer",
    }
    assert 105_000 < rig.breaker.next_try_ms <= 106_000
    assert 0 < rig.wait_s() <= 1


def test_one_probe_goes_out_and_its_success_closes_it() -> None:
    rig = Rig()
    rig.fails(THRESHOLD)
    rig.now += 2
    probe = rig.breaker.enter()
    assert probe.is_probe
    assert rig.breaker.state is BreakerState.HALF_OPEN
    rig.wait_s()
    assert rig.breaker.since_ms == 100_000
    rig.breaker.succeeded(probe)
    assert rig.breaker.is_closed
    assert rig.breaker.next_try_ms == 0
    assert rig.breaker.since_ms == 102_000


def test_a_failed_probe_doubles_the_wait_up_to_a_bound() -> None:
    rig, waits = Rig(), []
    rig.fails(THRESHOLD)
    for _ in range(9):
        waits.append(rig.breaker.next_try_ms / 1000 - rig.now)
        rig.now += LONGEST_WAIT_S
        rig.fails()
    bounds = [1, 2, 4, 8, 16, 30, 30, 30, 30]
    assert all(bound / 2 <= wait <= bound for wait, bound in zip(waits, bounds, strict=True))
    assert len(set(waits)) == len(waits), "the waits are jittered"


def test_requests_that_were_on_their_way_count_as_one_opening() -> None:
    rig = Rig()
    rig.fails(50)
    assert rig.breaker.next_try_ms <= 101_000


def test_cancels_and_exits_may_try_while_it_is_open_but_not_in_a_storm() -> None:
    rig = Rig()
    rig.fails(THRESHOLD)
    given = rig.breaker.enter(is_urgent=True)
    assert not given.is_probe
    assert 0 < rig.wait_s(is_urgent=True) <= 1
    rig.breaker.failed(given, "no answer")
    rig.now += 1
    rig.breaker.succeeded(rig.breaker.enter(is_urgent=True))
    assert rig.breaker.is_closed


def test_the_exchanges_own_wait_opens_it_at_once_and_is_kept() -> None:
    rig = Rig()
    rig.fails(1, wait_s=60)
    assert rig.wait_s() == pytest.approx(60)


def test_a_probe_that_was_cancelled_makes_room_for_the_next() -> None:
    rig = Rig()
    rig.fails(THRESHOLD)
    rig.now += 2
    rig.breaker.released(rig.breaker.enter())
    assert rig.breaker.state is BreakerState.OPEN
    assert rig.breaker.enter().is_probe


def test_two_breakers_do_not_try_at_the_same_moment() -> None:
    first, second = Rig(seed=1), Rig(seed=2)
    first.fails(THRESHOLD)
    second.fails(THRESHOLD)
    assert first.breaker.next_try_ms != second.breaker.next_try_ms
