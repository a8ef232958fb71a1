"""How the rows of a table are laid out: by what its file says, or by the known schemas."""

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cts_tui.store.database import Database
from cts_tui.store.migrating import migrate
from cts_tui.store.salvage.records import Values
from cts_tui.store.tables import METADATA
from cts_tui.store.verify.columns import rules
from cts_tui.store.verify.raw import RawText
from cts_tui.store.verify.schema_look import VERSION_TABLE, affinity

Key = tuple[tuple[int, Any], ...]
"""What rows are sorted by: each value behind the rank of its kind, as SQLite sorts them."""
Sql = Mapping[str, str]
"""What makes each table, by its name."""

OURS: Final = frozenset((*METADATA.tables, VERSION_TABLE))
"""The tables of the desk."""
_WITHOUT_ROWID: Final = re.compile(r"WITHOUT\s+ROWID", re.IGNORECASE)
_MOST_STEPS: Final = 100
_VERSION_SQL: Final = f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"


@dataclass(frozen=True, slots=True)
class Place:
    """One column."""

    name: str
    affinity: str
    is_required: bool
    stands_for: Any = None
    """What a row from before there was the column has in it."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a table in the order of its records."""

    table: str
    places: tuple[Place, ...]
    rowid_at: int | None
    """Which column is the row id, which the record does not hold."""
    key_length: int
    """How many columns lead the record as its key; 0 of a table with row ids."""
    _names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_names", tuple(place.name for place in self.places))

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in the order of `row`."""
        return self._names

    @property
    def has_rowid(self) -> bool:
        """Whether its tree is one of row ids."""
        return not self.key_length

    def key(self, rowid: int | None, values: Values) -> Key:
        """Return what the rows of a tree are sorted by."""
        return ranked((rowid,) if self.has_rowid else values[: self.key_length])

    def row(self, rowid: int | None, values: Values) -> Values:
        """Return the values of a row, the row id and what it is older than included."""
        missing = self.places[len(values) :]
        full = [*values, *(place.stands_for for place in missing)]
        if self.rowid_at is not None:
            full[self.rowid_at] = rowid
        return tuple(full)

    def resembles(self, values: Values) -> bool:
        """Return whether a record has as many values, mostly of the kind of their columns."""
        if not 0 < len(values) <= len(self.places):
            return False
        if any(place.is_required and place.stands_for is None for place in self._beyond(values)):
            return False
        fitting = sum(map(_is_of_kind, self.places, values))
        return 2 * fitting >= len(values)

    def fits(self, rowid: int | None, values: Values) -> bool:
        """Return whether a record can be a row of this table and of no other, whatever lies by it.

        Every value is one that its column may hold, by the rules of the verifier.
        """
        if not self.resembles(values):
            return False
        row = self.row(rowid, values)
        if self.rowid_at is not None and values[self.rowid_at] is not None:
            return False
        return all(map(self._may_be, self.places, row))

    def _may_be(self, place: Place, value: Any) -> bool:
        if value is None:
            return not place.is_required
        if self.table == VERSION_TABLE:
            return re.fullmatch(rb"\d{4}", bytes(value)) is not None
        rule = rules(self.table).get(place.name) if self.table in METADATA.tables else None
        if rule is None:
            return _is_of_kind(place, value)
        return rule[0].fault(value) is None and not has_nul(value)

    def _beyond(self, values: Values) -> tuple[Place, ...]:
        return self.places[len(values) :]


def ranked(values: Values) -> Key:
    """Return values in the form in which they compare as SQLite compares them."""
    return tuple((_rank(value), value) for value in values)


def _rank(value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, RawText):
        return 2
    return 3 if isinstance(value, bytes) else 1


def has_nul(value: Any) -> bool:
    """Return whether text holds what no program of ours writes, and an emptied page is full of."""
    return isinstance(value, RawText) and value.find(b"\0") >= 0


def _is_of_kind(place: Place, value: Any) -> bool:
    if value is None:
        return not place.is_required
    if isinstance(value, RawText):
        return place.affinity == "text"
    if isinstance(value, bytes):
        return place.affinity == "blob"
    return place.affinity in ("integer", "real", "numeric")


def layout_of(sql: str) -> Layout | None:
    """Return the layout of a table by the statement that made it, None where it makes none."""
    with closing(sqlite3.connect(":memory:")) as scratch:
        scratch.set_progress_handler(lambda: 1, _MOST_STEPS * 1_000)
        try:
            scratch.execute(sql)
            (table,) = scratch.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
            ).fetchone()
            found = scratch.execute(f'PRAGMA table_info("{table}")').fetchall()
            standing = [_constant(scratch, row[4]) for row in found]
        except (sqlite3.Error, sqlite3.Warning, TypeError):
            return None
    places = [
        Place(name, affinity(kind), bool(is_required), stands_for)
        for (_, name, kind, is_required, _, _), stands_for in zip(found, standing, strict=True)
    ]
    keys = [row[0] for row in sorted((r for r in found if r[5]), key=lambda row: row[5])]
    if _WITHOUT_ROWID.search(sql.rpartition(")")[2]):
        order = [*keys, *(row[0] for row in found if row[0] not in keys)]
        return Layout(table, tuple(places[at] for at in order), None, len(keys))
    is_alias = len(keys) == 1 and found[keys[0]][2].upper() == "INTEGER"
    return Layout(table, tuple(places), keys[0] if is_alias else None, 0)


def _constant(scratch: sqlite3.Connection, default: str | None) -> Any:
    if default is None:
        return None
    value = scratch.execute(f"SELECT {default}").fetchone()[0]
    return RawText(value.encode()) if isinstance(value, str) else value


def version_layout() -> Layout:
    """Return the layout of the table that says which schema a store has."""
    layout = layout_of(_VERSION_SQL)
    if layout is None:
        raise AssertionError("a statement of our own makes a table")
    return layout


def present_sql() -> Sql:
    """Return what makes the tables of the newest schema."""
    with closing(Database("sqlite://")) as database, database.write() as transaction:
        METADATA.create_all(transaction)
        raw: Any = transaction.connection.driver_connection
        return {**_sql_in(raw), VERSION_TABLE: _VERSION_SQL}


def sql_of(schema: str, folder: Path) -> Sql:
    """Return what makes the tables of a schema that was reached by migrations.

    `folder` is a scratch folder.
    """
    file = folder / f"schema-{schema}.db"
    if not file.exists():
        _migrate_empty(file, schema)
    with closing(sqlite3.connect(file)) as plain:
        return _sql_in(plain)


def _migrate_empty(file: Path, schema: str) -> None:
    with closing(Database.at(file)) as database:
        migrate(database, schema)


def _sql_in(connection: sqlite3.Connection) -> Sql:
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL"
    return dict(connection.execute(query).fetchall())


def layouts_of(sql: Sql) -> dict[str, Layout]:
    """Return the layouts of tables by what makes them."""
    found = {name: layout_of(statement) for name, statement in sql.items()}
    return {name: layout for name, layout in found.items() if layout is not None}
