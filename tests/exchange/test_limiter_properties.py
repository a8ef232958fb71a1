"""What must hold of the rate limiter, whatever is asked of it and however long it is stopped."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from cts_tui.exchange.budget import Budget
from cts_tui.exchange.limiter import Priority

from .limiter_rig import Rig
from .virtual_time import VirtualLoop, run

weights = st.floats(min_value=0.0, max_value=30.0)
gaps_s = st.floats(min_value=0.0, max_value=2.0)
calls = st.tuples(st.sampled_from(Priority), weights, gaps_s, st.booleans(), st.booleans())


@settings(max_examples=60, deadline=None)
@given(
    st.lists(calls, min_size=1, max_size=40),
    st.floats(min_value=1.0, max_value=3_000.0),
    st.floats(min_value=0.05, max_value=1.0),
)
def test_no_window_exceeds_the_rate_every_call_passes_and_order_is_kept(
    plan: list[tuple[Priority, float, float, bool, bool]], interval_ms: float, share: float
) -> None:
    async def main(loop: VirtualLoop) -> None:
        rig = Rig(loop, interval_ms=interval_ms, share=share)
        kept, given_up = [], []
        for number, (priority, weight, gap_s, is_stopped, is_cancelled) in enumerate(plan):
            task = rig.start(f"{priority.name} {number}", priority, weight, 1e9)
            (given_up if is_cancelled else kept).append(task)
            await asyncio.sleep(0)
            if is_stopped:
                loop.advance(gap_s * 100)
            else:
                await asyncio.sleep(gap_s)
        for task in given_up:
            task.cancel()
        await asyncio.gather(*kept, *given_up, return_exceptions=True)
        assert len(rig.sent) >= len(kept)
        _assert_rate(rig, interval_ms, share)
        _assert_order(rig)
        spent = sum(weight for _, _, weight in rig.sent)
        assert abs(rig.limiter.figures()["spent"] - spent) < 1e-2

    run(main)


def _assert_rate(rig: Rig, interval_ms: float, share: float) -> None:
    """Check that what goes out in any window is its flow, the burst, and one dear call a purse.

    Twice: what was granted in the moment before a stop goes out after it.
    """
    rate = share * 1000.0 / interval_ms
    burst = max(0.25 * 1000.0 / interval_ms, 2.0) * share
    slack = 2 * (burst + 2 * max(weight for _, _, weight in rig.sent)) + 1e-3
    for first, (_, start, _) in enumerate(rig.sent):
        total = 0.0
        for _, at, weight in rig.sent[first:]:
            total += weight
            assert total <= rate * (at - start) + slack


def _assert_order(rig: Rig) -> None:
    for priority in Priority:
        numbers = [int(name.split()[1]) for name in rig.names if name.startswith(priority.name)]
        assert numbers == sorted(numbers)


@given(
    st.floats(min_value=1.0, max_value=3_000.0),
    st.lists(st.tuples(weights, st.booleans(), gaps_s), max_size=20),
    weights,
)
def test_the_predicted_wait_is_exactly_what_it_takes(
    interval_ms: float, spent: list[tuple[float, bool, float]], weight: float
) -> None:
    for is_urgent in (True, False):
        budget, now = Budget(interval_ms=interval_ms, burst=None, share=1.0, now=0.0), 0.0
        for each, from_reserve, gap_s in spent:
            (budget.reserve if from_reserve else budget.common).stock -= each
            now += gap_s
            budget.fill(now)
        purse = budget.reserve if is_urgent else budget.common
        wait = budget.reserve_wait_s if is_urgent else budget.common_wait_s
        wait_s = wait(weight)
        if wait_s > 1e-3:
            budget.fill(now + wait_s * 0.99)
            assert purse.lack(weight) > 0
        budget.fill(now + wait_s + 1e-6)
        assert purse.lack(weight) == 0


@given(st.floats(min_value=1.0, max_value=3_000.0), st.lists(gaps_s, max_size=30))
def test_no_rest_earns_more_than_the_burst(interval_ms: float, rests_s: list[float]) -> None:
    budget, now = Budget(interval_ms=interval_ms, burst=None, share=1.0, now=0.0), 0.0
    burst = max(250.0 / interval_ms, 2.0)
    for rest_s in rests_s:
        now += rest_s * 1_000
        budget.fill(now)
        assert budget.reserve.stock + budget.common.stock <= burst + 1e-9
