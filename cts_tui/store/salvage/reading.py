"""Reading a damaged file: every table by its tree, then the pages that no tree leads to any more.

A row that its tree leads to comes first. A page that none leads to counts where the list of free
pages can be read and does not have it: then it is in use. Where that list cannot be read, such a
page may hold what was deleted: its rows are set aside, and only those that are missing at their
place.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Final, NamedTuple

from cts_tui.store.salvage.catalog import Entry, claim, read_catalog
from cts_tui.store.salvage.layouts import OURS, Layout, layout_of, layouts_of, present_sql, sql_of
from cts_tui.store.salvage.pages import PageFile
from cts_tui.store.salvage.strays import Stray, best_fitting, strays_in
from cts_tui.store.salvage.versions import schema_in
from cts_tui.store.salvage.walk import Row, Stretch, Walk
from cts_tui.store.version import HEAD

OUT_OF_ORDER: Final = "it stands where its key does not belong"
MAY_BE_FREE: Final = "its page may have been free: it may have been deleted"


class Found(NamedTuple):
    """A row that was found."""

    row: Row
    doubt: str = ""
    """Why it is not put into its table, empty where it is."""
    is_stray: bool = False
    """Whether no tree leads to it: one of the same key that was found before is newer."""


@dataclass(slots=True)
class TableFacts:
    """What was found of one table."""

    has_root: bool = True
    holes: list[Stretch] = field(default_factory=list)
    broken_cells: int = 0
    found_behind: int = 0
    """Rows that were found on pages which no tree leads to."""

    @property
    def lost(self) -> int | None:
        """How many rows are lost, None where nothing tells."""
        return self.broken_cells if self.has_root and not self.holes else None

    @property
    def lost_at_most(self) -> int | None:
        """How many may be lost, by the row ids that are missing; None where nothing tells."""
        gaps = [hole.most_ids for hole in self.holes]
        if not self.has_root or None in gaps:
            return None
        missing = sum(gap or 0 for gap in gaps) - self.found_behind
        return max(0, missing) + self.broken_cells


@cache
def _present() -> Mapping[str, Layout]:
    return layouts_of(present_sql())


class Reading:
    """One look through a damaged file: when `rows` has come to its end, the rest is known."""

    def __init__(self, pages: PageFile, scratch: Path) -> None:
        """`scratch` is a folder for what is needed on the way."""
        self.pages = pages
        self.facts: dict[str, TableFacts] = {}
        self.nameless_pages = 0
        """Pages with cells that fit no table."""
        self._scratch = scratch
        self._taken: set[int] = set()
        self._doubtful: list[Row] = []
        self._layouts: dict[str, Layout] = {}
        self._catalog = read_catalog(pages, self._taken)

    @property
    def foreign(self) -> list[str]:
        """Tables of others."""
        return sorted(name for name in self._catalog.tables if name not in OURS)

    @property
    def is_catalog_whole(self) -> bool:
        """Whether every entry of the catalog can be read."""
        return self._catalog.is_whole

    @cached_property
    def expected(self) -> frozenset[str]:
        """The tables of the schema that the store has."""
        if self.schema == HEAD:
            return OURS
        return frozenset(sql_of(self.schema, self._scratch))

    @cached_property
    def schema(self) -> str:
        """The schema of the store, as it says or as its tables have it. Raises StoreError."""
        return schema_in(self.pages, self._catalog, self._scratch)

    def rows(self) -> Iterator[Found]:
        """Yield every row that can be read: those that a tree leads to first."""
        for name in sorted(OURS):
            yield from self._rooted(name)
        for name, entry in self._catalog.tables.items():
            if name not in OURS:
                claim(self.pages, entry.root, self._taken)
        for entry in self._catalog.others:
            claim(self.pages, entry.root, self._taken)
        for stray in strays_in(self.pages, self._taken, self._stray_layouts()):
            if stray is None:
                self.nameless_pages += 1
            else:
                yield from self._behind(stray)
        yield from (Found(row, OUT_OF_ORDER) for row in self._doubtful)

    def _rooted(self, name: str) -> Iterator[Found]:
        """Yield the rows of a table that its tree leads to."""
        facts = self.facts[name] = TableFacts()
        entry = self._catalog.tables.get(name)
        layout = None if entry is None else self._layout(entry)
        if entry is None or layout is None:
            facts.has_root = False
            facts.holes.append(Stretch())
            return
        self._layouts[name] = layout
        walk = Walk(self.pages, layout, self._taken)
        yield from (Found(row) for row in walk.rows(entry.root))
        facts.holes += walk.holes
        facts.broken_cells += walk.broken_cells
        self._doubtful += walk.doubtful

    def _layout(self, entry: Entry) -> Layout | None:
        """Return how a table is laid out: a known way before what the file says, if it is damaged.

        What others have added to a table counts.
        """
        said = layout_of(entry.sql)
        present = _present().get(entry.name)
        if said is not None and present is not None:
            if said.names == present.names:
                return present
            if set(said.names) >= set(present.names):
                return said
        known = self._declared(entry.name)
        same = [one for one in known if said is not None and one.names == said.names]
        return next(iter(same), None) or best_fitting(self.pages, entry.root, known)

    def _declared(self, name: str) -> list[Layout]:
        """Return the ways in which a table may be laid out in a store of this schema."""
        by_migration = layouts_of(sql_of(self.schema, self._scratch))
        ways = [_present(), by_migration] if self.schema == HEAD else [by_migration]
        return [way[name] for way in ways if name in way]

    def _stray_layouts(self) -> list[Layout]:
        """Return what a page may be of: tables that lack pages first."""
        lacking = sorted(self._layouts, key=lambda name: not self.facts[name].holes)
        layouts = [self._layouts[name] for name in lacking]
        lost = self.expected - self._layouts.keys()
        return [*(way for name in lost for way in self._declared(name)), *layouts]

    def _behind(self, stray: Stray) -> Iterator[Found]:
        """Yield the rows of a page that no tree leads to."""
        facts = self.facts[stray.layout.table]
        doubt = ""
        if stray.others:
            doubt = f"it may belong to {' or '.join(stray.others)} as well"
        if not self.pages.free.is_whole:
            doubt = MAY_BE_FREE
        else:
            facts.broken_cells += stray.broken_cells
        for row in stray.rows:
            if doubt and not any(hole.holds(row.key) for hole in facts.holes):
                continue
            facts.found_behind += not doubt
            yield Found(row, doubt, is_stray=True)
