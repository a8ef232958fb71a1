"""Pages that no tree leads to: of which table they are, by what their cells hold."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from cts_tui.store.salvage.layouts import Layout
from cts_tui.store.salvage.pages import PageFile
from cts_tui.store.salvage.trees import (
    INDEX_INTERIOR,
    INDEX_LEAF,
    TABLE_INTERIOR,
    TABLE_LEAF,
    Cell,
    Node,
    cells_of,
    child_at,
    node_at,
)
from cts_tui.store.salvage.walk import Row


class Stray(NamedTuple):
    """A page with rows, and whose they are."""

    layout: Layout
    rows: tuple[Row, ...]
    broken_cells: int
    others: tuple[str, ...]
    """Tables whose rows they could be as well."""


def strays_in(
    pages: PageFile, taken: Collection[int], layouts: Sequence[Layout]
) -> Iterator[Stray | None]:
    """Yield the pages with rows that are in no tree and not known to be free.

    None stands for a page of which cells can be read, and that fits no table. `layouts` are those
    of the tables, the likeliest first.
    """
    for number in range(2, pages.count + 1):
        if number in taken or number in pages.free.numbers:
            continue
        node = node_at(pages, number)
        if node is not None and node.kind in (TABLE_LEAF, INDEX_LEAF, INDEX_INTERIOR):
            cells = list(cells_of(pages, node))
            if any(cells):
                yield _assigned(node, cells, layouts)


def _assigned(node: Node, cells: list[Cell | None], layouts: Sequence[Layout]) -> Stray | None:
    """Return whose the cells of a page are: of the table that most of them fit."""
    found = [cell for cell in cells if cell is not None]
    is_table = node.kind == TABLE_LEAF
    fitting = {
        layout: sum(layout.fits(cell.rowid, cell.values) for cell in found)
        for layout in layouts
        if layout.has_rowid == is_table
    }
    most = max(fitting.values(), default=0)
    if 2 * most <= len(found):
        return None
    layout, *others = (layout for layout, count in fitting.items() if count == most)
    own = [cell for cell in found if layout.resembles(cell.values)]
    rows = tuple(
        Row(
            layout,
            layout.key(cell.rowid, cell.values),
            layout.row(cell.rowid, cell.values),
        )
        for cell in own
    )
    tables = dict.fromkeys(other.table for other in others if other.table != layout.table)
    return Stray(layout, rows, len(cells) - len(own), tuple(tables))


def best_fitting(pages: PageFile, root: int, layouts: Sequence[Layout]) -> Layout | None:
    """Return the layout that most rows of the first page of a tree fit, None where none does."""
    node = node_at(pages, root)
    while node is not None and node.kind == TABLE_INTERIOR and node.pointers:
        node = node_at(pages, child_at(node, node.pointers[0]))
    if node is None or node.kind == TABLE_INTERIOR:
        return layouts[0] if layouts else None
    cells = [cell for cell in cells_of(pages, node) if cell is not None]

    def share(layout: Layout) -> int:
        return sum(layout.fits(cell.rowid, cell.values) for cell in cells)

    return max(layouts, key=share, default=None)
