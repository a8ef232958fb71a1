"""One budget for all connections to one exchange: across event loops, threads and shares."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cts_tui.errors import RateLimitedError
from cts_tui.exchange.limiter import (
    Limiter,
    Priority,
    limiter_of,
    share_out,
)

from .virtual_time import VirtualLoop


def test_an_exchange_has_one_limiter_per_address() -> None:
    first = limiter_of("one-venue", "http://a", interval_ms=50)
    assert limiter_of("one-venue", "http://a", interval_ms=50) is first
    assert limiter_of("one-venue", "http://b", interval_ms=50) is not first
    assert limiter_of("other-venue", "http://a", interval_ms=50) is not first


def test_the_slowest_interval_that_was_asked_for_holds() -> None:
    limiter_of("slow-venue", interval_ms=50)
    assert limiter_of("slow-venue", interval_ms=80).figures()["interval_ms"] == 80
    assert limiter_of("slow-venue", interval_ms=20).figures()["interval_ms"] == 80


def test_a_share_reaches_the_limiters_that_are_and_those_to_come() -> None:
    early = limiter_of("shared-venue", interval_ms=50)
    share_out({"shared-venue": 0.25})
    late = limiter_of("shared-venue", "http://b", interval_ms=50)
    assert [each.figures()["share_pct"] for each in (early, late)] == [25.0, 25.0]
    share_out({"third-venue": 0.5})
    assert early.figures()["share_pct"] == 25.0


async def spend(limiter: Limiter, count: int, priority: Priority) -> None:
    await asyncio.gather(*(limiter.acquire(1.0, priority) for _ in range(count)))


def test_two_event_loops_in_two_threads_share_one_budget() -> None:
    limiter = Limiter(interval_ms=2)
    with ThreadPoolExecutor(3) as threads:
        runs = [
            threads.submit(asyncio.run, spend(limiter, 60, priority))
            for priority in (Priority.MARKET, Priority.MARKET, Priority.ACCOUNT)
        ]
        for each in runs:
            each.result(timeout=20)
    figures = limiter.figures()
    assert figures["spent"] == 180
    assert set(figures["waiting"].values()) == {0}


def test_a_waiting_call_is_woken_from_another_thread() -> None:
    limiter = Limiter(interval_ms=1e9)
    waits = threading.Event()

    async def main() -> None:
        await limiter.acquire(1.0, Priority.MARKET)
        call = asyncio.ensure_future(limiter.acquire(1.0, Priority.MARKET))
        await asyncio.sleep(0)
        waits.set()
        with pytest.raises(RateLimitedError, match="not sent"):
            await call

    with ThreadPoolExecutor(1) as threads:
        run = threads.submit(asyncio.run, main())
        assert waits.wait(20)
        limiter.throttle_until(3_600)
        run.result(timeout=20)


def test_calls_of_a_loop_that_is_gone_hold_nobody_up() -> None:
    limiter = Limiter(interval_ms=5)
    gone = VirtualLoop()
    calls = [gone.create_task(spend(limiter, 50, Priority.MARKET))]
    gone.run_until_complete(asyncio.sleep(0))
    gone.close()
    asyncio.run(asyncio.wait_for(spend(limiter, 5, Priority.MARKET), 20))
    assert limiter.figures()["waiting"]["market"] == 0
    for call in calls:
        call._log_destroy_pending = False  # type: ignore[attr-defined]
