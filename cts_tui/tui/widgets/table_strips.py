"""The lines of a live table as strips: pure drawing from cells, places and styles."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from cts_tui.tui.cells import Cell, Tone
from cts_tui.tui.tones import ToneStyles
from cts_tui.tui.widgets.columns import Slot, aligned

CURSOR_MARK = "▌"
"""Shows the cursor where there are no colours."""

Piece = tuple[int, str, Style]
"""Where a text starts, the text, and its style."""


class Look(NamedTuple):
    """The styles of a table under the current theme and focus."""

    base: Style
    header: Style
    cursor: Style
    tones: ToneStyles


def row_strip(
    slots: Sequence[Slot[Any]], cells: Sequence[Cell], width: int, look: Look, *, is_cursor: bool
) -> Strip:
    """Return one row; the cursor's row has its own ground and a mark at its start."""
    ground = look.cursor if is_cursor else look.base
    mark = CURSOR_MARK if is_cursor else " "
    pieces: list[Piece] = [(0, mark, ground + look.tones[Tone.KEY])]
    for slot, cell in zip(slots, cells, strict=True):
        text = aligned(cell.text, slot.width, to_right=slot.column.is_number)
        pieces.append((slot.x, text, ground + look.tones[cell.tone]))
    return _joined(pieces, width, ground)


def header_strip(
    slots: Sequence[Slot[Any]], width: int, look: Look, *, sorted_by: str | None, arrow: str
) -> Strip:
    """Return the labels; the column sorted by carries the `arrow`."""
    plain, strong = look.header + look.tones[Tone.MUTED], look.header + look.tones[Tone.TITLE]
    pieces: list[Piece] = []
    for slot in slots:
        is_sorted = slot.column.key == sorted_by
        label = slot.column.label + (arrow if is_sorted else "")
        text = aligned(label, slot.width, to_right=slot.column.is_number)
        pieces.append((slot.x, text, strong if is_sorted else plain))
    return _joined(pieces, width, plain)


def advice_strip(text: str, width: int, look: Look, *, is_first: bool) -> Strip:
    """Return a line of what an empty table has to say."""
    tone = look.tones[Tone.PLAIN if is_first else Tone.MUTED]
    return _joined([(2, text, look.base + tone)], width, look.base)


def _joined(pieces: Iterable[Piece], width: int, ground: Style) -> Strip:
    """Return the pieces as few segments as possible: every segment costs escape codes."""
    segments: list[Segment] = []
    x = 0
    for start, text, style in pieces:
        _append(segments, " " * (start - x), ground)
        _append(segments, text, style)
        x = start + len(text)
    _append(segments, " " * (width - x), ground)
    return Strip(segments).adjust_cell_length(width, ground)


def _append(segments: list[Segment], text: str, style: Style) -> None:
    if not text:
        return
    if segments and (
        segments[-1].style == style or _only_ground_differs(text, segments[-1], style)
    ):
        segments[-1] = Segment(segments[-1].text + text, segments[-1].style)
    else:
        segments.append(Segment(text, style))


def _only_ground_differs(text: str, before: Segment, style: Style) -> bool:
    """Whether `text` is blank and may as well be painted in the style before it."""
    return text.isspace() and before.style is not None and before.style.bgcolor == style.bgcolor
