"""The words of a notice: a title with the count, and a line for each thing to tell."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from cts_tui.clock import utc_from_ms
from cts_tui.engine.alerts.notices import Item, Word
from cts_tui.model.alerts import Alert
from cts_tui.model.health import Gravity
from cts_tui.redaction import redacted

_MOST_APART: Final = 3
"""Alerts of one rule that have a line each; more of them become one line with a count."""
_MOST_LINES: Final = 15
_LONGEST_LINE: Final = 300
_ORDER: Final = (Word.RAISED, Word.STILL, Word.PASSED, Word.CLEARED)


@dataclass(frozen=True, slots=True, eq=False)
class Notice:
    """A message to the trader, and what it tells of; two that read alike are two."""

    title: str
    body: str
    severity: Gravity
    items: tuple[Item, ...] = ()


def notice_of(items: Sequence[Item], desk: str) -> Notice:
    """Return the notice that tells of all `items`; `desk` names the machine."""
    standing = [item for item in items if item.word is not Word.CLEARED]
    critical = sum(item.alert.severity is Gravity.CRITICAL for item in standing)
    counts = {
        "critical": critical,
        "warning": len(standing) - critical,
        "cleared": len(items) - len(standing),
    }
    counted = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    lines = [line for group in _groups(items) for line in _lines(group)]
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES - 1 :] = [f"… and {len(lines) - _MOST_LINES + 1} lines more"]
    return Notice(
        title=f"cts-tui {desk}: {counted}",
        body=redacted("\n".join(lines)),
        severity=Gravity.CRITICAL if critical else Gravity.WARNING,
        items=tuple(items),
    )


def _groups(items: Iterable[Item]) -> list[list[Item]]:
    """Return the items by word, severity and rule: what is grave and new first."""
    groups: defaultdict[tuple[int, bool, str], list[Item]] = defaultdict(list)
    for item in items:
        is_mild = item.alert.severity is not Gravity.CRITICAL
        groups[_ORDER.index(item.word), is_mild, item.alert.rule].append(item)
    return [groups[key] for key in sorted(groups)]


def _lines(group: list[Item]) -> list[str]:
    """Return a line for each alert of a rule; one with a count where they are many."""
    if len(group) <= _MOST_APART:
        return [_line(item) for item in group]
    first = group[0]
    subjects = list(dict.fromkeys(item.alert.subject for item in group))
    listed = ", ".join(subjects[:_MOST_APART])
    more = f" and {len(subjects) - _MOST_APART} more" if len(subjects) > _MOST_APART else ""
    return [_cut(f"{_head(first)}: {len(group)} times: {listed}{more}; {first.alert.message}")]


def _line(item: Item) -> str:
    alert = item.alert
    return _cut(f"{_head(item)}, {_since(item)}: {alert.message}")


def _head(item: Item) -> str:
    alert = item.alert
    is_grave = alert.severity is Gravity.CRITICAL and item.word is not Word.CLEARED
    severity = "CRITICAL " if is_grave else ""
    word = "" if item.word is Word.RAISED else f"{item.word} "
    return f"{severity}{word}{alert.rule}"


def _since(item: Item) -> str:
    alert = item.alert
    if alert.cleared_ms is None:
        return f"since {_clock(alert.raised_ms)}"
    return f"{_clock(alert.raised_ms)} to {_clock(alert.cleared_ms)}"


def _clock(time_ms: int) -> str:
    return utc_from_ms(time_ms).strftime("%H:%M:%S UTC")


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…"


def trial_notice(desk: str, severity: Gravity = Gravity.WARNING) -> Notice:
    """Return a notice by which a trader tries a target."""
    return Notice(
        title=f"cts-tui {desk}: test",
        body="This is a test. Alerts of this desk will come here.",
        severity=severity,
    )


def subjects(alerts: Sequence[Alert]) -> str:
    """Return the first subjects of some alerts, and how many more there are."""
    listed = ", ".join(alert.subject for alert in alerts[:_MOST_APART])
    return f"{listed} and {len(alerts) - _MOST_APART} more" if len(alerts) > _MOST_APART else listed
