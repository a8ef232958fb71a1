"""What a live table has on the screen, and which parts of it the next update changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

from textual.geometry import Region, Size

from cts_tui.tui.cells import Cell
from cts_tui.tui.widgets.columns import Column, RowT, Slot, fit

HEADER_HEIGHT = 1
Cells = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class _Painted(Generic[RowT]):
    """A row as it is on the screen: what the next update is compared with."""

    row: RowT
    cells: Cells
    second: int


class Painting(Generic[RowT]):
    """The cells of the visible rows, by row index, and the places of the columns."""

    def __init__(self, columns: tuple[Column[RowT], ...]) -> None:
        self.now_ms = 0
        self.slots: tuple[Slot[RowT], ...] = ()
        self._columns = columns
        self._width = 0
        self._measured: dict[str, int] = {}
        self._painted: dict[int, _Painted[RowT]] = {}

    def forget(self) -> None:
        """Take nothing on the screen for granted any more."""
        self._painted.clear()

    def cells(self, index: int, row: RowT) -> Cells:
        """Return the cells to paint for the row at `index`."""
        painted = self._painted.get(index)
        if painted is None:
            painted = self._painted[index] = self._paint(row, None)
        return painted.cells

    def update(self, rows: Sequence[RowT], top: int, size: Size) -> list[Region] | None:
        """Return the regions that `rows` change from row `top` on; None means everything."""
        is_new_width = self._width != size.width
        if is_new_width:
            self._width = size.width
            self._fit()
        before, self._painted = self._painted, {}
        regions: list[Region] = []
        for y in range(HEADER_HEIGHT, size.height):
            index = top + y - HEADER_HEIGHT
            regions += self._changes(rows, index, before.get(index), y)
        if self._outgrow():
            self._fit()
            return None
        return None if is_new_width else regions

    def _fit(self) -> None:
        self.slots = fit(self._columns, self._measured, self._width)
        self._painted = {
            index: self._paint(painted.row, None) for index, painted in self._painted.items()
        }

    def _changes(
        self, rows: Sequence[RowT], index: int, old: _Painted[RowT] | None, y: int
    ) -> list[Region]:
        whole = Region(0, y, self._width, 1)
        if index >= len(rows):
            return [whole] if old else []
        new = self._painted[index] = self._paint(rows[index], old)
        if old is None or len(old.cells) != len(new.cells):
            return [whole]
        if new.cells is old.cells:
            return []
        changed = [
            slot
            for slot, was, now in zip(self.slots, old.cells, new.cells, strict=True)
            if was != now
        ]
        return [self._span(changed[0], changed[-1], y)]

    @staticmethod
    def _span(first: Slot[RowT], last: Slot[RowT], y: int) -> Region:
        """Return one region per row: Textual writes a line from its start for each region."""
        return Region(first.x, y, last.x + last.width - first.x, 1)

    def _paint(self, row: RowT, old: _Painted[RowT] | None) -> _Painted[RowT]:
        """Return the row's cells; the old ones where neither row nor a shown age changed."""
        second = self.now_ms // 1000
        is_same = old is not None and old.row == row
        if old and is_same and (old.second == second or not self._is_timed):
            return old
        cells = tuple(slot.column.cell(row, self.now_ms) for slot in self.slots)
        return _Painted(row, old.cells if old and old.cells == cells else cells, second)

    @property
    def _is_timed(self) -> bool:
        return any(slot.column.is_timed for slot in self.slots)

    def _outgrow(self) -> bool:
        """Note the widest contents; whether one is wider than its column and may widen it."""
        has_outgrown = False
        for painted in self._painted.values():
            for (column, _, width), cell in zip(self.slots, painted.cells, strict=True):
                length = len(cell.text)
                if length > width and length > self._measured.get(column.key, 0):
                    self._measured[column.key] = length
                    has_outgrown |= not column.is_flexible
        return has_outgrown
