"""Of which alerts the trader is to be told now. Pure: rows and times in, what is due out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from cts_tui.engine.alerts.pace import NoticePace
from cts_tui.engine.alerts.rules import AlertRule, rule_of
from cts_tui.model.alerts import Alert, AlertKey
from cts_tui.model.health import Gravity

GIVEN_UP_AFTER_MS: Final = 86_400_000
"""What is over and could not be told for a day is told no more; it stays in the list."""


class Word(StrEnum):
    """What a notice says of an alert."""

    RAISED = "raised"
    STILL = "still"
    CLEARED = "cleared"
    PASSED = "came and went"
    """Raised and cleared before anybody could be told."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to tell."""

    word: Word
    alert: Alert


_Told = tuple[AlertKey, int, Gravity]
"""An alert at one severity: what becomes graver is told anew."""


class NoticeBook:
    """What was told, and what is to be told, by this process and the ones before it."""

    def __init__(
        self,
        *,
        quiet_s: float,
        repeat_s: float,
        known: Iterable[Alert] = (),
        rule_of: Callable[[str], AlertRule] = rule_of,
    ) -> None:
        """`quiet_s` holds back repetitions; a critical alert is told again after `repeat_s`.

        `repeat_s` of 0: never. `known`: the alerts of late as they are stored.
        """
        known = list(known)
        self.pace = NoticePace(quiet_s, known)
        self._repeat_ms = round(repeat_s * 1000)
        self._rule_of = rule_of
        self._posted: dict[_Told, int] = {}
        """When a notice was handed over that no target has taken yet."""
        self._over: dict[_Told, Alert] = {}
        """Cleared alerts of which something is to be told."""
        for alert in known:
            if not alert.is_standing:
                self.end(alert)

    def end(self, alert: Alert) -> None:
        """Take an alert that was cleared: that it is over is to be told, once."""
        if self._word_for(alert, 0) is not None:
            self._over[_told(alert)] = alert

    def due(self, standing: Iterable[Alert], now_ms: int) -> list[Item]:
        """Return what is to be told now; what is too soon comes at a later call."""
        self._forget(now_ms)
        items = [
            Item(word, alert)
            for alert in (*standing, *self._over.values())
            if (word := self._word_for(alert, now_ms)) is not None
        ]
        return [item for item in items if self._is_time(item, now_ms)]

    def post(self, items: Iterable[Item], now_ms: int) -> None:
        """Note that a notice of these was handed over: nothing of it is due again."""
        for item in items:
            self._posted[_told(item.alert)] = _told_at(item, now_ms)
            self.pace.note(item.alert, now_ms)

    def settle(self, items: Iterable[Item], now_ms: int) -> list[Alert]:
        """Return the alerts of a notice that a target has taken, as they are to be stored."""
        settled = []
        for item in items:
            told = _told(item.alert)
            alert = self._over.get(told, item.alert)
            settled.append(replace(alert, notified_ms=_told_at(item, now_ms)))
            if item.word in (Word.CLEARED, Word.PASSED):
                self._over.pop(told, None)
            elif told in self._over:
                self._over[told] = settled[-1]
        return settled

    def unpost(self, items: Iterable[Item]) -> None:
        """Note that a notice was dropped before any target took it: its alerts are due again."""
        for item in items:
            self._posted.pop(_told(item.alert), None)

    def _word_for(self, alert: Alert, now_ms: int) -> Word | None:
        """Return what there is to tell of an alert, whatever the pace."""
        if not self._rule_of(alert.rule).is_told:
            return None
        told_ms = self._posted.get(_told(alert), alert.notified_ms)
        if told_ms is None:
            is_known = alert.acked_ms is not None
            new = Word.RAISED if alert.is_standing else Word.PASSED
            return None if is_known else new
        if alert.cleared_ms is not None:
            return Word.CLEARED if told_ms < alert.cleared_ms else None
        is_repeated = alert.severity is Gravity.CRITICAL and alert.acked_ms is None
        is_time = bool(self._repeat_ms) and now_ms - told_ms >= self._repeat_ms
        return Word.STILL if is_repeated and is_time else None

    def _is_time(self, item: Item, now_ms: int) -> bool:
        if not self.pace.is_rule_open(item.alert.rule, now_ms):
            return False
        is_new = item.word in (Word.RAISED, Word.PASSED)
        return not (is_new and self.pace.is_quiet(item.alert, now_ms))

    def _forget(self, now_ms: int) -> None:
        """Give up what is over for too long, and forget what no longer matters."""
        self.pace.forget(now_ms)
        for told, alert in list(self._over.items()):
            if now_ms - (alert.cleared_ms or now_ms) > GIVEN_UP_AFTER_MS:
                del self._over[told]
        bound = now_ms - max(GIVEN_UP_AFTER_MS, 2 * self._repeat_ms)
        self._posted = {told: at for told, at in self._posted.items() if at > bound}


def _told(alert: Alert) -> _Told:
    return (alert.key, alert.raised_ms, alert.severity)


def _told_at(item: Item, now_ms: int) -> int:
    """Return when an item counts as told; that it is over never before it was."""
    return max(now_ms, item.alert.cleared_ms or 0)
