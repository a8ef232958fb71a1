"""The failures of a program's own tasks: kept for the health report, and told as events."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from cts_tui.model.health import Fault, Gravity

_RECENT_S: Final = 300.0
_KEPT: Final = 50


class TaskFailures:
    """One per engine program. One event loop, no locks."""

    def __init__(self, tell: Callable[[str, str], None]) -> None:
        """`tell` takes subject and words of an event."""
        self.count = 0
        self._tell = tell
        self._last: OrderedDict[str, tuple[float, str]] = OrderedDict()
        """By name of the task, when it failed (monotonic) and how."""

    def note(self, name: str, error: str) -> None:
        """Count a failure; one that comes again is told again when it is another one."""
        self.count += 1
        _, before = self._last.pop(name, (0.0, ""))
        self._last[name] = time.monotonic(), error
        if len(self._last) > _KEPT:
            self._last.popitem(last=False)
        if error != before:
            self._tell(name, f"{error}; it begins anew")

    def faults(self) -> list[Fault]:
        """Return what failed in the last five minutes."""
        since = time.monotonic() - _RECENT_S
        return [
            Fault("task-failed", name, Gravity.WARNING, f"{error}; it began anew")
            for name, (at, error) in self._last.items()
            if at >= since
        ]
