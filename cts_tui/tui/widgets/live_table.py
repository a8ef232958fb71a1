"""A table of live rows that repaints only the cells that changed.

`DataTable` repaints as a whole on every cell update; over a slow line that is what a trader feels.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, ClassVar, Generic

from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cts_tui.tui.actions import Where, bindings_for
from cts_tui.tui.tones import ground_style, tone_styles
from cts_tui.tui.widgets.columns import Column, RowT
from cts_tui.tui.widgets.row_order import RowOrder
from cts_tui.tui.widgets.table_painting import HEADER_HEIGHT, Painting
from cts_tui.tui.widgets.table_strips import Look, advice_strip, header_strip, row_strip


class LiveTable(ScrollView, Generic[RowT], can_focus=True):
    """Rows under a fixed header: virtual, with a cursor that stays on its row."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Where.TABLE)
    DEFAULT_CSS = """
    LiveTable {
        height: 1fr;
        overflow-x: hidden;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
    }
    """

    class Highlighted(Message):
        """The cursor came to another row, or its row changed."""

        def __init__(self, table: "LiveTable[Any]", row: object | None) -> None:
            super().__init__()
            self.table = table
            self.row = row

        @property
        def control(self) -> "LiveTable[Any]":
            """The table that sent it."""
            return self.table

    class Selected(Highlighted):
        """The row under the cursor was chosen."""

    def __init__(
        self,
        columns: Sequence[Column[RowT]],
        row_key: Callable[[RowT], Hashable],
        *,
        title: str = "",
        empty: Sequence[str] = (),
        is_log: bool = False,
        id: str | None = None,
    ) -> None:
        """Show rows in `columns`; a cursor on the first row of a log stays on the first row."""
        super().__init__(id=id)
        self.order: RowOrder[RowT] = RowOrder(tuple(columns))
        self.border_title = title
        self._title = title
        self._note = ""
        self._empty = tuple(empty)
        self._row_key = row_key
        self._is_log = is_log
        self._given: Sequence[RowT] = ()
        self._rows: list[RowT] = []
        self._cursor = 0
        self._painting: Painting[RowT] = Painting(tuple(columns))

    # -- what it shows ------------------------------------------------------------------------

    @property
    def rows(self) -> Sequence[RowT]:
        """The rows that pass the filter, in the order shown."""
        return self._rows

    @property
    def cursor(self) -> int:
        """The index of the row under the cursor."""
        return self._cursor

    @property
    def cursor_row(self) -> RowT | None:
        """The row under the cursor, None in an empty table."""
        return self._rows[self._cursor] if self._rows else None

    @property
    def column_keys(self) -> list[str]:
        """The keys of the columns that have room, left to right."""
        return [slot.column.key for slot in self._painting.slots]

    def update_rows(self, rows: Sequence[RowT], now_ms: int) -> None:
        """Show `rows` as of `now_ms` and repaint the cells that differ from the last ones."""
        before, was_empty = self.cursor_row, not self._rows
        self._given = rows
        self._painting.now_ms = now_ms
        self._rows = self.order.apply(rows, now_ms)
        self._keep_cursor(before)
        self._describe()
        self._repaint(is_whole=was_empty or not self._rows)
        if self.cursor_row != before:
            self.post_message(self.Highlighted(self, self.cursor_row))

    def set_order(self, order: RowOrder[RowT]) -> None:
        """Filter and sort by `order` from now on."""
        self.order = order
        self._painting.forget()
        self.update_rows(self._given, self._painting.now_ms)
        self.refresh()

    def set_empty(self, *lines: str) -> None:
        """Say `lines` where there are no rows: what is missing, and what to do."""
        if lines != self._empty:
            self._empty = lines
            if not self._rows:
                self.refresh()

    def set_note(self, note: str) -> None:
        """Say something beside the title, like what else there is to see; empty for nothing."""
        told = f", {note}" if note else ""
        if told != self._note:
            self._note = told
            self._describe()

    def _keep_cursor(self, before: RowT | None) -> None:
        if before is None or (self._is_log and self._cursor == 0):
            self._cursor = 0
            return
        key = self._row_key(before)
        found = (i for i, row in enumerate(self._rows) if self._row_key(row) == key)
        nearest = min(self._cursor, max(len(self._rows) - 1, 0))
        self._set_cursor(next(found, nearest))

    def _describe(self) -> None:
        """Say in the border how many rows there are, and how they were chosen."""
        note = f" {len(self._rows):,}" if self._rows else ""
        if self.order.needle:
            note = f" {len(self._rows):,} of {len(self._given):,} with “{self.order.needle}”"
        title = self._title + (note + self._note).replace("[", "\\[")
        if title != self.border_title:
            self.border_title = title

    # -- painting -----------------------------------------------------------------------------

    @property
    def _room(self) -> Size:
        """The size without the scrollbar's column, which is always kept free."""
        return self.scrollable_content_region.size

    def _repaint(self, *, is_whole: bool) -> None:
        """Mark the changed cells of the visible rows dirty, and nothing else."""
        lines = len(self._rows) or len(self._empty)
        size = Size(self._room.width, lines + HEADER_HEIGHT)
        if size != self.virtual_size:
            self.virtual_size = size
        regions = self._painting.update(self._rows, self.scroll_offset.y, self._room)
        if is_whole or regions is None:
            self.refresh()
        elif regions:
            self.refresh(*regions)

    def _refresh_row(self, index: int) -> None:
        y = index - self.scroll_offset.y + HEADER_HEIGHT
        if HEADER_HEIGHT <= y < self.size.height:
            self.refresh(Region(0, y, self._room.width, 1))

    def render_line(self, y: int) -> Strip:
        """Return line `y` of the viewport: the header, a row, or the empty table's advice."""
        look, width = self._look(), self._room.width
        if not self._rows:
            return self._advice(y, look)
        slots = self._painting.slots
        if y < HEADER_HEIGHT:
            by, arrow = self.order.sorted_by, self.order.arrow
            return header_strip(slots, width, look, sorted_by=by, arrow=arrow)
        index = y - HEADER_HEIGHT + self.scroll_offset.y
        if index >= len(self._rows):
            return Strip.blank(width, look.base)
        cells = self._painting.cells(index, self._rows[index])
        return row_strip(slots, cells, width, look, is_cursor=index == self._cursor)

    def _advice(self, y: int, look: Look) -> Strip:
        lines = self._empty
        if self._given and self.order.needle:
            lines = (f"nothing contains “{self.order.needle}”", "esc clears the filter")
        text = lines[y] if y < len(lines) else ""
        return advice_strip(text, self._room.width, look, is_first=y == 0)

    def _look(self) -> Look:
        variables, base = self.app.theme_variables, self.rich_style
        cursor = "row-cursor" if self.has_focus else "row-cursor-blurred"
        return Look(
            base,
            base + ground_style(variables, "row-header"),
            base + ground_style(variables, cursor),
            tone_styles(variables),
        )

    # -- the cursor ---------------------------------------------------------------------------

    def move_cursor(self, index: int) -> None:
        """Put the cursor on row `index`, or the nearest there is, and scroll it into view."""
        before = self._cursor
        self._set_cursor(min(max(index, 0), max(len(self._rows) - 1, 0)))
        if self._cursor != before:
            self.post_message(self.Highlighted(self, self.cursor_row))

    def _set_cursor(self, index: int) -> None:
        if index == self._cursor:
            return
        before, self._cursor = self._cursor, index
        self._refresh_row(before)
        self._refresh_row(index)
        top, page = self.scroll_offset.y, self._page
        if not top <= index < top + page:
            self.scroll_to(y=index if index < top else index - page + 1, animate=False)

    @property
    def _page(self) -> int:
        return max(self.size.height - HEADER_HEIGHT, 1)

    def action_move(self, rows: int) -> None:
        """Move the cursor down by `rows` (negative: up)."""
        self.move_cursor(self._cursor + rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor down by `pages` (negative: up)."""
        self.move_cursor(self._cursor + pages * self._page)

    def action_first(self) -> None:
        """Move the cursor to the first row."""
        self.move_cursor(0)

    def action_last(self) -> None:
        """Move the cursor to the last row."""
        self.move_cursor(len(self._rows) - 1)

    def action_select(self) -> None:
        """Choose the row under the cursor."""
        if self._rows:
            self.post_message(self.Selected(self, self.cursor_row))

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.set_order(self.order.next_column(self.column_keys))

    def action_reverse(self) -> None:
        """Sort the other way round."""
        self.set_order(self.order.reversed())

    # -- events -------------------------------------------------------------------------------

    def on_resize(self) -> None:
        """Choose the columns anew."""
        self._painting.forget()
        self._repaint(is_whole=True)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Repaint, with columns wide enough for the rows that came into view."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._repaint(is_whole=True)

    def on_focus(self) -> None:
        """Show that the keys go here."""
        self._refresh_row(self._cursor)

    def on_blur(self) -> None:
        """Show that the keys go elsewhere."""
        self._refresh_row(self._cursor)

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to a clicked row, choose it on a double click; a label sorts."""
        place = event.get_content_offset(self)
        if place is None:
            return
        if place.y < HEADER_HEIGHT:
            self._sort_at(place.x)
            return
        index = place.y - HEADER_HEIGHT + self.scroll_offset.y
        if index < len(self._rows):
            self.move_cursor(index)
            if event.chain > 1:
                self.action_select()

    def _sort_at(self, x: int) -> None:
        hit = [slot.column for slot in self._painting.slots if slot.x <= x]
        if not hit or hit[-1].order is None:
            return
        is_same = hit[-1].key == self.order.sorted_by
        self.set_order(self.order.reversed() if is_same else self.order.by(hit[-1].key))
