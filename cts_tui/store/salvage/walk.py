"""A table by its tree: from the root down, around what cannot be read."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from cts_tui.store.salvage.layouts import Key, Layout
from cts_tui.store.salvage.pages import PageFile
from cts_tui.store.salvage.records import Undecodable, Values
from cts_tui.store.salvage.trees import (
    OF_INDEX,
    OF_TABLE,
    Cell,
    Node,
    cells_of,
    child_at,
    node_at,
)


class Stretch(NamedTuple):
    """Keys above `low`, up to and with `high`; None: no bound."""

    low: Key | None = None
    high: Key | None = None

    def holds(self, key: Key) -> bool:
        """Return whether a key lies in it."""
        is_above = self.low is None or self.low < key
        return is_above and (self.high is None or key <= self.high)

    @property
    def most_ids(self) -> int | None:
        """How many row ids there are in it, None where nothing tells."""
        if self.high is None or len(self.high) > 1:
            return None
        first = self.low[0][1] if self.low else 0
        return max(0, int(self.high[0][1]) - int(first))


class Row(NamedTuple):
    """A row of a table."""

    layout: Layout
    key: Key
    values: Values
    """In the order of the layout."""


@dataclass(slots=True)
class Walk:
    """The way through the tree of one table, and what it came upon."""

    pages: PageFile
    layout: Layout
    taken: set[int]
    """Pages that belong to a tree: those that are reached are added."""
    holes: list[Stretch] = field(default_factory=list)
    """Of what keys a page cannot be read."""
    broken_cells: int = 0
    """Cells that cannot be read, on pages that can."""
    doubtful: list[Row] = field(default_factory=list)
    """Rows that stand where their key does not belong."""

    def rows(self, root: int) -> Iterator[Row]:
        """Yield the rows below a page, as far as they can be read."""
        yield from self._below(root, Stretch())

    def _below(self, number: int, within: Stretch) -> Iterator[Row]:
        node = None if number in self.taken else node_at(self.pages, number)
        kinds = OF_TABLE if self.layout.has_rowid else OF_INDEX
        if node is None or node.kind not in kinds:
            self.holes.append(within)
            return
        cells = list(cells_of(self.pages, node))
        if not self._is_own(node, cells, within):
            self.holes.append(within)
            return
        self.taken.add(number)
        if node.is_interior:
            yield from self._inside(node, cells, within)
        else:
            yield from self._sorted(cells, within)

    def _is_own(self, node: Node, cells: Sequence[Cell | None], within: Stretch) -> bool:
        """Return whether a page can be one of this tree, by what its cells are."""
        found = [cell for cell in cells if cell is not None]
        if not cells or (node.is_interior and self.layout.has_rowid):
            return not cells or any(self.pages.is_page(cell.child) for cell in found)
        return any(
            self.layout.resembles(cell.values) and within.holds(self._key(cell)) for cell in found
        )

    def _inside(self, node: Node, cells: Sequence[Cell | None], within: Stretch) -> Iterator[Row]:
        keys = _in_order([None if cell is None else self._key(cell) for cell in cells], within)
        lows = _nearest(keys, within.low)
        highs = [*reversed(_nearest(keys[::-1], within.high))]
        children = [self._child(node, pointer) for pointer in node.pointers] + [node.right]
        for child, low, high in zip(children, lows, highs, strict=True):
            yield from self._below(child, Stretch(low, high))
        if not self.layout.has_rowid:
            yield from self._sorted(cells, within)

    def _child(self, node: Node, pointer: int) -> int:
        try:
            return child_at(node, pointer)
        except Undecodable:
            return 0

    def _key(self, cell: Cell) -> Key:
        return self.layout.key(cell.rowid, cell.values)

    def _sorted(self, cells: Sequence[Cell | None], within: Stretch) -> Iterator[Row]:
        """Yield the rows of a page; those out of their order are doubtful."""
        found = []
        for cell in cells:
            if cell is None or not self.layout.resembles(cell.values):
                self.broken_cells += 1
                continue
            self.taken.update(cell.chain)
            values = self.layout.row(cell.rowid, cell.values)
            found.append(Row(self.layout, self._key(cell), values))
        keys = _in_order([row.key for row in found], within)
        for row, key in zip(found, keys, strict=True):
            if key is None:
                self.doubtful.append(row)
            else:
                yield row


def _in_order(keys: Sequence[Key | None], within: Stretch) -> list[Key | None]:
    """Return the keys with None for those that are out of bounds or out of their order."""
    held = [key if key is not None and within.holds(key) else None for key in keys]
    known = [key for key in held if key is not None]
    if all(first < second for first, second in pairwise(known)):
        return held
    kept = _longest_rise(held)
    return [key if at in kept else None for at, key in enumerate(held)]


def _longest_rise(keys: Sequence[Key | None]) -> set[int]:
    """Return where the longest rising row of keys stands (by patience)."""
    ends: list[int] = []
    before: dict[int, int | None] = {}
    for at, key in enumerate(keys):
        if key is None:
            continue
        place = bisect_left([keys[end] or () for end in ends], key)
        before[at] = ends[place - 1] if place else None
        ends[place:] = [at, *ends[place + 1 :]]
    kept: set[int] = set()
    last = ends[-1] if ends else None
    while last is not None:
        kept.add(last)
        last = before[last]
    return kept


def _nearest(keys: Sequence[Key | None], bound: Key | None) -> list[Key | None]:
    """Return for each child the last known key before it, and for the one behind the last."""
    found = [bound]
    for key in keys:
        found.append(key if key is not None else found[-1])
    return found
