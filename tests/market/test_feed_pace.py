import asyncio

from cts_tui.market.pace import Pace


async def test_a_stop_ends_the_wait_at_once():
    pace = Pace(interval_s=3_600)
    waiting = asyncio.create_task(pace.wait())
    await asyncio.sleep(0)
    pace.stop()
    await asyncio.wait_for(waiting, 5)
    assert not pace.is_running


async def test_a_wait_ends_with_its_interval():
    pace = Pace(interval_s=0)
    await pace.wait()
    assert pace.is_running


async def test_a_task_that_is_cancelled_while_it_waits_is_cancelled():
    waiting = asyncio.create_task(Pace(interval_s=3_600).wait())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
