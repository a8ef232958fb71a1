"""The sections of the health report as rows: a name and its figures."""

from dataclasses import dataclass

from cts_tui.model.views import HealthReport
from cts_tui.tui.cells import Cell
from cts_tui.tui.formats import count_text, one_line
from cts_tui.tui.widgets.columns import Column

Figures = tuple[tuple[str, str], ...]
_SEPARATOR = "  "


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the desk, with its figures as text."""

    name: str
    figures: Figures


def sections_of(report: HealthReport) -> list[Section]:
    """Return the sections of the report, in its order."""
    return [_section(name, value) for name, value in report.sections.items()]


def section_columns() -> tuple[Column[Section], ...]:
    """Return the columns of the table of sections."""
    return (
        Column("part", "Part", lambda s, _: Cell(s.name), 11, 1, order=lambda s: s.name),
        Column("figures", "Figures", lambda s, _: Cell(_summary(s)), 20, 1, is_flexible=True),
    )


def _section(name: str, value: object) -> Section:
    return Section(name, tuple(_flat("", value)))


def _flat(name: str, value: object) -> list[tuple[str, str]]:
    """Return a JSON value as names and texts; a list of objects is counted."""
    if isinstance(value, dict):
        return [
            pair
            for key, item in value.items()
            for pair in _flat(f"{name} {key}".strip().replace("_", " "), item)
        ]
    if isinstance(value, list):
        return [(name or "entries", _list_text(value))]
    return [(name or "value", _text(value))]


def _list_text(items: list[object]) -> str:
    if any(isinstance(item, dict | list) for item in items):
        return count_text(len(items), "entry").replace("entrys", "entries")
    return ", ".join(_text(item) for item in items) or "none"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, int):
        return f"{value:,}"
    return "-" if value is None else one_line(str(value))


def _summary(section: Section) -> str:
    return _SEPARATOR.join(f"{name} {value}" for name, value in section.figures)
