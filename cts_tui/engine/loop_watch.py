"""LoopWatch: a thread that sees when the event loop runs nothing any more, and says where it is.

Meanwhile no lease is renewed, so that another process takes over; and this one, once it goes on,
orders nothing before its leases are its own again (S9).
"""

import asyncio
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cts_tui.model.health import Fault, Gravity

LOG = logging.getLogger(__name__)
BOUND_S: Final = 5.0
"""Silence of the loop from which it is told."""
_BEAT_S: Final = 0.25
_RECENT_S: Final = 300.0
_NAMED_FRAMES: Final = 4


class LoopWatch:
    """Watches the loop of the thread in which it is started, from a thread of its own."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        """`tell` hears in words that the loop is blocked; it is called from the other thread."""
        self.blocks = 0
        """How often the loop was blocked."""
        self.longest_s = 0.0
        self._tell = tell
        self._beaten = time.monotonic()
        self._told = ""
        self._told_at = 0.0
        self._stopping = threading.Event()
        self._loop_thread = 0
        self._thread = threading.Thread(target=self._run, name="loop-watch", daemon=True)

    def __enter__(self) -> "LoopWatch":
        """Begin to watch the loop of this thread."""
        self._loop_thread = threading.get_ident()
        self._beaten = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Watch no longer."""
        self._stopping.set()
        self._thread.join()

    async def beat(self) -> None:
        """Show until cancelled that the loop runs."""
        while True:
            self._beaten = time.monotonic()
            await asyncio.sleep(_BEAT_S)

    def _run(self) -> None:
        """Look at the beats until stopped."""
        is_blocked = False
        looked = time.monotonic()
        while not self._stopping.wait(_BEAT_S):
            now, before = time.monotonic(), looked
            looked = now
            if now - before > BOUND_S:  # the whole process stood still, not the loop alone
                self._beaten = max(self._beaten, now - BOUND_S)
                continue
            silent_s = now - self._beaten
            if silent_s < BOUND_S:
                is_blocked = False
                continue
            self.longest_s = max(self.longest_s, silent_s)
            if not is_blocked:
                is_blocked = True
                self._note(silent_s)

    def _note(self, silent_s: float) -> None:
        frame = sys._current_frames().get(self._loop_thread)
        stack = traceback.extract_stack(frame) if frame is not None else []
        innermost = [
            f"{frame.name} ({Path(frame.filename).name}:{frame.lineno})"
            for frame in stack[-_NAMED_FRAMES:]
        ]
        self.blocks += 1
        self._told_at = time.monotonic()
        where = " > ".join(innermost)
        self._told = f"the event loop was blocked for over {silent_s:.0f} s in {where}"
        LOG.error("%s:\n%s", self._told, "".join(traceback.format_list(stack)))
        self._tell(self._told)

    def faults(self) -> list[Fault]:
        """Return that the loop was blocked within the last five minutes."""
        if not self._told or time.monotonic() - self._told_at > _RECENT_S:
            return []
        message = f"{self._told}; the log shows the whole stack"
        return [Fault("loop-blocked", "engine", Gravity.WARNING, message)]
