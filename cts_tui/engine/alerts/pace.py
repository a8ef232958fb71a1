"""How often notices may tell of the same thing: what is too soon waits and is told together."""

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Final

from cts_tui.model.alerts import Alert, AlertKey
from cts_tui.model.health import Gravity

MOST_IN_A_WHILE: Final = 3
"""Notices that may tell of one rule within the quiet time; the rest is gathered."""


class NoticePace:
    """The notices of late, by rule and by alert. Times are wall clock milliseconds.

    A time in the future (the clock went back) counts for nothing.
    """

    def __init__(self, quiet_s: float, told: Iterable[Alert] = ()) -> None:
        """`told`: alerts that were told of by an earlier process."""
        self._quiet_ms = round(quiet_s * 1000)
        self._by_rule: defaultdict[str, deque[int]] = defaultdict(
            lambda: deque(maxlen=MOST_IN_A_WHILE)
        )
        self._by_alert: dict[tuple[AlertKey, Gravity], int] = {}
        for alert in sorted(told, key=lambda one: one.notified_ms or 0):
            if alert.notified_ms is not None:
                self.note(alert, alert.notified_ms)

    def is_rule_open(self, rule: str, now_ms: int) -> bool:
        """Return whether a notice may tell of this rule now."""
        late = [time_ms for time_ms in self._by_rule[rule] if self._is_late(time_ms, now_ms)]
        return len(late) < MOST_IN_A_WHILE

    def is_quiet(self, alert: Alert, now_ms: int) -> bool:
        """Return whether the same alert, this grave or graver, was told of a short time ago."""
        grades = [Gravity.CRITICAL, alert.severity]
        times = [self._by_alert.get((alert.key, gravity)) for gravity in grades]
        return any(time_ms is not None and self._is_late(time_ms, now_ms) for time_ms in times)

    def note(self, alert: Alert, now_ms: int) -> None:
        """Remember that a notice told of an alert."""
        times = self._by_rule[alert.rule]
        if not times or times[-1] != now_ms:
            times.append(now_ms)
        self._by_alert[alert.key, alert.severity] = now_ms

    def forget(self, now_ms: int) -> None:
        """Drop what is too old to count."""
        self._by_alert = {
            key: time_ms
            for key, time_ms in self._by_alert.items()
            if self._is_late(time_ms, now_ms)
        }

    def _is_late(self, time_ms: int, now_ms: int) -> bool:
        return 0 <= now_ms - time_ms < self._quiet_ms
