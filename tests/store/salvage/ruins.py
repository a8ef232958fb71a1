"""A file that can be damaged page by page, and what of it has to come out again."""

import os
import random
import sqlite3
from collections import defaultdict
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import Any

from cts_tui.model.verification import Consent
from cts_tui.store.salvage.catalog import read_catalog
from cts_tui.store.salvage.layouts import layout_of
from cts_tui.store.salvage.pages import PageFile
from cts_tui.store.salvage.rebuilding import Rebuilt, rebuild_store
from cts_tui.store.salvage.trees import Node, cells_of, node_at
from cts_tui.store.tables import METADATA

NOW_MS = 1_800_000_000_000
PAGE = 4096

Rows = dict[str, set[tuple[Any, ...]]]
"""Every row of every table, as SQLite gives it."""


def rows_in(file: Path, where: str = "1") -> Rows:
    """Return all rows of a sound file, by table."""
    with closing(sqlite3.connect(file)) as plain:
        plain.text_factory = bytes
        found = {}
        for name, table in METADATA.tables.items():
            columns = ", ".join(f'"{column.name}"' for column in table.columns)
            found[name] = set(plain.execute(f'SELECT {columns} FROM "{name}" WHERE {where}'))
        return found


def rows_by_page(file: Path) -> dict[int, set[tuple[str, tuple[Any, ...]]]]:
    """Return which rows of a sound file rest on which page, whole or in part."""
    found: dict[int, set[tuple[str, tuple[Any, ...]]]] = defaultdict(set)
    with file.open("rb") as source:
        pages = PageFile(source.fileno(), file)
        for name, entry in read_catalog(pages, set()).tables.items():
            layout = layout_of(entry.sql)
            if name not in METADATA.tables or layout is None:
                continue
            order = [layout.names.index(column.name) for column in METADATA.tables[name].columns]
            for node in _nodes(pages, entry.root):
                for cell in cells_of(pages, node):
                    assert cell is not None
                    if cell.values:
                        row = layout.row(cell.rowid, cell.values)
                        values = tuple(_plain(row[at]) for at in order)
                        for page in (node.number, *cell.chain):
                            found[page].add((name, values))
    return found


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, bytes) else value


def _nodes(pages: PageFile, root: int) -> list[Node]:
    waiting, found = [root], []
    while waiting:
        node = node_at(pages, waiting.pop())
        assert node is not None
        found.append(node)
        if node.is_interior:
            children = (int.from_bytes(node.content[at : at + 4], "big") for at in node.pointers)
            waiting += [*children, node.right]
    return found


def salvaged(file: Path, scratch: Path) -> Rebuilt:
    """Return what a salvage makes of a file."""
    scratch.mkdir()
    descriptor = os.open(file, os.O_RDONLY)
    try:
        return rebuild_store(
            PageFile(descriptor, file),
            scratch,
            faults=(),
            backup=None,
            consents={Consent.NONE},
            now_ms=NOW_MS,
        )
    finally:
        os.close(descriptor)


def overwrite(file: Path, at: int, content: bytes) -> None:
    """Overwrite bytes of a file."""
    with file.open("r+b") as target:
        target.seek(at)
        target.write(content)


def ruin(file: Path, page: int, how: str, chance: random.Random) -> None:
    """Damage one page."""
    at = (page - 1) * PAGE
    if how == "zero":
        overwrite(file, at, bytes(PAGE))
    elif how == "noise":
        overwrite(file, at, chance.randbytes(PAGE))
    elif how == "half":
        overwrite(file, at + PAGE // 2, bytes(PAGE // 2))
    elif how == "other page":
        with file.open("rb") as source:
            source.seek(chance.randrange(file.stat().st_size // PAGE) * PAGE)
            overwrite(file, at, source.read(PAGE))
    else:
        for _ in range(8):
            overwrite(file, at + chance.randrange(PAGE), chance.randbytes(1))


KINDS = ("zero", "noise", "half", "other page", "flips")


def resting_on(
    pages: Collection[int], by_page: dict[int, set[tuple[str, tuple[Any, ...]]]]
) -> set[tuple[str, tuple[Any, ...]]]:
    """Return the rows that rest on some pages."""
    return set().union(*(by_page.get(page, set()) for page in pages))


def pages_of(file: Path, name: str, kind: str = "leaf") -> list[int]:
    """Return the pages of a table or an index, by kind: leaf, internal, overflow."""
    with closing(sqlite3.connect(file)) as plain:
        query = "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = ? ORDER BY pageno"
        return [row[0] for row in plain.execute(query, (name, kind))]


def zero(file: Path, page: int) -> None:
    """Overwrite a page with nothing."""
    overwrite(file, (page - 1) * PAGE, bytes(PAGE))


def lost(made: Rebuilt) -> dict[str, str]:
    """Return how many rows are lost, by table, where any may be."""
    return {one.table: one.lost_words for one in made.salvage.incomplete}


def change(file: Path, *statements: str) -> None:
    """Change a store behind its back."""
    with closing(sqlite3.connect(file)) as plain:
        for statement in statements:
            plain.execute(statement)
        plain.commit()
