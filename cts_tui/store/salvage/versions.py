"""Which schema a damaged store has: what it says, else what its tables look like."""

from collections.abc import Iterator
from pathlib import Path

from cts_tui.errors import StoreError
from cts_tui.store.migrating import known_schemas
from cts_tui.store.salvage.catalog import Catalog
from cts_tui.store.salvage.layouts import Layout, layout_of, layouts_of, sql_of, version_layout
from cts_tui.store.salvage.pages import PageFile
from cts_tui.store.salvage.strays import strays_in
from cts_tui.store.salvage.walk import Walk
from cts_tui.store.verify.schema_look import VERSION_TABLE
from cts_tui.store.version import HEAD


def schema_in(pages: PageFile, catalog: Catalog, scratch: Path) -> str:
    """Return the schema of a store. Raises StoreError for one that is newer than this program."""
    said = {version for version in _said(pages, catalog) if version}
    known = said & known_schemas()
    if known:
        return max(known)
    newer = {version for version in said if version.isdigit() and version > HEAD}
    if newer:
        raise StoreError(
            f"the damaged database was written by a newer cts-tui (schema {max(newer)}, this one "
            f"knows up to {HEAD}): update cts-tui; nothing was changed"
        )
    return _by_tables(catalog, scratch)


def _said(pages: PageFile, catalog: Catalog) -> Iterator[str]:
    """Yield what the table of the version holds, or a page that can only be this table."""
    entry = catalog.tables.get(VERSION_TABLE)
    layout = version_layout()
    if entry is not None:
        walk = Walk(pages, layout, set())
        found = [str(row.values[0]) for row in walk.rows(entry.root)]
        if found:
            yield from found
            return
    for stray in strays_in(pages, (), [layout]):
        if stray is not None and len(stray.rows) == 1:
            yield str(stray.rows[0].values[0])


def _by_tables(catalog: Catalog, scratch: Path) -> str:
    """Return the schema whose tables are most like those there are."""
    found = {name: _columns(layout_of(entry.sql)) for name, entry in catalog.tables.items()}

    def likeness(schema: str) -> tuple[int, str]:
        declared = {
            name: _columns(layout) for name, layout in layouts_of(sql_of(schema, scratch)).items()
        }
        same = sum(found.get(name) == columns for name, columns in declared.items())
        return same - len(declared.keys() - found.keys()), schema

    return max(known_schemas(), key=likeness) if found else HEAD


def _columns(layout: Layout | None) -> frozenset[str]:
    return frozenset(layout.names if layout else ())
