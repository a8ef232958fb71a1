"""Which faults are alerts now: raised after a while, cleared after a while, at most one of a kind.

Pure: what it is given decides, so that any sequence of looks can be tried.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from cts_tui.engine.alerts.rules import AlertRule, rule_of
from cts_tui.model.alerts import Alert, AlertKey
from cts_tui.model.health import Fault, Gravity


class Moment(NamedTuple):
    """When a look was: the wall clock for rows, and seconds that only grow for waiting."""

    now_ms: int
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class Changes:
    """What a look has changed."""

    raised: tuple[Alert, ...] = ()
    risen: tuple[Alert, ...] = ()
    """Standing alerts that have become critical."""
    eased: tuple[Alert, ...] = ()
    """Standing alerts that are no longer critical."""
    cleared: tuple[Alert, ...] = ()

    @property
    def is_any(self) -> bool:
        """Whether anything changed."""
        return bool(self.raised or self.risen or self.eased or self.cleared)


@dataclass(slots=True)
class _Standing:
    """A standing alert, and since when its cause is gone or less grave."""

    alert: Alert
    gone_since_s: float | None = None
    milder_since_s: float | None = None


@dataclass(slots=True)
class _Found:
    """What a look finds, while it is being worked out."""

    raised: list[Alert] = field(default_factory=list)
    risen: list[Alert] = field(default_factory=list)
    eased: list[Alert] = field(default_factory=list)
    cleared: list[Alert] = field(default_factory=list)

    def as_changes(self) -> Changes:
        return Changes(*map(tuple, (self.raised, self.risen, self.eased, self.cleared)))


class AlertBook:
    """The standing alerts; those of an earlier process are taken up, not raised again."""

    def __init__(
        self,
        standing: Iterable[Alert] = (),
        rule_of: Callable[[str], AlertRule] = rule_of,
    ) -> None:
        self._standing = {alert.key: _Standing(alert) for alert in standing}
        self._sighted: dict[AlertKey, float] = {}
        """Since when a fault that is no alert yet has been there at every look."""
        self._rule_of = rule_of

    @property
    def standing(self) -> list[Alert]:
        """The standing alerts, oldest first."""
        return [held.alert for held in self._standing.values()]

    def adopt(self, stored: Iterable[Alert]) -> list[Alert]:
        """Take up the standing alerts of a store that could not be read before.

        Returns those that were raised here in place of one that stands already: they are no more.
        """
        doubled = []
        for alert in stored:
            held = self._standing.get(alert.key)
            if held is None:
                self._standing[alert.key] = _Standing(alert)
            elif held.alert.raised_ms != alert.raised_ms:
                doubled.append(held.alert)
                told_ms = held.alert.notified_ms or alert.notified_ms
                held.alert = replace(alert, seen_ms=held.alert.seen_ms, notified_ms=told_ms)
        return doubled

    def put(self, alert: Alert) -> None:
        """Hold a changed version of a standing alert: stored, told or acknowledged meanwhile."""
        held = self._standing.get(alert.key)
        if held is not None and held.alert.raised_ms == alert.raised_ms:
            held.alert = alert

    def look(self, faults: Iterable[Fault], at: Moment, *, is_blind: bool = False) -> Changes:
        """Take what is wrong now, and return what that changed.

        `is_blind`: the look saw only a part, so that what it did not see may still be there.
        """
        present = _by_key(faults)
        found = _Found()
        for key, fault in present.items():
            held = self._standing.get(key)
            if held is not None:
                self._see_again(held, fault, at, found)
            elif self._is_ripe(key, at):
                self._raise(fault, at, found)
        if not is_blind:
            self._miss(present.keys(), at, found)
        return found.as_changes()

    def _is_ripe(self, key: AlertKey, at: Moment) -> bool:
        """Return whether a fault has been there for long enough."""
        since_s = self._sighted.setdefault(key, at.elapsed_s)
        return at.elapsed_s - since_s >= self._rule_of(key[0]).raise_after_s

    def _raise(self, fault: Fault, at: Moment, found: _Found) -> None:
        alert = Alert(
            rule=fault.rule,
            subject=fault.subject,
            severity=fault.gravity,
            message=fault.message,
            raised_ms=at.now_ms,
            seen_ms=at.now_ms,
        )
        del self._sighted[fault.rule, fault.subject]
        self._standing[alert.key] = _Standing(alert)
        found.raised.append(alert)

    def _see_again(self, held: _Standing, fault: Fault, at: Moment, found: _Found) -> None:
        """Note that the cause of a standing alert is there; it may have become graver or milder."""
        held.gone_since_s = None
        alert = replace(held.alert, seen_ms=at.now_ms)
        if fault.gravity is alert.severity:
            held.milder_since_s = None
            held.alert = replace(alert, message=fault.message)
        elif fault.gravity is Gravity.CRITICAL:
            held.milder_since_s = None
            held.alert = replace(
                alert,
                severity=fault.gravity,
                message=fault.message,
                notified_ms=None,
                acked_ms=None,
            )
            found.risen.append(held.alert)
        else:
            held.alert = alert
            self._ease(held, fault, at, found)

    def _ease(self, held: _Standing, fault: Fault, at: Moment, found: _Found) -> None:
        """Take a critical alert back to a warning once it has been milder for long enough."""
        if held.milder_since_s is None:
            held.milder_since_s = at.elapsed_s
        if at.elapsed_s - held.milder_since_s >= self._rule_of(fault.rule).clear_after_s:
            held.milder_since_s = None
            held.alert = replace(held.alert, severity=fault.gravity, message=fault.message)
            found.eased.append(held.alert)

    def _miss(self, present: Iterable[AlertKey], at: Moment, found: _Found) -> None:
        """Forget what was only sighted and is gone; clear what has been gone for long enough."""
        for key in self._sighted.keys() - present:
            del self._sighted[key]
        for key in self._standing.keys() - present:
            held = self._standing[key]
            if held.gone_since_s is None:
                held.gone_since_s = at.elapsed_s
            if at.elapsed_s - held.gone_since_s >= self._rule_of(key[0]).clear_after_s:
                del self._standing[key]
                found.cleared.append(replace(held.alert, cleared_ms=_cleared_ms(held.alert, at)))


def _by_key(faults: Iterable[Fault]) -> dict[AlertKey, Fault]:
    """Return the gravest fault of each rule and subject."""
    present: dict[AlertKey, Fault] = {}
    for fault in faults:
        known = present.setdefault((fault.rule, fault.subject), fault)
        if known.gravity is not Gravity.CRITICAL and fault.gravity is Gravity.CRITICAL:
            present[fault.rule, fault.subject] = fault
    return present


def _cleared_ms(alert: Alert, at: Moment) -> int:
    """Return when an alert was cleared: after all that is known of it, should a clock go back."""
    return max(at.now_ms, alert.raised_ms + 1, (alert.notified_ms or 0) + 1)
