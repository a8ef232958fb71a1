"""Keepers: what runs beside the engines of one program, each kept up whatever fails in it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from cts_tui.engine.health.published import ProgramFigures
from cts_tui.engine.processor import Processor
from cts_tui.engine.supervision import kept_running
from cts_tui.engine.task_failures import TaskFailures

Start = Callable[[], Coroutine[Any, Any, None]]
"""Begins what must go on until it is cancelled."""


class Keepers:
    """One per engine program. Their faults and figures go out with its heartbeat."""

    def __init__(self, figures: ProgramFigures, tell: Callable[[str, str], None]) -> None:
        """`tell` takes subject and words of an event."""
        self.processors: list[Processor] = []
        self.failures = TaskFailures(tell)
        self._figures = figures
        self._figures.watch(self.failures.faults)
        self._starts: dict[str, Start] = {}

    def add(self, processor: Processor) -> None:
        """Run a processor for the whole program."""
        self.processors.append(processor)
        self._figures.follow(processor)
        self.beside(processor.name, processor.run)

    def beside(self, name: str, start: Start) -> None:
        """Run a task for the whole program."""
        self._starts[name] = start

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run everything for the length of a block."""
        async with asyncio.TaskGroup() as tasks:
            kept = [
                tasks.create_task(kept_running(start, name, self.failures.note), name=name)
                for name, start in self._starts.items()
            ]
            try:
                yield
            finally:
                for task in kept:
                    task.cancel()
