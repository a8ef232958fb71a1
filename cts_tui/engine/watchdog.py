"""Watchdog: breaks off a cycle that hangs, so that its processor, and that alone, begins anew.

What cannot be broken off is given up: its engine ends and starts again. A blocked event loop, which
stops the watchdog too, is seen by `loop_watch`.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, Final

from cts_tui.engine.processor import CycleReport, Processor
from cts_tui.model.health import Fault, Gravity

LOG = logging.getLogger(__name__)
_RECENT_S: Final = 300.0
_KEPT: Final = 50


@dataclass(frozen=True, slots=True)
class Watched:
    """A processor, whose it is, and what to do when not even its cycle can be broken off."""

    owner: str
    processor: Processor
    give_up: Callable[[str], Awaitable[None]] | None = None

    @property
    def name(self) -> str:
        """Return what messages call it."""
        return f"{self.owner}/{self.processor.name}"


@dataclass(frozen=True, slots=True)
class _Hang:
    """A cycle that hung."""

    name: str
    what: str
    at: float
    """Monotonic time."""
    gravity: Gravity


class Watchdog(Processor):
    """One per engine program."""

    name = "watchdog"
    interval_s = 1.0

    def __init__(
        self, watched: Callable[[], Iterable[Watched]], tell: Callable[[str, str], None]
    ) -> None:
        """`watched` gives all processors of now; `tell` takes subject and words of an event."""
        super().__init__()
        self.broken_off = 0
        """How many cycles were broken off."""
        self._watched = watched
        self._tell = tell
        self._hangs: dict[str, _Hang] = {}

    async def cycle(self) -> CycleReport:
        """Look at every processor once."""
        hanging = [one for one in self._watched() if _is_hanging(one.processor)]
        for one in hanging:
            await self._act(one)
        return CycleReport(len(hanging))

    async def _act(self, watched: Watched) -> None:
        processor, running_s = watched.processor, watched.processor.running_s
        if not processor.is_broken_off:
            self.broken_off += 1
            where = _place(processor.coroutine)
            what = f"its cycle hung for {running_s:.0f} s and was broken off"
            LOG.error("%s: %s, in:\n%s", watched.name, what, where)
            self._note_hang(watched, what, Gravity.WARNING)
            processor.break_off(f"the cycle hung for {running_s:.0f} s")
        elif running_s > 2 * processor.patience_s:
            what = f"its cycle hangs since {running_s:.0f} s and cannot be broken off"
            self._note_hang(watched, what, Gravity.CRITICAL)
            if watched.give_up is not None:
                await watched.give_up(f"{processor.name}: {what}")

    def _note_hang(self, watched: Watched, what: str, gravity: Gravity) -> None:
        before = self._hangs.pop(watched.name, None)
        self._hangs[watched.name] = _Hang(watched.name, what, time.monotonic(), gravity)
        if len(self._hangs) > _KEPT:
            del self._hangs[next(iter(self._hangs))]
        if before is None or before.gravity is not gravity:
            self._tell(watched.name, what)

    def faults(self) -> list[Fault]:
        """Return what hung in the last five minutes, and what hangs now."""
        since = time.monotonic() - _RECENT_S
        return [
            Fault("processor-hung", hang.name, hang.gravity, f"{hang.name}: {hang.what}")
            for hang in self._hangs.values()
            if hang.at >= since
        ]


def _is_hanging(processor: Processor) -> bool:
    return processor.running_s > processor.patience_s


def _place(coroutine: Coroutine[Any, Any, Any] | None) -> str:
    """Return file, line and function of everything that waits for what `coroutine` waits for."""
    lines = []
    at: Any = coroutine
    while at is not None:
        frame = getattr(at, "cr_frame", None) or getattr(at, "gi_frame", None)
        if frame is not None:
            lines.append(f"  {frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}")
        at = getattr(at, "cr_await", None) or getattr(at, "gi_yieldfrom", None)
    return "\n".join(lines)
