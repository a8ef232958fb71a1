"""What is wrong, and how the figures went: the tables that only the health screen has."""

from collections import Counter
from textwrap import shorten
from typing import Final

from cts_tui.model.health import Fault, Gravity
from cts_tui.model.health_trends import Trend
from cts_tui.model.sparkline import bars, thinned
from cts_tui.model.views import HealthReport
from cts_tui.tui.cells import Cell, Line, Tone, line
from cts_tui.tui.formats import count_text, one_line
from cts_tui.tui.states import health_cell
from cts_tui.tui.widgets.columns import Column
from cts_tui.tui.widgets.detail import Fact

TREND_HOURS: Final = 24.0
_BARS: Final = 24
_LONGEST_NAME: Final = 60
_GRAVITIES: Final = {Gravity.CRITICAL: Tone.ERROR, Gravity.WARNING: Tone.WARNING}

_F = Column[Fault]
REASONS = (
    _F("gravity", "Gravity", lambda f, _: Cell(f.gravity, _GRAVITIES[f.gravity]), 8, 1),
    _F("message", "What is wrong, gravest first", lambda f, _: Cell(one_line(f.message)), 30, 1,
       50, is_flexible=True),
    _F("rule", "Rule", lambda f, _: Cell(f.rule, Tone.MUTED), 10, 3, 24, order=lambda f: f.rule),
)  # fmt: skip
"""Reasons of the verdict."""

_T = Column[Trend]
TRENDS = (
    _T("name", "Figure", lambda t, _: Cell(t.name), 18, 1, 22, order=lambda t: t.name),
    _T("bars", f"Last {TREND_HOURS:.0f} hours", lambda t, _: Cell(_drawn(t), Tone.TITLE), _BARS, 1,
       _BARS),
    _T("last", "Now", lambda t, _: Cell(_number(t.last)), 7, 1, is_number=True),
    _T("least", "Least", lambda t, _: Cell(_number(min(t.values)), Tone.MUTED), 7, 2,
       is_number=True),
    _T("most", "Most", lambda t, _: Cell(_number(max(t.values)), Tone.MUTED), 7, 2,
       is_number=True),
)  # fmt: skip
"""How the main figures went: a bar is the highest of its part of the time."""


def verdict_line(report: HealthReport) -> Line:
    """Return the verdict and how many reasons of which gravity there are for it."""
    gravities = Counter(fault.gravity for fault in report.faults)
    critical, warnings = gravities[Gravity.CRITICAL], gravities[Gravity.WARNING]
    counts = (critical, f"{critical} critical"), (warnings, count_text(warnings, "warning"))
    said = ", ".join(text for count, text in counts if count)
    text = f"{count_text(len(report.faults), 'reason')}: {said}" if said else "nothing to report"
    return line(" ", health_cell(report.status), "  ", text)


def fault_facts(fault: Fault) -> list[Fact]:
    """Return everything about a reason."""
    return [
        Fact("gravity", Cell(fault.gravity, _GRAVITIES[fault.gravity])),
        Fact("rule", Cell(fault.rule)),
        Fact("about", Cell(shorten(one_line(fault.subject), _LONGEST_NAME)), is_long=True),
        Fact("message", Cell(fault.message), is_long=True),
    ]


def trend_facts(trend: Trend) -> list[Fact]:
    """Return everything about a figure's history."""
    values = trend.values
    return [
        Fact("now", Cell(_number(trend.last))),
        Fact("least", Cell(_number(min(values)))),
        Fact("most", Cell(_number(max(values)))),
        Fact("mean", Cell(_number(sum(values) / len(values)))),
        Fact("samples", Cell(f"{len(values):,}, one a minute"), is_long=True),
        Fact("course", Cell(_drawn(trend), Tone.TITLE), is_long=True),
        Fact("each minute", Cell("cts-tui health --history"), is_long=True),
    ]


def _drawn(trend: Trend) -> str:
    return bars(thinned(trend.values, _BARS), _BARS)


def _number(value: float) -> str:
    """Return a figure short enough for a column: 1,234 or 12.3 or 0.42."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 1_000 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"
