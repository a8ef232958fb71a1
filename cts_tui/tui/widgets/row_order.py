"""Which rows of a table are shown, and in which order: the filter and the sorted column."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Generic

from cts_tui.tui.widgets.columns import Column, RowT


@dataclass(frozen=True, slots=True)
class RowOrder(Generic[RowT]):
    """The trader's choice of rows: a filter text, and a column to sort by (None: as given)."""

    columns: tuple[Column[RowT], ...]
    needle: str = ""
    sorted_by: str | None = None
    is_descending: bool = True

    def apply(self, rows: Sequence[RowT], now_ms: int) -> list[RowT]:
        """Return the rows that match the filter, sorted."""
        shown = [row for row in rows if self.matches(row, now_ms)] if self.needle else list(rows)
        value = next((c.order for c in self.columns if c.key == self.sorted_by), None)
        if value is None:
            return shown
        known = [(item, row) for row in shown if (item := value(row)) is not None]
        unknown = [row for row in shown if value(row) is None]
        known.sort(key=lambda pair: pair[0], reverse=self.is_descending)
        return [row for _, row in known] + unknown

    def matches(self, row: RowT, now_ms: int) -> bool:
        """Whether any text column of the row contains the filter text, in any case."""
        needle = self.needle.casefold()
        texts = (c.cell(row, now_ms).text for c in self.columns if not c.is_number)
        return any(needle in text.casefold() for text in texts)

    def next_column(self, shown: Sequence[str]) -> "RowOrder[RowT]":
        """Return the order by the next of the `shown` columns; after the last one, as given."""
        keys: list[str | None] = [None]
        keys += [c.key for c in self.columns if c.order and c.key in shown]
        at = keys.index(self.sorted_by) if self.sorted_by in keys else 0
        return self.by(keys[(at + 1) % len(keys)])

    def by(self, key: str | None) -> "RowOrder[RowT]":
        """Return the order by column `key`: numbers from the largest, text from A."""
        is_number = any(c.is_number for c in self.columns if c.key == key)
        return replace(self, sorted_by=key, is_descending=is_number)

    def reversed(self) -> "RowOrder[RowT]":
        """Return the order the other way round."""
        return replace(self, is_descending=not self.is_descending)

    def filtered(self, needle: str) -> "RowOrder[RowT]":
        """Return the order with the filter text `needle`; an empty one shows all rows."""
        return replace(self, needle=needle.strip())

    @property
    def arrow(self) -> str:
        """The mark of the sorted column's header."""
        return "▼" if self.is_descending else "▲"
