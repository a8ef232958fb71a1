"""What the limiter does while the venue says stop (418, 429, Retry-After), and at its bounds."""

import asyncio

import pytest

from cts_tui.errors import RateLimitedError
from cts_tui.exchange.limiter import BAN_WAIT_S, URGENT_WAIT_S, Limiter

from .limiter_rig import ACCOUNT, CANCEL, MARKET, ORDER, Rig
from .virtual_time import VirtualLoop, run


def test_nothing_at_all_is_sent_before_the_end_of_a_ban() -> None:
    async def main(loop: VirtualLoop) -> None:
        rig = Rig(loop)
        tasks = await rig.queue(20)
        rig.sent.clear()
        rig.limiter.throttle_until(4.0)
        tasks = [*tasks, rig.start("order", ORDER), rig.start("free", CANCEL, 0.0)]
        await asyncio.gather(*tasks)
        assert min(at for _, at, _ in rig.sent) == 4.0
        assert rig.names[:2] == ["order", "free"]
        assert not rig.refused

    run(main)


def test_after_a_ban_calls_begin_slowly() -> None:
    async def main(loop: VirtualLoop) -> None:
        rig = Rig(loop)
        rig.limiter.throttle_until(20.0)
        tasks = await rig.queue(40)
        await asyncio.gather(*tasks)
        assert rig.most_spent(1.0) <= 21
        assert rig.sent_at("market 0") == pytest.approx(20.05)

    run(main)


def test_a_shorter_ban_does_not_end_a_longer_one() -> None:
    async def main(loop: VirtualLoop) -> None:
        rig = Rig(loop)
        rig.limiter.throttle_until(10.0)
        rig.limiter.throttle_until(1.0)
        assert rig.limiter.figures()["throttled_s"] == 10.0
        await rig.send("balance", ACCOUNT)
        assert rig.now >= 10.0

    run(main)


def test_an_order_in_a_long_ban_fails_at_once_and_says_when_to_try_again() -> None:
    async def main(loop: VirtualLoop) -> None:
        rig = Rig(loop)
        rig.limiter.throttle_until(URGENT_WAIT_S + 15)
        await rig.send("order", ORDER)
        assert rig.now == 0
        assert rig.refused == [("order", URGENT_WAIT_S + 15)]
        with pytest.raises(RateLimitedError, match=r"not sent.*longer than 5 s.*in 20\.0 s"):
            await rig.limiter.acquire(1.0, ORDER)

    run(main)


def test_a_ban_of_minutes_fails_every_call_those_that_wait_too() -> None:
    async def main(loop: VirtualLoop) -> None:
        rig = Rig(loop)
        tasks = await rig.queue(5)
        rig.limiter.throttle_until(BAN_WAIT_S + 90)
        await rig.send("balance", ACCOUNT)
        await asyncio.gather(*tasks)
        assert rig.now == 0
        assert [name for name, _ in rig.refused] == ["balance", "market 2", "market 3", "market 4"]
        assert rig.waiting() == 0
        await asyncio.sleep(BAN_WAIT_S + 90)
        await rig.send("later", MARKET)
        assert rig.names[-1] == "later"

    run(main)


def test_a_call_gives_up_at_its_bound_and_costs_nothing() -> None:
    async def main(loop: VirtualLoop) -> None:
        rig = Rig(loop)
        tasks = await rig.queue(20)
        late = rig.start("impatient", MARKET, 1.0, 0.2)
        await asyncio.gather(*tasks, late)
        assert [name for name, _ in rig.refused] == ["impatient"]
        assert rig.limiter.figures()["spent"] == 20.0
        assert rig.waiting() == 0

    run(main)


def test_an_order_does_not_wait_longer_than_its_default_bound() -> None:
    async def main(loop: VirtualLoop) -> None:
        rig = Rig(loop, interval_ms=10_000)
        await rig.queue(10, ORDER)
        await asyncio.sleep(URGENT_WAIT_S + 1)
        assert len(rig.refused) == 10 - len(rig.sent)
        assert rig.waiting(ORDER) == 0

    run(main)


def test_a_ban_is_shown_until_it_ends() -> None:
    limiter = Limiter(interval_ms=50)
    limiter.throttle_until(60)  # from a thread without an event loop
    assert 50 < limiter.figures()["throttled_s"] <= 60
