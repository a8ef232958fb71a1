"""Alerts as the screens list them, and everything about one."""

from cts_tui.model.alerts import Alert
from cts_tui.model.health import Gravity
from cts_tui.tui.cells import Cell, Tone
from cts_tui.tui.formats import age_text, one_line, stamp_text, time_text
from cts_tui.tui.widgets.columns import Column
from cts_tui.tui.widgets.detail import Fact

_A = Column[Alert]


def severity_cell(alert: Alert) -> Cell:
    """Return how grave an alert is; what is over shouts no more."""
    is_grave = alert.severity is Gravity.CRITICAL
    text = "✖ CRITICAL" if is_grave else "▲ warning"
    if not alert.is_standing or alert.acked_ms is not None:
        return Cell(text, Tone.MUTED)
    return Cell(text, Tone.LIVE if is_grave else Tone.STALE)


def state_cell(alert: Alert, now_ms: int) -> Cell:
    """Return whether an alert stands and for how long, is known, or is over."""
    if alert.cleared_ms is not None:
        return Cell(f"over {age_text(now_ms - alert.cleared_ms)}", Tone.MUTED)
    if alert.acked_ms is not None:
        return Cell("known", Tone.MUTED)
    return Cell(f"for {age_text(now_ms - alert.raised_ms)}")


ALERTS = (
    _A("raised", "Raised", lambda a, now: Cell(time_text(a.raised_ms, now), Tone.MUTED), 8, 1,
       is_timed=True, order=lambda a: a.raised_ms),
    _A("severity", "Severity", lambda a, _: severity_cell(a), 10, 1,
       order=lambda a: a.severity is not Gravity.CRITICAL),
    _A("state", "State", state_cell, 9, 2, is_timed=True),
    _A("rule", "Rule", lambda a, _: Cell(a.rule), 10, 3, 20, order=lambda a: a.rule),
    _A("subject", "Subject", lambda a, _: Cell(a.subject), 8, 4, 24, order=lambda a: a.subject),
    _A("message", "What is wrong", lambda a, _: Cell(one_line(a.message)), 20, 1, 30,
       is_flexible=True),
)  # fmt: skip
"""Alerts: what stands and what stood."""


def alert_facts(alert: Alert) -> list[Fact]:
    """Return what is known of an alert."""
    return [
        Fact("Rule", Cell(alert.rule, Tone.STRONG)),
        Fact("Subject", Cell(alert.subject)),
        Fact("Severity", severity_cell(alert)),
        Fact("Raised", Cell(stamp_text(alert.raised_ms))),
        Fact("Last seen", Cell(stamp_text(alert.seen_ms))),
        Fact("Cleared", Cell(stamp_text(alert.cleared_ms))),
        Fact("Told", Cell(stamp_text(alert.notified_ms))),
        Fact("Acknowledged", Cell(stamp_text(alert.acked_ms))),
        Fact("What is wrong", Cell(one_line(alert.message)), is_long=True),
    ]
