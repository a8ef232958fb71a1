"""Names and values under each other: everything there is to know about one row."""

from collections.abc import Sequence
from textwrap import wrap
from typing import NamedTuple

from textual.geometry import Size

from cts_tui.tui.cells import Cell, Line, Tone
from cts_tui.tui.formats import one_line
from cts_tui.tui.widgets.live_lines import LiveLines

_GAP = 2


class Fact(NamedTuple):
    """One name with its value."""

    name: str
    value: Cell
    is_long: bool = False
    """Whether the value is a sentence, which needs lines of its own."""


class Detail(LiveLines):
    """Facts in as many columns as the width allows."""

    COLUMN_WIDTH = 33

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._facts: tuple[Fact, ...] = ()

    def show_facts(self, facts: Sequence[Fact]) -> None:
        """Show `facts`."""
        self._facts = tuple(facts)
        if width := self.size.width:
            self.show(detail_lines(self._facts, width, self.COLUMN_WIDTH))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many lines the facts need in `width`."""
        return len(detail_lines(self._facts, max(width, 1), self.COLUMN_WIDTH))

    def on_resize(self) -> None:
        """Lay the facts out for the new width."""
        self.show_facts(self._facts)


def detail_lines(facts: Sequence[Fact], width: int, column_width: int) -> list[Line]:
    """Return short facts in columns, filled downwards, and long ones below them, wrapped."""
    short = [fact for fact in facts if not fact.is_long]
    columns = max(width // column_width, 1)
    height = -(-len(short) // columns)
    label = max((len(fact.name) for fact in facts), default=0) + _GAP
    column = width // columns
    lines: list[Line] = []
    for y in range(height):
        cells: list[Cell] = []
        for fact in short[y::height]:
            cells += _padded(fact, label, column)
        lines.append(tuple(cells))
    for fact in facts:
        if fact.is_long:
            lines += _wrapped(fact, label, width)
    return lines


def _padded(fact: Fact, label: int, width: int) -> list[Cell]:
    room = max(width - label - 1, 1)
    text = fact.value.text if len(fact.value.text) <= room else fact.value.text[: room - 1] + "…"
    return [
        Cell(fact.name.ljust(label), Tone.MUTED),
        Cell(text, fact.value.tone),
        Cell(" " * (width - label - len(text))),
    ]


def _wrapped(fact: Fact, label: int, width: int) -> list[Line]:
    pieces = wrap(one_line(fact.value.text), max(width - label, 10)) or ["-"]
    names = [fact.name, *[""] * (len(pieces) - 1)]
    return [
        (Cell(name.ljust(label), Tone.MUTED), Cell(piece, fact.value.tone))
        for name, piece in zip(names, pieces, strict=True)
    ]
