"""An exception in every task of a running program in turn: it goes on, or that engine starts anew.

The exception is put where the task waits, at whatever that is. No other connection notices, and
what is open keeps its stop.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import cts_tui.engine.feeding as feeding_module
import cts_tui.engine.manager as manager_module
import cts_tui.engine.program as program_module
from cts_tui.engine import supervision
from cts_tui.engine.connection import ConnectionEngine
from cts_tui.engine.processor import CycleReport, Processor
from cts_tui.engine.program import EngineProgram
from cts_tui.store.database import Database
from tests.engine.program_rig import Rig, make_rig, tick
from tests.engine.world import make_connection, stored

Until = Callable[..., Awaitable[None]]
pytestmark = pytest.mark.usefixtures("own_garbage")

ENGINE_TASKS = ("feed", "markets", "session", "report")
PROGRAM_TASKS = (
    "health",
    "watchdog",
    "verifier",
    "disk",
    "writer",
    "memory",
    "alerts",
    "heartbeat",
    "lag",
    "loop",
)
KINDS: dict[str, Callable[[], BaseException]] = {
    "ValueError": lambda: ValueError({"no": "text"}, 7),
    "MemoryError": MemoryError,
    "RecursionError": lambda: RecursionError("too deep"),
    "CancelledError": lambda: asyncio.CancelledError("a stray one"),
    "SystemExit": lambda: SystemExit(3),
    "BaseException": lambda: BaseException("of a plug-in"),
}

ALWAYS = ("ValueError", "CancelledError", "SystemExit")
"""One of each way in which asyncio treats them."""


class Strikes:
    """Two connections in a running program; what of it can fail, and how it is told."""

    def __init__(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rig = rig
        self.engines: list[ConnectionEngine] = []
        strikes = self

        class Known(ConnectionEngine):
            """An engine that the test knows."""

            async def run(self) -> None:
                strikes.engines.append(self)
                await super().run()

        monkeypatch.setattr(program_module, "ConnectionEngine", Known)

    def engine(self, name: str) -> ConnectionEngine:
        """Return the engine that a connection has now."""
        return [one for one in self.engines if one.setup.name == name][-1]

    async def in_cycle(self, processor: Processor, error: BaseException) -> None:
        """Have the next cycle of a processor fail, and wait for the one after it."""

        async def fail() -> CycleReport:
            del processor.cycle  # type: ignore[attr-defined]
            raise error

        figures = processor.figures
        errors, cycles = figures.errors, figures.cycles
        processor.cycle = fail  # type: ignore[method-assign]
        processor.wake()
        await self.rig.until(lambda: figures.errors > errors, f"{processor.name} fails")
        processor.wake()
        await self.rig.until(lambda: figures.cycles > cycles + 1, f"{processor.name} goes on")
        assert figures.last_error

    async def of_engine(self, name: str, error: BaseException) -> None:
        """Have a task of the connection `paper` fail, and wait until it is at work again.

        That is with another engine, or with a new feed where the feed alone was lost.
        """
        struck, feeds = self.engine("paper"), self.rig.feeds["paper"]
        before = len(feeds)
        own: list[asyncio.Task[Any]] = []
        await self.rig.until(
            lambda: own.extend(task for task in named(name) if belongs(task, struck)) or own
        )
        await strike(own[0], error)
        await self.rig.until(lambda: len(feeds) > before, f"after {name}: anew")
        await self.rig.until(lambda: self.engine("paper").status == "running")

    async def of_program(self, name: str, program: EngineProgram, error: BaseException) -> None:
        """Have a task of the program fail, and wait until it is told and runs again.

        A timeout of its own at that very moment hides the error: then it is struck again.
        """
        (task,) = named(name)
        for _ in range(10):
            await strike(task, error)
            for _ in range(100):
                await asyncio.sleep(0.002)
                if name in faults(program):
                    break
            else:
                continue
            break
        assert name in faults(program), f"{name} is not told"
        await self.rig.until(lambda: named(name) == [task], "it is the same task that goes on")


def named(name: str) -> list["asyncio.Task[Any]"]:
    return [task for task in asyncio.all_tasks() if task.get_name() == name]


def belongs(task: "asyncio.Task[Any]", engine: ConnectionEngine) -> bool:
    """Return whether a task is one of an engine's: its coroutine awaits one of its parts."""
    inner = getattr(task.get_coro(), "cr_await", None)
    while inner is not None and getattr(inner, "cr_frame", None) is not None:
        owner = inner.cr_frame.f_locals.get("self")
        parts = (engine, engine._feeder, engine._link, engine.sessions, *engine.processors)
        if owner in parts:
            return True
        inner = inner.cr_await
    return False


