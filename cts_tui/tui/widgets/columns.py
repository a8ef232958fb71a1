"""Columns of a live table, and which of them fit into the room there is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from cts_tui.tui.cells import Cell

RowT = TypeVar("RowT")

MARKER_WIDTH = 1
"""Characters left of the first column, for the cursor's mark."""
_WIDEST_GAP = 3


@dataclass(frozen=True)
class Column(Generic[RowT]):
    """One column: what a row shows in it, and how much it matters when room is short."""

    key: str
    label: str
    cell: Callable[[RowT, int], Cell]
    """The text of a row at a time (UTC milliseconds), so that ages move on by themselves."""
    width: int
    """Least width; the column grows with its content, up to `most`."""
    priority: int = 5
    """1 is shown first; the highest are dropped where the table is narrow."""
    most: int = 18
    is_number: bool = False
    """Aligned to the right, and never cut."""
    is_flexible: bool = False
    """Takes the room that is left; less important columns appear only where it has `most`."""
    is_timed: bool = False
    """Whether the text depends on the time."""
    order: Callable[[RowT], Any] | None = None
    """The value to sort by; None where sorting makes no sense."""


class Slot(NamedTuple, Generic[RowT]):
    """A column's place in the table."""

    column: Column[RowT]
    x: int
    width: int


def fit(
    columns: Sequence[Column[RowT]], measured: Mapping[str, int], room: int
) -> tuple[Slot[RowT], ...]:
    """Return the columns that fit into `room` characters, with their places.

    `measured` is the widest content seen by column key. The most important columns come first;
    room left over goes to the flexible columns, else into wider gaps.
    """
    widths = {c.key: _wanted(c, measured.get(c.key, 0)) for c in columns}
    kept = _choose(columns, widths, room - MARKER_WIDTH)
    spare = room - MARKER_WIDTH - sum(widths[c.key] for c in kept) - (len(kept) - 1)
    flexible = [column for column in kept if column.is_flexible]
    for index, column in enumerate(flexible):
        widths[column.key] += spare // len(flexible) + (index < spare % len(flexible))
    gap = 1 if flexible or len(kept) < 2 else 1 + min(_WIDEST_GAP - 1, spare // (len(kept) - 1))
    return _place(kept, widths, gap)


def _wanted(column: Column[RowT], measured: int) -> int:
    content = measured if column.is_number else min(measured, column.most)
    least = max(column.width, len(column.label))
    return least if column.is_flexible else max(least, content)


def _choose(
    columns: Sequence[Column[RowT]], widths: Mapping[str, int], room: int
) -> list[Column[RowT]]:
    chosen: set[str] = set()
    used = reserved = 0
    for column in sorted(columns, key=lambda c: c.priority):
        needed = widths[column.key] + (1 if chosen else 0)
        if used + reserved + needed <= room or not chosen:
            chosen.add(column.key)
            used += needed
            reserved += column.most - column.width if column.is_flexible else 0
    return [column for column in columns if column.key in chosen]


def _place(
    columns: Sequence[Column[RowT]], widths: Mapping[str, int], gap: int
) -> tuple[Slot[RowT], ...]:
    slots = []
    x = MARKER_WIDTH
    for column in columns:
        slots.append(Slot(column, x, max(widths[column.key], 1)))
        x += widths[column.key] + gap
    return tuple(slots)


def aligned(text: str, width: int, *, to_right: bool) -> str:
    """Return `text` in exactly `width` characters, cut with an ellipsis where it is longer."""
    if len(text) > width:
        return text[: width - 1] + "…"
    return text.rjust(width) if to_right else text.ljust(width)
