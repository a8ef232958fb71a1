"""The sections of the health report as rows: a name and its figures, in the words of traders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, TypeGuard

from cts_tui.model.views import HealthReport
from cts_tui.tui.cells import Cell
from cts_tui.tui.formats import one_line, signed_text
from cts_tui.tui.widgets.columns import Column

Figures = tuple[tuple[str, str], ...]
_SEPARATOR = "  "
_NAMING = ("connection", "name", "symbol", "exchange", "pid")
"""What a row of a list is called by, where it has that."""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the desk, with its figures as text."""

    name: str
    figures: Figures
    """The main ones, for its row."""
    details: Figures
    """All there are."""


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
    if not _is_rows(value):
        figures = tuple(_flat("", value))
        return Section(name, figures, figures)
    sums = _SUMMED[name](value) if name in _SUMMED else ((name, str(len(value))),)
    return Section(name, sums, tuple(_named(row) for row in value))


def _processors(rows: Sequence[Mapping[str, Any]]) -> Figures:
    slowest = max(rows, key=lambda row: row.get("p95_ms") or 0.0, default={})
    p95_ms = slowest.get("p95_ms")
    slow = () if p95_ms is None else (("slowest", f"{_name(slowest)} p95 {p95_ms:,.1f} ms"),)
    return (
        ("running", str(len(rows))),
        ("cycles", f"{_sum(rows, 'cycles'):,}"),
        ("errors", f"{_sum(rows, 'errors'):,}"),
        *slow,
    )


def _feeds(rows: Sequence[Mapping[str, Any]]) -> Figures:
    sources = dict.fromkeys(str(row.get("source")) for row in rows)
    return (
        ("symbols", str(len(rows))),
        ("stale", str(_sum(rows, "stale"))),
        ("reconnects", str(max((row.get("reconnects") or 0 for row in rows), default=0))),
        ("sources", ", ".join(sources) or "none"),
    )


def _api(rows: Sequence[Mapping[str, Any]]) -> Figures:
    offsets = [abs(row["clock_offset_ms"]) for row in rows if row.get("clock_offset_ms")]
    off = (("largest clock offset", f"{max(offsets):,.0f} ms"),) if offsets else ()
    tested = sum(bool(row.get("last_test")) for row in rows)
    return (("connections", str(len(rows))), ("tested", str(tested)), *off)


_SUMMED = {"processors": _processors, "feeds": _feeds, "api": _api}


def _sum(rows: Sequence[Mapping[str, Any]], key: str) -> int:
    return sum(row.get(key) or 0 for row in rows)


def _is_rows(value: object) -> TypeGuard[list[Mapping[str, Any]]]:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _name(row: Mapping[str, Any]) -> str:
    return " ".join(str(row[key]) for key in _NAMING if row.get(key) is not None)


def _named(row: Mapping[str, Any]) -> tuple[str, str]:
    """Return a row of a list as its name and everything else of it."""
    name = _name(row)
    rest = {key: value for key, value in row.items() if key not in _NAMING}
    figures = _flat("", rest if name else row)
    return name, _SEPARATOR.join(f"{key} {value}" for key, value in figures)


def _flat(name: str, value: object) -> list[tuple[str, str]]:
    """Return a JSON value as names and texts; rows of a list are counted."""
    if isinstance(value, dict):
        return [
            pair
            for key, item in value.items()
            for pair in _flat(f"{name} {key}".strip().replace("_", " "), item)
        ]
    if isinstance(value, list):
        return [(name or "number", _list_text(value))]
    return [_pair(name or "value", value)]


def _list_text(items: Sequence[object]) -> str:
    if any(isinstance(item, dict | list) for item in items):
        return str(len(items))
    return ", ".join(_text(item) for item in items) or "none"


def _pair(name: str, value: object) -> tuple[str, str]:
    """Return a figure; bytes as megabytes, money with its sign."""
    if name.endswith(" bytes") and isinstance(value, int):
        return name.removesuffix(" bytes"), f"{value / 1e6:,.1f} MB"
    if name.endswith("pnl") and isinstance(value, str):
        try:
            return name, signed_text(Decimal(value))
        except InvalidOperation:
            return name, one_line(value)
    return name, _text(value)


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
