"""What the file says of its tables: `sqlite_schema`, or the pages of it that are left.

Section 2.6 of https://www.sqlite.org/fileformat2.html.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from cts_tui.store.salvage.layouts import OURS, Layout, Place, layout_of
from cts_tui.store.salvage.pages import PageFile
from cts_tui.store.salvage.records import Values
from cts_tui.store.salvage.trees import INTERIOR, TABLE_LEAF, cells_of, child_at, node_at
from cts_tui.store.salvage.walk import Walk

_LAYOUT: Final = Layout(
    "sqlite_schema",
    (
        Place("type", "text", is_required=True),
        Place("name", "text", is_required=True),
        Place("tbl_name", "text", is_required=True),
        Place("rootpage", "integer", is_required=True),
        Place("sql", "text", is_required=False),
    ),
    rowid_at=None,
    key_length=0,
)
_FIRST_PAGE: Final = 1
_TYPES: Final = frozenset((b"table", b"index", b"view", b"trigger"))


class Entry(NamedTuple):
    """A table or an index, as the catalog has it."""

    kind: str
    name: str
    root: int
    sql: str


@dataclass(slots=True)
class Catalog:
    """What there is in the file."""

    tables: dict[str, Entry] = field(default_factory=dict)
    others: list[Entry] = field(default_factory=list)
    """Indexes."""
    is_whole: bool = False
    """Whether nothing can be missing from it."""


def read_catalog(pages: PageFile, taken: set[int]) -> Catalog:
    """Return the catalog, from its tree and from pages of it that no tree leads to any more.

    Its pages are added to `taken`.
    """
    walk = Walk(pages, _LAYOUT, taken)
    found = [row.values for row in walk.rows(_FIRST_PAGE)]
    catalog = Catalog(is_whole=not (walk.holes or walk.broken_cells))
    if walk.holes:
        found += _left_over(pages, taken)
    for entry in filter(None, map(_entry, found)):
        if entry.kind == "table":
            catalog.tables.setdefault(entry.name, entry)
        else:
            catalog.others.append(entry)
    return catalog


def _left_over(pages: PageFile, taken: set[int]) -> Iterator[Values]:
    """Yield the rows of pages that can only be the catalog's."""
    for number in range(_FIRST_PAGE + 1, pages.count + 1):
        if number in taken or number in pages.free.numbers:
            continue
        node = node_at(pages, number)
        if node is None or node.kind != TABLE_LEAF:
            continue
        cells = [cell.values for cell in cells_of(pages, node) if cell is not None]
        own = [values for values in cells if _is_entry(pages, values)]
        if own and 2 * len(own) > len(cells):
            taken.add(number)
            yield from own


def _is_entry(pages: PageFile, values: Values) -> bool:
    if len(values) != len(_LAYOUT.places) or not _LAYOUT.resembles(values):
        return False
    kind, _, _, root, sql = values
    is_made = sql is None or bytes(sql).upper().startswith(b"CREATE ")
    return kind in _TYPES and isinstance(root, int) and pages.is_page(root) and is_made


def _entry(values: Values) -> Entry | None:
    kind, name, table, root, sql = values
    if kind not in (b"table", b"index") or not isinstance(root, int):
        return None
    made = "" if sql is None else str(sql)
    names = [str(name), str(table)] if kind == b"table" else [str(name)]
    layout = layout_of(made) if kind == b"table" and names[0] not in OURS else None
    names += [layout.table] if layout is not None else []
    known = next((one for one in names if one in OURS), names[0])
    return Entry(str(kind), known, root, made)


def claim(pages: PageFile, root: int, taken: set[int]) -> None:
    """Take the pages of an index, or of a table of others: nothing in them is a row of ours."""
    waiting = [root]
    while waiting:
        number = waiting.pop()
        node = None if number in taken else node_at(pages, number)
        if node is None:
            continue
        taken.add(number)
        if node.kind in INTERIOR:
            end = len(node.content) - 4
            waiting += [child_at(node, at) for at in node.pointers if at <= end]
            waiting.append(node.right)
