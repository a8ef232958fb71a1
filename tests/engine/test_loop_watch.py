"""A blocked event loop is seen from a thread, told at once, and costs its process its leases."""

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest

import cts_tui.engine.loop_watch as loop_watch_module
import cts_tui.engine.program as program_module
import cts_tui.engine.registration as registration_module
from cts_tui.engine.loop_watch import LoopWatch
from cts_tui.engine.processor import CycleReport
from cts_tui.engine.program import EngineProgram
from cts_tui.engine.strategy import StrategyProcessor
from cts_tui.model.health import Gravity
from cts_tui.store.database import Database

from .program_rig import Rig, candle, make_rig, tick
from .world import make_connection, stored

Until = Callable[..., Awaitable[None]]


@pytest.fixture
def attentive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Find a loop blocked within a fraction of a second."""
    monkeypatch.setattr(loop_watch_module, "BOUND_S", 0.2)
    monkeypatch.setattr(loop_watch_module, "_BEAT_S", 0.02)


@pytest.mark.usefixtures("attentive")
async def test_a_blocked_loop_is_told_with_the_place_where_it_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    is_told = threading.Event()
    said: list[str] = []

    def tell(message: str) -> None:
        said.append(message)
        is_told.set()

    def block_the_loop() -> bool:
        return is_told.wait(20)

    with LoopWatch(tell) as watch:
        beating = asyncio.create_task(watch.beat())
        await asyncio.sleep(0)
        assert watch.faults() == []
        assert block_the_loop()
        beating.cancel()
    assert said[0].startswith("the event loop was blocked for over ")
    assert "block_the_loop" in caplog.text, "the log has the whole stack"
    (fault,) = watch.faults()
    assert (fault.rule, fault.gravity) == ("loop-blocked", Gravity.WARNING)
    assert watch.blocks == 1
    assert watch.longest_s >= 0.2


@pytest.mark.usefixtures("attentive")
async def test_a_loop_that_beats_is_left_alone(until: Until) -> None:
    with LoopWatch(lambda message: None) as watch:
        beating = asyncio.create_task(watch.beat())
        began = watch._beaten
        await until(lambda: watch._beaten - began > 0.3)
        beating.cancel()
    assert watch.faults() == []


class Blocker:
    """Blocks the loop of the first program that runs a strategy, until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.let_go = threading.Event()
        self.is_blocking = threading.Event()
        cycle = StrategyProcessor.cycle
        blocker = self

        async def block_once(self: StrategyProcessor) -> CycleReport:
            if not blocker.is_blocking.is_set():
                blocker.is_blocking.set()
                blocker.let_go.wait(30)
            return await cycle(self)

        monkeypatch.setattr(StrategyProcessor, "cycle", block_once)


@pytest.mark.usefixtures("own_garbage")
async def test_s9_another_process_takes_over_from_one_whose_loop_is_blocked(
    database: Database, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (program_module, registration_module):
        monkeypatch.setattr(module, "LEASE_S", 3.0)
    monkeypatch.setattr(loop_watch_module, "BOUND_S", 1.0)
    rig: Rig = make_rig(database, until, monkeypatch)
    make_connection(database)
    blocked = EngineProgram(Database(database.url), rig.settings)
    thread = threading.Thread(target=blocked.run_blocking)
    thread.start()
    await rig.engine("paper")
    blocker = Blocker(monkeypatch)
    try:
        first = rig.feeds["paper"][0]
        loop = blocked._loop
        assert loop is not None
        for event in (tick("100"), candle()):
            loop.call_soon_threadsafe(first.say, event)
        await until(blocker.is_blocking.is_set)
        told = await rig.row("events", lambda row: "the event loop was blocked" in row["message"])
        assert "block_once" in told["message"]
        async with rig.program() as other:
            await until(lambda: rig.owner("paper") == other.owner, "the lease has expired")
            await until(lambda: len(rig.feeds["paper"]) == 2)
            blocker.let_go.set()
            await until(lambda: first.is_closed, "the blocked one gives up what it held")
            assert rig.owner("paper") == other.owner
    finally:
        blocker.let_go.set()
        blocked.stop()
        await asyncio.to_thread(thread.join)
    assert stored(database, "orders") == []
