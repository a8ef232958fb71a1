"""The limiter: orders first, never a burst, nothing lost, nobody starved."""

import asyncio

from cts_tui.exchange.limiter import Limiter

from .limiter_rig import ACCOUNT, CANCEL, MARKET, ORDER, Rig
from .virtual_time import VirtualLoop, run

RATE, BURST, COMMON = 20.0, 5.0, 2.5


def test_calls_of_a_class_go_out_in_their_order_at_the_venues_rate() -> None:
    async def main(loop: VirtualLoop) -> None:
        rig = Rig(loop)
        await asyncio.gather(*await rig.queue(50))
        assert rig.names == [f"market {n}" for n in range(50)]
        assert abs(rig.now - (50 - COMMON) / RATE) < 1e-3

    run(main)


def test_a_call_does_not_pass_those_whose_turn_has_come_but_that_have_not_gone_on_yet() -> None:
    async def main(loop: VirtualLoop) -> None:
        rig = Rig(loop)
        tasks = await rig.queue(4)
        loop.advance(60)
        tasks = [*tasks, *[rig.start(f"market {n}", MARKET, 0.0) for n in range(4, 7)]]
        await asyncio.gather(*tasks)
        assert rig.names == [f"market {n}" for n in range(7)]

    run(main)


def test_a_hundred_queued_fetches_do_not_delay_an_order_or_a_cancel() -> None:
    async def main(loop: VirtualLoop) -> None:
        rig = Rig(loop)
        tasks = await rig.queue(100)
        await asyncio.sleep(1.0)
        for name, priority in (("order", ORDER), ("cancel", CANCEL)):
            asked_at = rig.now
            await rig.send(name, priority)
            assert rig.sent_at(name) == asked_at
        assert rig.waiting() > 70
        await asyncio.gather(*tasks)

    run(main)


def test_classes_are_served_in_their_order() -> None:
    async def main(loop: VirtualLoop) -> None:
        rig = Rig(loop)
        await rig.queue(10)
        await rig.queue(10, ORDER)
        late = [rig.start(p.name, p) for p in (MARKET, ACCOUNT, CANCEL, ORDER)]
        await asyncio.sleep(0)
        await asyncio.gather(*late)
        assert rig.sent_at("ORDER") < rig.sent_at("CANCEL")
        assert rig.sent_at("ACCOUNT") < rig.sent_at("MARKET")
        assert rig.sent_at("ACCOUNT") < rig.sent_at("market 9")

    run(main)


def test_market_data_leaves_the_reserve_alone_and_an_idle_desk_gives_orders_all() -> None:
    async def main(loop: VirtualLoop) -> None:
        rig = Rig(loop)
        tasks = await rig.queue(10)
        assert len(rig.sent) == 2
        await asyncio.gather(*tasks)
        await asyncio.sleep(10)
        rig.sent.clear()
        tasks = await rig.queue(10, ORDER)
        assert len(rig.sent) == 4
        await asyncio.gather(*tasks)

    run(main)


def test_a_call_dearer_than_the_burst_goes_out_and_is_paid_off_before_the_next() -> None:
    async def main(loop: VirtualLoop) -> None:
        rig = Rig(loop)
        tasks = [rig.start("tickers", MARKET, 40.0), rig.start("next", MARKET)]
        await asyncio.gather(*tasks)
        assert rig.sent_at("tickers") == 0
        assert abs(rig.sent_at("next") - (40 - COMMON + 1) / RATE) < 1e-3

    run(main)


def test_a_dear_fetch_does_not_delay_an_order() -> None:
    async def main(loop: VirtualLoop) -> None:
        rig = Rig(loop)
        await rig.send("tickers", MARKET, 1_000.0)
        await rig.send("order", ORDER, 2.0)
        await rig.send("dear order", ORDER, 8.0, max_wait_s=60)
        assert rig.sent_at("order") == 0
        assert abs(rig.sent_at("dear order") - 2.0 / (0.9 * RATE)) < 1e-3

    run(main)


def test_a_stopped_process_goes_on_without_a_burst() -> None:
    async def main(loop: VirtualLoop) -> None:
        rig = Rig(loop)
        tasks = await rig.queue(200)
        await asyncio.sleep(1.0)
        for _ in range(3):
            rig.sent.clear()
            loop.advance(3_600)
            await asyncio.sleep(1.0)
            assert 0 < len(rig.sent) <= RATE + BURST
        await asyncio.gather(*tasks)

    run(main)