def faults(program: EngineProgram) -> list[str]:
    """Return the tasks that the program says have failed."""
    told = program._figures.as_row()["faults"]
    return [fault["subject"] for fault in told if fault["rule"] == "task-failed"]


async def strike(task: "asyncio.Task[Any]", error: BaseException) -> None:
    """Have what a task waits for fail with `error`, as soon as it waits for something that can."""
    for _ in range(100_000):
        assert not task.done(), "it was to be struck, and has ended by itself"
        waits_for = getattr(task, "_fut_waiter", None)
        can_fail = waits_for is not None and not isinstance(waits_for, asyncio.Task)
        if can_fail and not waits_for.done() and len(waits_for._callbacks) == 1:  # no thread's
            waits_for.set_exception(error)
            return
        await asyncio.sleep(0)
    raise AssertionError(f"{task.get_name()} never waits")


@pytest.fixture
def rig(database: Database, until: Until, monkeypatch: pytest.MonkeyPatch) -> Rig:
    monkeypatch.setattr(manager_module, "_BACKOFF_S", (0.01,))
    monkeypatch.setattr(supervision, "BACKOFF_S", (0.01,))
    monkeypatch.setattr(feeding_module, "_RETRY_S", (0.01,))
    rig = make_rig(database, until, monkeypatch)
    for name in ("paper", "other"):
        make_connection(rig.database, name)
    return rig


@pytest.fixture
def strikes(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Strikes:
    return Strikes(rig, monkeypatch)


async def test_every_task_of_a_program_is_struck_by_these_tests(rig: Rig, strikes: Strikes) -> None:
    async with rig.program():
        await rig.engine("paper")
        names = {task.get_name() for task in asyncio.all_tasks()}
        processors = {processor.name for processor in strikes.engine("paper").processors}
    of_connections = {name for name in names if name.startswith(("engine of ", "end of "))}
    others = {name for name in names - of_connections if not name.startswith("Task-")}
    assert others == {*ENGINE_TASKS, *PROGRAM_TASKS, *processors}


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(
            kind, marks=pytest.mark.soak if kind in ("MemoryError", "RecursionError") else ()
        )
        for kind in KINDS
    ],
)
async def test_s15_an_exception_in_every_task_in_turn_ends_no_program_and_bares_no_position(
    rig: Rig, strikes: Strikes, kind: str
) -> None:
    make = KINDS[kind]
    async with rig.program() as program:
        await rig.engine("other")
        await rig.engine("paper")
        await rig.open_position()
        for name in PROGRAM_TASKS:
            await strikes.of_program(name, program, make())
        for processor in strikes.engine("paper").processors:
            await strikes.in_cycle(processor, make())
        for name in ENGINE_TASKS:
            await strikes.of_engine(name, make())
        assert len(rig.feeds["other"]) == 1, "no other connection notices"
        assert (await rig.engine("other"))["restarts"] == 0
        for _ in range(2):  # the stop is touched, and the exit fills
            rig.feeds["paper"][-1].say(tick("97"))
            await rig.row("positions", lambda row: row["status"] != "open")
        closed = await rig.row("positions", lambda row: row["status"] == "closed")
    assert closed["exit_reason"] == "stop_loss"
    failures = [row for row in stored(rig.database, "events") if row["after"] == "failed"]
    assert len(failures) == len(ENGINE_TASKS) - (kind == "ValueError"), "told, but for a lost feed"
