"""A cycle that hangs is broken off and its processor begins anew; what it held is safe (S5)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from cts_tui.engine.processor import CycleReport, Processor
from cts_tui.engine.requests import entry_order
from cts_tui.engine.watchdog import Watchdog, Watched
from cts_tui.engine.working import Working
from cts_tui.model.health import Gravity
from cts_tui.model.market import Source, Tick
from cts_tui.model.records import Order
from cts_tui.model.trading import OrderPurpose, OrderStatus, PositionStatus
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal

from .live_world import LiveWorld
from .program_rig import Rig, make_rig
from .world import ENTER_LONG, SYMBOL, World, make_connection, spoken

Until = Callable[..., Awaitable[None]]


class Sleeper(Processor):
    """Hangs in its first cycle, at whatever `hang` waits for."""

    name = "sleeper"
    interval_s = 0.001
    patience_s = 0.01

    def __init__(self, hang: Callable[[], Awaitable[object]]) -> None:
        super().__init__()
        self.cycles = 0
        self._hang = hang

    async def cycle(self) -> CycleReport:
        self.cycles += 1
        if self.cycles == 1:
            await self._hang()
        return CycleReport()


class Kennel:
    """A watchdog over one processor, both running; what it told and gave up."""

    def __init__(self, processor: Processor) -> None:
        self.told: list[tuple[str, str]] = []
        self.given_up: list[str] = []
        self.processor = processor
        watched = Watched("paper", processor, self.give_up)
        self.dog = Watchdog(lambda: [watched], lambda who, what: self.told.append((who, what)))
        self.dog.interval_s = 0.005
        self.tasks = [asyncio.create_task(one.run()) for one in (processor, self.dog)]

    async def give_up(self, reason: str) -> None:
        self.given_up.append(reason)

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def forever() -> None:
    await asyncio.Event().wait()


async def test_a_cycle_that_waits_for_ever_is_broken_off_and_the_next_one_begins(
    until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    sleeper = Sleeper(forever)
    kennel = Kennel(sleeper)
    await until(lambda: sleeper.cycles > 3)
    assert not kennel.tasks[0].done()
    assert "the cycle hung for" in (sleeper.figures.last_error or "")
    assert sleeper.figures.errors == kennel.dog.broken_off == 1
    (told,) = kennel.told
    assert told[0] == "paper/sleeper"
    (fault,) = kennel.dog.faults()
    assert (fault.rule, fault.gravity) == ("processor-hung", Gravity.WARNING)
    assert "forever" in caplog.text, "the log says where it hung"
    assert kennel.given_up == []
    await kennel.end()
    assert kennel.tasks[0].cancelled(), "an order to end is obeyed after that as well"


async def test_a_cycle_that_hangs_in_many_tasks_at_once_is_broken_off(until: Until) -> None:
    async def hang() -> None:
        await asyncio.gather(forever(), asyncio.wait_for(forever(), 3_600))

    sleeper = Sleeper(hang)
    kennel = Kennel(sleeper)
    await until(lambda: sleeper.cycles > 1)
    await kennel.end()


async def test_what_cannot_be_broken_off_is_given_up(until: Until) -> None:
    is_free = asyncio.Event()

    async def stubborn() -> None:
        while not is_free.is_set():
            try:
                await is_free.wait()
            except asyncio.CancelledError:
                continue

    sleeper = Sleeper(stubborn)
    kennel = Kennel(sleeper)
    await until(lambda: kennel.given_up)
    assert "cannot be broken off" in kennel.given_up[0]
    assert kennel.dog.faults()[0].gravity is Gravity.CRITICAL
    is_free.set()
    await until(lambda: sleeper.cycles > 1)
    assert not kennel.tasks[0].done(), "one that lets go late goes on"
    await until(lambda: kennel.tasks[0].cancelling() == 0, "the watchdog's order is withdrawn")
    await kennel.end()


async def test_a_processor_that_is_both_broken_off_and_told_to_end_ends(until: Until) -> None:
    sleeper = Sleeper(forever)
    task = asyncio.create_task(sleeper.run())
    await until(lambda: sleeper.running_s)
    sleeper.break_off("it hung")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()


# what a cycle holds when it is broken off


@pytest.fixture
def live(database: Database, journal: Journal) -> Iterator[LiveWorld]:
    yield LiveWorld(database, journal)


async def broken_off(processor: Processor, until: Until, is_there: Callable[[], object]) -> None:
    """Run one processor until it hangs where it should, and break its cycle off."""
    task = asyncio.create_task(processor.run())
    processor.wake()
    await until(is_there, "it hangs")
    processor.break_off("the cycle hung for 60 s")
    await until(lambda: processor.figures.errors, "it was broken off")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_s5_an_order_that_is_being_sent_becomes_unknown_and_is_found_by_evidence(
    live: LiveWorld, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[Order] = []
    submit = live.venue.submit

    async def hang(order: Order) -> Any:
        """Take the order in, and never answer."""
        await submit(order)
        reached.append(order)
        await forever()

    await live.minute()
    monkeypatch.setattr(live.venue, "submit", hang)
    execution = live.pipeline.execution
    working = Working(entry_order(live.context, live.entry(), Decimal(100)), live.spec)
    assert await execution.sender.record([working]) == [None]
    sending = asyncio.create_task(execution.sender.send(working))
    await until(lambda: reached)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    assert sending.cancelled()
    assert (await live.stored_order(working.order))["status"] == OrderStatus.UNKNOWN
    assert execution.working.has_unknown(SYMBOL), "no entry on this symbol meanwhile"
    monkeypatch.undo()
    await live.run(1.0, cycles=3)
    assert (await live.stored_order(working.order))["status"] == OrderStatus.FILLED
    assert live.sent(OrderPurpose.ENTRY) == reached, "it is sent once"
    assert live.position.stop_order_id, "what it opened is protected"


async def test_s4_an_intent_that_is_broken_off_while_it_is_recorded_is_never_sent_and_over(
    database: Database, journal: Journal, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = World(database, journal, spoken(), has_ticks=True)
    recorded, commit = [], journal.commit

    async def hang(batch: Any) -> None:
        """Write the intent, and never say so."""
        await commit(batch)
        recorded.append(batch)
        await forever()

    await run.flat(100, ENTER_LONG)
    await run.tick("100")
    (position,) = run.context.book
    monkeypatch.setattr(journal, "commit", hang)
    fall = Tick(SYMBOL, run.clock.now_ms(), Decimal(90), Source.STREAM)
    run.context.market.apply([fall], run.clock.now_ms())
    await broken_off(run.pipeline.realtime, until, lambda: recorded)
    assert position.status is PositionStatus.OPEN, "it may be closed again"
    monkeypatch.undo()
    run.clock.advance(60_000)
    for _ in range(2):  # the order goes out, and fills
        await run.tick("90")
    rows = [row for row in await run.rows("orders") if row["purpose"] == "exit"]
    assert [row["status"] for row in rows] == ["cancelled", "filled"]
    assert (await run.row("positions"))["status"] == PositionStatus.CLOSED


# in a running program


@pytest.fixture
def rig(database: Database, until: Until, monkeypatch: pytest.MonkeyPatch) -> Rig:
    return make_rig(database, until, monkeypatch)


@pytest.mark.usefixtures("own_garbage")
async def test_a_hanging_processor_of_one_connection_begins_anew_and_all_else_goes_on(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cts_tui.engine.strategy import StrategyProcessor

    monkeypatch.setattr(StrategyProcessor, "patience_s", 0.05)
    monkeypatch.setattr(Watchdog, "interval_s", 0.02)
    cycle, hung = StrategyProcessor.cycle, []

    async def hang_once(self: StrategyProcessor) -> CycleReport:
        if not hung:
            hung.append(self._context.setup.name)
            await forever()
        return await cycle(self)

    for name in ("paper", "other"):
        make_connection(rig.database, name)
    async with rig.program():
        for name in ("paper", "other"):
            await rig.engine(name)
        monkeypatch.setattr(StrategyProcessor, "cycle", hang_once)
        for name in ("paper", "other"):
            await rig.open_position(name)
        await rig.row("events", lambda row: row["subject"] == f"{hung[0]}/strategy")
        await rig.row(
            "engine_programs",
            lambda row: [f["rule"] for f in row["figures"]["faults"]] == ["processor-hung"],
        )
        assert {len(feeds) for feeds in rig.feeds.values()} == {1}, "no engine was restarted"