def test_a_cancelled_call_leaves_the_queue_and_costs_nothing() -> None:
    async def main(loop: VirtualLoop) -> None:
        rig = Rig(loop)
        tasks = await rig.queue(10)
        for task in tasks[2:9]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert rig.names == ["market 0", "market 1", "market 9"]
        assert abs(rig.now - 0.5 / RATE) < 1e-3
        assert rig.limiter.figures()["spent"] == 3.0

    run(main)


def test_a_call_cancelled_while_it_is_granted_gives_its_weight_back() -> None:
    async def main(loop: VirtualLoop) -> None:
        rig = Rig(loop)
        tasks = await rig.queue(4)
        loop.advance(60)  # its turn has come, but the loop has not told it yet
        rig.limiter.set_share(0.999)
        assert rig.limiter.figures()["spent"] == 4.0
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert rig.names == ["market 0", "market 1"]
        assert rig.limiter.figures()["spent"] == 2.0
        await rig.send("next", MARKET, 2.0)
        assert rig.sent_at("next") == rig.now

    run(main)


def test_endless_orders_do_not_starve_market_data_nor_cancels() -> None:
    async def main(loop: VirtualLoop) -> None:
        rig = Rig(loop)

        async def endless() -> None:
            while True:
                await rig.send("order", ORDER, max_wait_s=60)

        busy = [asyncio.ensure_future(endless()) for _ in range(4)]
        await asyncio.sleep(1.0)
        for name, priority in (("candles", MARKET), ("balance", ACCOUNT), ("cancel", CANCEL)):
            await rig.send(name, priority, max_wait_s=30)
        assert not rig.refused
        for task in busy:
            task.cancel()
        assert rig.most_spent(1.0) <= RATE + BURST + 1

    run(main)


def test_endless_account_calls_do_not_starve_market_data() -> None:
    async def main(loop: VirtualLoop) -> None:
        rig = Rig(loop)
        tasks = [*await rig.queue(400, ACCOUNT), *await rig.queue(3)]
        await asyncio.gather(*tasks)
        assert rig.names.index("market 0") < 30
        assert rig.names.index("market 2") < 80

    run(main)


def test_half_the_share_is_half_the_rate_and_half_the_burst() -> None:
    async def main(loop: VirtualLoop) -> None:
        rig = Rig(loop)
        rig.limiter.set_share(0.5)
        await asyncio.gather(*await rig.queue(20))
        assert abs(rig.now - (20 - COMMON / 2) / (RATE / 2)) < 1e-3
        tasks = await rig.queue(20)
        rig.limiter.set_share(1.0)
        await asyncio.gather(*tasks)
        assert rig.limiter.figures()["share_pct"] == 100.0

    run(main)


def test_a_small_share_still_lets_every_call_pass() -> None:
    async def main(loop: VirtualLoop) -> None:
        rig = Rig(loop, interval_ms=1_000, share=0.05)
        await rig.send("order", ORDER, 2.0)
        await rig.send("tickers", MARKET, 10.0)
        assert rig.now == 0
        await rig.send("next", MARKET)
        assert rig.now > 10 / 0.05

    run(main)


def test_waiting_costs_one_timer_a_call() -> None:
    async def main(loop: VirtualLoop) -> None:
        rig = Rig(loop)
        tasks = await rig.queue(100)
        before = loop.timers
        await asyncio.gather(*tasks)
        assert loop.timers - before <= 105

    run(main)


def test_figures_tell_headroom_queues_and_waits() -> None:
    async def main(loop: VirtualLoop) -> None:
        rig = Rig(loop)
        assert rig.limiter.figures()["headroom_pct"] == 100.0
        tasks = await rig.queue(100)
        await rig.send("order", ORDER)
        figures = rig.limiter.figures()
        assert figures["waiting"] == {"order": 0, "cancel": 0, "account": 0, "market": 98}
        await asyncio.gather(*tasks)
        figures = rig.limiter.figures()
        assert figures["waited_p95_ms"]["order"] == 0.0
        assert abs(figures["waited_p95_ms"]["market"] - 4_630) < 60
        assert figures["spent"] == 101.0
        assert abs(figures["headroom_pct"] - 100 * (1 - 101 / 1_200)) < 0.1
        await asyncio.sleep(61)
        assert rig.limiter.figures()["headroom_pct"] == 100.0

    run(main)


def test_without_calls_nothing_is_waited_for() -> None:
    assert Limiter(interval_ms=50).figures()["waited_p95_ms"]["market"] == 0.0
