"""MemoryWatch: keeps the program within `memory_bound_mb`, before the machine ends it.

Over the bound it lets go of what will be told again. Where that does not help, nothing is entered:
a program that the kernel ends leaves its positions to their stops. Exits go on.
"""

import asyncio
import gc
import logging
from collections.abc import Callable
from typing import Final

import psutil

from cts_tui.engine.brakes import Brakes
from cts_tui.engine.processor import CycleReport, Processor
from cts_tui.model.health import Fault, Gravity
from cts_tui.store.journal import Journal

LOG = logging.getLogger(__name__)
_FAR: Final = 1.25
"""How many times the bound the program may hold before nothing is entered any more."""
_EASED: Final = 0.9
"""Below this part of the bound it is over: what hangs about the bound is one fault, not many."""


class MemoryWatch(Processor):
    """One per engine program."""

    name = "memory"
    interval_s = 5.0

    def __init__(
        self,
        bound_mb: int,
        journal: Journal,
        brakes: Brakes,
        tell: Callable[[str, str], None],
        resident_mb: Callable[[], float] | None = None,
    ) -> None:
        """`tell` takes subject and words of an event; `resident_mb` says what the process holds."""
        super().__init__()
        self._bound_mb = bound_mb
        self._journal = journal
        self._brakes = brakes
        self._tell = tell
        self._resident_mb = resident_mb or _of_this_process
        self._held_mb = 0.0
        self._is_over = False

    async def cycle(self) -> CycleReport:
        """Let go of what can be spared, and put the brake on, or take it off (S13)."""
        self._held_mb = self._resident_mb()
        was_over, was_braked = self._is_over, self.name in self._brakes.as_row()
        self._is_over = self._held_mb > self._bound_mb * (_EASED if was_over else 1.0)
        if self._is_over and not was_over:
            await self._spare()
        is_far = self._held_mb > self._bound_mb * _FAR
        is_braked = is_far or (was_braked and self._is_over)
        self._brakes.put(self.name, self._said() if is_braked else "")
        if is_braked != was_braked:
            self._tell(
                self.name, self._said() if is_braked else "memory is free again: entries go on"
            )
        return CycleReport(int(self._is_over))

    def faults(self) -> list[Fault]:
        """Return that the program holds more than it may."""
        if not self._is_over:
            return []
        return [Fault("memory-high", self.name, Gravity.WARNING, self._said())]

    async def _spare(self) -> None:
        """Let go of market data that waits for the store, and of what nobody refers to."""
        LOG.warning("memory: %s", self._said())
        self._journal.thin()
        await asyncio.to_thread(gc.collect)
        self._held_mb = self._resident_mb()

    def _said(self) -> str:
        return (
            f"the program holds {self._held_mb:,.0f} MB, the bound is {self._bound_mb:,} MB; "
            "watch fewer symbols or keep fewer candles, or raise memory_bound_mb"
        )


def _of_this_process() -> float:
    return float(psutil.Process().memory_info().rss) / 1_048_576
