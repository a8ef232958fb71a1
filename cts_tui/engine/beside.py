"""Steps that run beside each other within one processor: one that hangs holds up only its own."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from cts_tui.errors import CtsError

LOG = logging.getLogger(__name__)
_PATIENCE_S: Final = 0.25
"""How long a cycle waits for its steps; what takes longer goes on beside the next cycles."""

Step = Callable[[], Awaitable[object]]


class Beside:
    """At most one step of each name at a time. One event loop, no locks."""

    def __init__(self, on_error: Callable[[Exception], None]) -> None:
        """`on_error` hears of every step that failed."""
        self._on_error = on_error
        self._steps: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, step: Step) -> None:
        """Begin a step, unless one of that name is under way."""
        if name not in self._steps:
            task = self._steps[name] = asyncio.create_task(self._run(step))
            task.add_done_callback(lambda _: self._steps.pop(name, None))

    async def settle(self) -> None:
        """Wait until all that was begun is over, or a moment has passed."""
        if self._steps:
            await asyncio.wait(self._steps.values(), timeout=_PATIENCE_S)

    async def close(self) -> None:
        """End what is under way: what it may have sent is looked for at the next start."""
        steps = list(self._steps.values())
        for task in steps:
            task.cancel()
        await asyncio.gather(*steps, return_exceptions=True)

    async def _run(self, step: Step) -> None:
        try:
            await step()
        except CtsError as error:
            self._on_error(error)
        except Exception as error:  # the task's edge: nobody else would hear of it
            LOG.exception("a step failed")
            self._on_error(error)
