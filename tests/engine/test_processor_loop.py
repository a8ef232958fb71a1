"""The shared timer loop: counts, times, isolates, backs off, and wakes up early."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

import pytest

from cts_tui.engine import processor as processor_module
from cts_tui.engine.processor import CycleReport, Processor


class Counting(Processor):
    """A processor that does what `work` says."""

    name = "counting"
    interval_s = 3_600.0

    def __init__(self, work: Callable[[int], Any] = int) -> None:
        super().__init__()
        self.work = work
        self.calls = 0

    async def cycle(self) -> CycleReport:
        self.calls += 1
        self.work(self.calls)
        return CycleReport(2)


def fail_first(count: int) -> Callable[[int], None]:
    def work(call: int) -> None:
        if call <= count:
            raise ValueError(f"broken {call}")

    return work


async def test_cycles_are_counted_and_timed() -> None:
    processor = Counting()
    for _ in range(20):
        await processor.run_cycle()
    row = processor.figures.as_row("counting")
    assert (row["name"], row["cycles"], row["handled"], row["errors"]) == ("counting", 20, 40, 0)
    assert 0 < row["median_ms"] <= row["p95_ms"]
    assert row["last_ms"] > 0
    assert row["last_error"] is row["last_error_ms"] is None


def test_median_and_p95_are_those_of_the_times() -> None:
    figures = processor_module.CycleFigures()
    assert figures.as_row("x")["median_ms"] is figures.as_row("x")["p95_ms"] is None
    for elapsed in range(1, 101):
        figures.count(float(elapsed), CycleReport(1))
    row = figures.as_row("x")
    assert (row["last_ms"], row["median_ms"], row["p95_ms"]) == (100.0, 50.5, 95.0)
    assert figures.total_ms == 5_050


def test_only_the_newest_times_count_but_every_cycle_does() -> None:
    figures = processor_module.CycleFigures()
    for elapsed in [1_000.0] * 100 + [1.0] * 512:
        figures.count(elapsed, CycleReport())
    row = figures.as_row("x")
    assert (row["cycles"], row["p95_ms"]) == (612, 1.0)


async def test_s15_a_failure_is_counted_recorded_and_does_not_leave(
    caplog: pytest.LogCaptureFixture,
) -> None:
    processor = Counting(fail_first(2))
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            await processor.run_cycle()
    row = processor.figures.as_row("counting")
    assert (row["cycles"], row["errors"], row["handled"]) == (3, 2, 2)
    assert row["last_error"] == "ValueError: broken 2"
    assert abs(row["last_error_ms"] - time.time() * 1000) < 60_000
    assert "a cycle of counting failed" in caplog.text


async def test_being_cancelled_is_no_failure() -> None:
    class Waiting(Counting):
        async def cycle(self) -> CycleReport:
            await asyncio.Event().wait()
            return CycleReport()

    processor = Waiting()
    task = asyncio.create_task(processor.run_cycle())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert processor.figures.errors == 0


async def running(processor: Processor) -> "asyncio.Task[None]":
    task = asyncio.create_task(processor.run())
    await asyncio.sleep(0)
    return task


async def stopped(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_wake_up_comes_long_before_the_interval(until: Callable[..., Any]) -> None:
    processor = Counting()
    task = await running(processor)
    assert processor.calls == 0
    for expected in (1, 2):
        processor.wake()
        processor.wake()  # twice before it has run is once
        await until(lambda expected=expected: processor.calls >= expected)
        assert processor.calls == expected
    await stopped(task)


async def test_what_wakes_during_a_cycle_is_not_lost(until: Callable[..., Any]) -> None:
    processor = Counting()
    processor.work = lambda call: processor.wake() if call == 1 else None
    task = await running(processor)
    processor.wake()
    await until(lambda: processor.calls == 2)
    await stopped(task)


async def test_without_a_wake_up_it_runs_every_interval(until: Callable[..., Any]) -> None:
    processor = Counting()
    processor.interval_s = 0.001
    task = await running(processor)
    await until(lambda: processor.calls >= 3)
    await stopped(task)


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds a processor waits after failures, without the waiting."""
    taken: list[float] = []
    sleep = asyncio.sleep

    async def nap(seconds: float) -> None:
        taken.append(seconds)
        await sleep(0)

    class Asyncio:
        """asyncio, with naps."""

        def __getattr__(self, name: str) -> Any:
            return nap if name == "sleep" else getattr(asyncio, name)

    monkeypatch.setattr(processor_module, "asyncio", Asyncio())
    return taken


async def test_after_failures_it_waits_longer_and_longer_whatever_wakes_it(
    naps: list[float], until: Callable[..., Any]
) -> None:
    processor = Counting(fail_first(12))
    processor.interval_s = 0.0001
    task = await running(processor)
    await until(lambda: processor.calls >= 14)
    await stopped(task)
    assert naps[:4] == [0.2, 0.4, 0.8, 1.6]
    assert naps[-1] == 30.0
    assert naps == sorted(naps)
    assert len(naps) == 12, "after a success it waits no more"


async def test_it_goes_on_failing_for_as_long_as_it_takes(
    naps: list[float], until: Callable[..., Any]
) -> None:
    processor = Counting(fail_first(10**9))
    processor._failures = 5_000
    processor.interval_s = 0.0001
    task = await running(processor)
    await until(lambda: processor.calls >= 2 or task.done())
    assert not task.done()
    assert set(naps) == {30.0}
    await stopped(task)
