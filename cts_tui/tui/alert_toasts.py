"""Which toasts newly raised alerts are worth: each is told once, a storm as one. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cts_tui.model.alerts import VERDICT_RULE, Alert
from cts_tui.model.health import Gravity
from cts_tui.tui.formats import count_text, one_line

QUIET_S: Final = 10.0
"""Between two toasts: what is raised meanwhile comes with the next."""
_MOST_APART: Final = 2
_LONGEST: Final = 160
_MORE: Final = "A lists them"


@dataclass(frozen=True, slots=True)
class Toast:
    """One notification on the screen."""

    title: str
    message: str
    is_grave: bool


class AlertToasts:
    """Knows what was told; of what stood before the first look it tells in one summary."""

    def __init__(self) -> None:
        self._known: dict[int, Gravity] | None = None
        self._told_s = -QUIET_S

    def look(self, standing: Sequence[Alert], now_s: float) -> list[Toast]:
        """Return the toasts for what stands now; `now_s` only grows."""
        alerts = {
            alert.id: alert
            for alert in standing
            if alert.id is not None and alert.rule != VERDICT_RULE and alert.acked_ms is None
        }
        severities = {key: alert.severity for key, alert in alerts.items()}
        if self._known is None:
            self._known, self._told_s = severities, now_s
            return [_summary(list(alerts.values()), "stand")] if alerts else []
        if now_s - self._told_s < QUIET_S:
            return []
        fresh = [alert for key, alert in alerts.items() if self._is_news(key, alert.severity)]
        self._known = severities
        if not fresh:
            return []
        self._told_s = now_s
        fresh.sort(key=lambda alert: alert.severity is not Gravity.CRITICAL)
        return [_toast(alert) for alert in fresh] if len(fresh) <= _MOST_APART else [
            _summary(fresh, "were raised")
        ]  # fmt: skip

    def _is_news(self, alert_id: int, severity: Gravity) -> bool:
        """Return whether an alert was not told yet, or has become graver since."""
        known = (self._known or {}).get(alert_id)
        return known is None or (known is Gravity.WARNING and severity is Gravity.CRITICAL)


def _toast(alert: Alert) -> Toast:
    is_grave = alert.severity is Gravity.CRITICAL
    title = f"{'✖ CRITICAL' if is_grave else '▲ Warning'}: {alert.rule}"
    return Toast(title, _cut(alert.message), is_grave)


def _summary(alerts: Sequence[Alert], what: str) -> Toast:
    grave = [alert for alert in alerts if alert.severity is Gravity.CRITICAL]
    verb = what if len(alerts) > 1 else {"stand": "stands", "were raised": "was raised"}[what]
    first = (grave or list(alerts))[0]
    title = f"{count_text(len(alerts), 'alert')} {verb}, {len(grave)} critical"
    return Toast(title, f"{_cut(first.message)} - {_MORE}", bool(grave))


def _cut(text: str) -> str:
    text = one_line(text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
