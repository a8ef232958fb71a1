"""What the alerts have yet to write: rows, events, deliveries. Kept until a store takes them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from cts_tui.clock import utc_from_ms
from cts_tui.engine.alerts.book import Changes
from cts_tui.engine.alerts.wording import subjects
from cts_tui.model.alerts import VERDICT_RULE, Alert, AlertKey, Delivery
from cts_tui.model.health import Gravity
from cts_tui.model.trading import Actor, EventKind, HealthStatus
from cts_tui.store import alert_targets, alerts, events
from cts_tui.store.database import Database, Transaction

_SEEN_EVERY_MS: Final = 30_000
"""How old the stored time may be at which a cause was last seen."""
_MOST_APART: Final = 3
"""Alerts of one rule that have an event each; more of them share one."""
_MOST_EVENTS: Final = 1_000
"""Events that wait for a store that cannot be written; the oldest give way, the log has them."""
_CLEAR: Final = "clear"
_VERDICTS: Final = {
    _CLEAR: HealthStatus.HEALTHY,
    Gravity.WARNING: HealthStatus.DEGRADED,
    Gravity.CRITICAL: HealthStatus.UNHEALTHY,
}


@dataclass(frozen=True, slots=True)
class _Event:
    time_ms: int
    subject: str
    message: str
    before: str
    after: str


class Unwritten:
    """Rows in their newest version, and what happened since the last writing."""

    def __init__(self) -> None:
        self._alerts: dict[tuple[AlertKey, int], Alert] = {}
        self._risen: list[Alert] = []
        self._events: list[_Event] = []
        self._deliveries: list[Delivery] = []
        self._seen_ms: dict[tuple[AlertKey, int], int] = {}

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self._alerts or self._events or self._deliveries)

    def change(self, alert: Alert) -> None:
        """Take the new version of an alert."""
        self._alerts[alert.key, alert.raised_ms] = alert

    def drop(self, alert: Alert) -> None:
        """Do not write an alert after all."""
        self._alerts.pop((alert.key, alert.raised_ms), None)

    def has_risen(self, alert: Alert) -> bool:
        """Return whether it is not written yet that an alert has become critical."""
        return any((a.key, a.raised_ms) == (alert.key, alert.raised_ms) for a in self._risen)

    def take(self, changes: Changes, now_ms: int) -> None:
        """Take what a look has changed, with its events."""
        self._risen += changes.risen
        for alert in (*changes.raised, *changes.risen, *changes.eased, *changes.cleared):
            self.change(alert)
        calm, grave, mild = _CLEAR, Gravity.CRITICAL, Gravity.WARNING
        for severity in (grave, mild):
            raised = [alert for alert in changes.raised if alert.severity is severity]
            cleared = [alert for alert in changes.cleared if alert.severity is severity]
            self._tell("alert raised", raised, calm, severity, now_ms)
            self._tell("alert cleared", cleared, severity, calm, now_ms)
        self._tell("alert is critical now", changes.risen, mild, grave, now_ms)
        self._tell("alert is a warning now", changes.eased, grave, mild, now_ms)

    def see(self, standing: Iterable[Alert]) -> None:
        """Take standing alerts whose stored time of the last look has grown old."""
        for alert in standing:
            seen_ms = self._seen_ms.setdefault((alert.key, alert.raised_ms), alert.seen_ms)
            if alert.seen_ms - seen_ms >= _SEEN_EVERY_MS:
                self.change(alert)

    def deliver(self, deliveries: Iterable[Delivery]) -> None:
        """Take what became of notices at their targets."""
        self._deliveries += deliveries

    def write(self, database: Database, owner: str, now_ms: int) -> bool:
        """Write everything if it is the turn of `owner`, else nothing. Raises StoreError."""
        now = utc_from_ms(now_ms)
        with database.write() as transaction:
            if not alerts.take_turn(transaction, owner, now):
                return False
            alerts.save(transaction, self._alerts.values())
            alerts.forget_acks(transaction, self._risen)
            alert_targets.note(transaction, self._deliveries, now)
            self._add_events(transaction)
        self._written()
        return True

    def _written(self) -> None:
        for key, alert in self._alerts.items():
            self._seen_ms[key] = alert.seen_ms
            if not alert.is_standing:
                del self._seen_ms[key]
        self._alerts, self._risen, self._events, self._deliveries = {}, [], [], []

    def _add_events(self, transaction: Transaction) -> None:
        for event in self._events:
            events.add(
                transaction,
                time=utc_from_ms(event.time_ms),
                who=Actor.ENGINE,
                kind=EventKind.ALERT,
                subject=event.subject,
                message=event.message,
                before=event.before,
                after=event.after,
            )

    def _tell(
        self, what: str, changed: Iterable[Alert], before: str, after: str, now_ms: int
    ) -> None:
        """Leave an event for each alert, or one for many of a rule."""
        by_rule: defaultdict[str, list[Alert]] = defaultdict(list)
        for alert in changed:
            by_rule[alert.rule].append(alert)
        for rule, group in by_rule.items():
            words = (before, after)
            if rule == VERDICT_RULE:
                words = (_VERDICTS[before], _VERDICTS[after])
            for subject, message in _told(what, rule, group):
                self._events.append(_Event(now_ms, subject, message, *words))
        del self._events[:-_MOST_EVENTS]


def _told(what: str, rule: str, group: Sequence[Alert]) -> list[tuple[str, str]]:
    """Return subject and message of the events that tell of some alerts of one rule."""
    if len(group) > _MOST_APART:
        return [(rule, f"{what}: {len(group)} times: {subjects(group)}; {group[0].message}")]
    return [(f"{rule} {alert.subject}", f"{what}: {alert.message}") for alert in group]
