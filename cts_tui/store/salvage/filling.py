"""The new file: rows go in as they were found; what the schema refuses is set aside, whole."""

import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from cts_tui.clock import utc_from_ms
from cts_tui.store.database import Database
from cts_tui.store.migrating import migrate
from cts_tui.store.repair.aside import Mending, content
from cts_tui.store.salvage.layouts import has_nul
from cts_tui.store.salvage.reading import Found
from cts_tui.store.salvage.walk import Row
from cts_tui.store.schema import open_store
from cts_tui.store.scratch import Watch, new_file
from cts_tui.store.tables import METADATA
from cts_tui.store.verify.raw import RawText, bound, key_text
from cts_tui.store.verify.schema_look import VERSION_TABLE
from cts_tui.store.version import HEAD

KIND: Final = "salvage"
_ROWS_AT_ONCE: Final = 500
_EMPTIED: Final = "its text is partly emptied"
_TWICE: Final = "another row of the same key was found before it"


class SetAside(NamedTuple):
    """A row that was found and is not put into its table, and why."""

    row: Row
    why: str


@dataclass(slots=True)
class Filled:
    """What went into the new file."""

    rows: Counter[str] = field(default_factory=Counter)
    set_aside: list[SetAside] = field(default_factory=list)


def make_empty(file: Path, schema: str, now_ms: int) -> None:
    """Make a store of a schema that holds nothing. Raises StoreError."""
    os.close(new_file(file))
    with closing(Database.at(file)) as database:
        if schema == HEAD:
            open_store(database, now=utc_from_ms(now_ms))
        else:
            migrate(database, schema)


def fill(file: Path, found: Iterable[Found], watch: Watch) -> Filled:
    """Put rows into an empty store, a stretch at a time. Raises sqlite3.Error, NoRoom."""
    filled = Filled()
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("PRAGMA journal_mode=OFF")  # nobody needs it back half-way
        connection.execute("PRAGMA synchronous=OFF")  # it is synced at its end
        connection.execute("BEGIN")
        target = _Target(connection, filled)
        rows = iter(found)
        while stretch := list(islice(rows, _ROWS_AT_ONCE)):
            target.take(stretch)
            watch.check()
        connection.execute("COMMIT")
    return filled


class _Target:
    """The new file, open to be filled."""

    def __init__(self, connection: sqlite3.Connection, filled: Filled) -> None:
        self._connection = connection
        self._filled = filled
        self._columns: dict[str, frozenset[str]] = {}
        self._own = VERSION_TABLE  # it says already what it is to say

    def take(self, stretch: Sequence[Found]) -> None:
        """Take rows, of one layout after the other."""
        for layout, rows in groupby(stretch, key=lambda one: one.row.layout):
            if layout.table != self._own:
                self._take(list(rows))

    def _take(self, found: Sequence[Found]) -> None:
        clean = []
        for one in found:
            why = one.doubt or (_EMPTIED if any(map(has_nul, one.row.values)) else "")
            if why:
                self._filled.set_aside.append(SetAside(one.row, why))
            else:
                clean.append(one)
        if clean and not self._put_all(clean):
            for one in clean:
                self._put(one)

    def _put_all(self, found: Sequence[Found]) -> bool:
        """Insert rows at once; return whether that worked, nothing is inserted where not."""
        row = found[0].row
        names = self._names(row)
        self._connection.execute("SAVEPOINT stretch")
        try:
            values = [_bindable(_chosen(one.row, names)) for one in found]
            marks = ", ".join("?" for _ in names)
            self._connection.executemany(_insert(row.layout.table, names, marks), values)
        except (sqlite3.IntegrityError, UnicodeDecodeError):
            self._connection.execute("ROLLBACK TO stretch")
            return False
        finally:
            self._connection.execute("RELEASE stretch")
        self._filled.rows[row.layout.table] += len(found)
        return True

    def _put(self, found: Found) -> None:
        row = found.row
        names = self._names(row)
        marks, values = bound(_chosen(row, names))
        try:
            self._connection.execute(_insert(row.layout.table, names, marks), values)
        except sqlite3.IntegrityError as error:
            there = self._there(row)
            if _chosen(row, names) not in there:
                why = _TWICE if there else f"the schema refuses it ({error})"
                self._filled.set_aside.append(SetAside(row, why))
        else:
            self._filled.rows[row.layout.table] += 1

    def _there(self, row: Row) -> list[tuple[Any, ...]]:
        """Return what the file has already under the key of a row."""
        table, layout = METADATA.tables[row.layout.table], row.layout
        keys = [column.name for column in table.primary_key if column.name in layout.names]
        marks, values = bound(_chosen(row, keys))
        where = ", ".join(f'"{name}"' for name in keys)
        every = ", ".join(f'"{name}"' for name in self._names(row))
        query = f'SELECT {every} FROM "{table.name}" WHERE ({where}) = ({marks})'  # noqa: S608
        cursor = self._connection.cursor()
        self._connection.text_factory = RawText
        try:
            return cursor.execute(query, values).fetchall() if keys else []
        finally:
            self._connection.text_factory = str

    def _names(self, row: Row) -> list[str]:
        """Return the columns of a row that the new table has too."""
        table = row.layout.table
        if table not in self._columns:
            found = self._connection.execute(f'PRAGMA table_info("{table}")').fetchall()
            self._columns[table] = frozenset(column[1] for column in found)
        return [name for name in row.layout.names if name in self._columns[table]]


def _insert(table: str, names: Sequence[str], marks: str) -> str:
    columns = ", ".join(f'"{name}"' for name in names)
    return f'INSERT INTO "{table}" ({columns}) VALUES ({marks})'  # noqa: S608


def _chosen(row: Row, names: Sequence[str]) -> tuple[Any, ...]:
    """Return the values of some columns, which are all of them nearly always."""
    if len(names) == len(row.values):
        return row.values
    by_name = dict(zip(row.layout.names, row.values, strict=True))
    return tuple(by_name[name] for name in names)


def _bindable(values: Iterable[Any]) -> list[Any]:
    """Return values as SQLite's driver takes them. Raises UnicodeDecodeError."""
    return [value.decode() if isinstance(value, RawText) else value for value in values]


def set_all_aside(mending: Mending, rows: Iterable[SetAside]) -> None:
    """Keep rows whole in the table quarantine."""
    for (layout, key, values), why in rows:
        held = dict(zip(layout.names, values, strict=True)) | {"why": why}
        name = key_text(tuple(value for _, value in key))
        mending.cursor.execute(
            "INSERT INTO quarantine (time, kind, origin, key, content) VALUES (?, ?, ?, ?, ?)",
            (mending.now, KIND, layout.table, name, content(held)),
        )
