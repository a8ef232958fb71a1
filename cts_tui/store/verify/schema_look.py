"""The schema as it is against the tables as they are declared: what is missing, what is other."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final, TypeVar

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
)

from cts_tui.store.tables import METADATA

VERSION_TABLE: Final = "alembic_version"

_COLUMNS: Final = (
    'SELECT m.name, c.name, c.type, c."notnull", c.pk FROM sqlite_master m, '
    "pragma_table_info(m.name) c WHERE m.type = 'table' AND substr(m.name, 1, 7) <> 'sqlite_'"
)
_INDEXES: Final = (
    'SELECT m.name, i.name, i."unique", x.name FROM sqlite_master m, pragma_index_list(m.name) i, '
    "pragma_index_info(i.name) x WHERE m.type = 'table' ORDER BY m.name, i.name, x.seqno"
)
_FOREIGN_KEYS: Final = (
    'SELECT m.name, f."from", f."table", f."to", f.on_delete FROM sqlite_master m, '
    "pragma_foreign_key_list(m.name) f WHERE m.type = 'table'"
)

Columns = tuple[str, ...]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shape:
    """What makes up a table."""

    columns: Mapping[str, tuple[str, bool]]
    """Affinity, and whether NULL is refused."""
    key: Columns
    uniques: frozenset[Columns] = frozenset()
    """Columns that name a row beside its key."""
    foreign_keys: frozenset[tuple[str, ...]] = frozenset()
    indexes: Mapping[str, Columns] = field(default_factory=dict)
    """Columns of the indexes that are not unique, by name."""
    unique_indexes: Mapping[str, Columns] = field(default_factory=dict)
    """Columns of the unique ones."""


@dataclass(frozen=True, slots=True)
class SchemaLook:
    """What was found, and how it differs."""

    found: Mapping[str, Shape]
    missing_tables: tuple[str, ...]
    missing_columns: Mapping[str, Columns]
    missing_indexes: Mapping[str, Columns]
    """Names of indexes by table."""
    missing_uniques: Mapping[str, tuple[Columns, ...]]
    changed: Mapping[str, tuple[str, ...]]
    """By table what else is other than declared."""
    unknown: tuple[str, ...]
    """Tables, columns and indexes that nothing declares."""

    @property
    def unreadable(self) -> frozenset[str]:
        """Tables that no query fits."""
        return frozenset((*self.missing_tables, *self.missing_columns))


def look_at_schema(cursor: sqlite3.Cursor) -> SchemaLook:
    """Compare the schema of a store with the declared one."""
    found = read_shapes(cursor)
    wanted = {name: declared_shape(name) for name in METADATA.tables}
    both = {name: (wanted[name], found[name]) for name in wanted if name in found}
    return SchemaLook(
        found=found,
        missing_tables=tuple(name for name in wanted if name not in found),
        missing_columns=_differing(both, lambda want, have: _beyond(want.columns, have.columns)),
        missing_indexes=_differing(both, lambda want, have: _beyond(want.indexes, have.indexes)),
        missing_uniques=_differing(both, lambda want, have: sorted(want.uniques - have.uniques)),
        changed=_differing(both, _changes),
        unknown=tuple(_unknown(wanted, found)),
    )


def _differing(
    both: Mapping[str, tuple[Shape, Shape]], differ: Callable[[Shape, Shape], Sequence[T]]
) -> dict[str, tuple[T, ...]]:
    """Return by table in what two shapes of it differ, where they do."""
    return {name: tuple(parts) for name, pair in both.items() if (parts := differ(*pair))}


def _beyond(wanted: Iterable[str], found: Iterable[str]) -> list[str]:
    known = set(found)
    return [name for name in wanted if name not in known]


def _changes(want: Shape, have: Shape) -> list[str]:
    """Return what is other about the columns that are there, the key and the foreign keys."""
    lines = [
        f"{name} is {'required ' * is_required}{kind}, not {'required ' * other[1]}{other[0]}"
        for name, other in want.columns.items()
        if name in have.columns and (have.columns[name]) != other
        for kind, is_required in [have.columns[name]]
    ]
    if have.key != want.key:
        lines.append(f"its key is {', '.join(have.key) or 'none'}, not {', '.join(want.key)}")
    lines += [f"{column} refers to nothing" for column, *_ in want.foreign_keys - have.foreign_keys]
    return lines


def _unknown(wanted: Mapping[str, Shape], found: Mapping[str, Shape]) -> Iterable[str]:
    for name, have in found.items():
        want = wanted.get(name)
        if want is None:
            if name != VERSION_TABLE:
                yield f"table {name}"
            continue
        yield from (f"column {name}.{column}" for column in _beyond(have.columns, want.columns))
        yield from (f"index {index}" for index in _beyond(have.indexes, want.indexes))


def read_shapes(cursor: sqlite3.Cursor) -> dict[str, Shape]:
    """Return the shape of every table of a database."""
    columns: dict[str, dict[str, tuple[str, bool]]] = defaultdict(dict)
    keys: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for row in cursor.execute(_COLUMNS):
        table, name = str(row[0]), str(row[1])
        columns[table][name] = affinity(str(row[2])), bool(row[3])
        if row[4]:
            keys[table].append((row[4], name))
    indexed = _read_indexes(cursor)
    foreign: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for table, *parts in cursor.execute(_FOREIGN_KEYS):
        foreign[str(table)].add(tuple(str(part) for part in parts))
    shapes = {}
    for table, own in columns.items():
        key = tuple(name for _, name in sorted(keys[table]))
        unique = {name: parts for name, (is_unique, parts) in indexed[table].items() if is_unique}
        shapes[table] = Shape(
            columns=own,
            key=key,
            uniques=frozenset(unique.values()) - {key},
            foreign_keys=frozenset(foreign[table]),
            indexes={n: parts for n, (_, parts) in indexed[table].items() if n not in unique},
            unique_indexes=unique,
        )
    return shapes


def _read_indexes(cursor: sqlite3.Cursor) -> dict[str, dict[str, tuple[bool, Columns]]]:
    found: dict[str, dict[str, tuple[bool, Columns]]] = defaultdict(dict)
    for table, index, is_unique, column in cursor.execute(_INDEXES):
        before = found[str(table)].get(str(index), (False, ()))[1]
        found[str(table)][str(index)] = bool(is_unique), (*before, str(column))
    return found


@cache
def declared_shape(name: str) -> Shape:
    """Return the shape that a table should have."""
    table = METADATA.tables[name]
    key = tuple(column.name for column in table.primary_key.columns)
    return Shape(
        columns={
            column.name: (declared_affinity(column), not column.nullable)
            for column in table.columns
        },
        key=key,
        uniques=frozenset(
            tuple(column.name for column in constraint.columns)
            for constraint in table.constraints
            if isinstance(constraint, UniqueConstraint)
        )
        | _unique_indexes(table),
        foreign_keys=frozenset(
            (key.parent.name, key.column.table.name, key.column.name, key.ondelete or "NO ACTION")
            for key in table.foreign_keys
        ),
        indexes={str(index.name): _columns(index) for index in _sorted(table) if not index.unique},
    )


def _unique_indexes(table: Table) -> frozenset[Columns]:
    return frozenset(_columns(index) for index in table.indexes if index.unique)


def _sorted(table: Table) -> list[Index]:
    return sorted(table.indexes, key=lambda index: str(index.name))


def _columns(index: Index) -> Columns:
    return tuple(column.name for column in index.columns)


def declared_affinity(column: Column[object]) -> str:
    """Return the affinity that a column of ours has in SQLite."""
    kind = column.type
    if isinstance(kind, Integer):
        return "integer"
    if isinstance(kind, Boolean):
        return "numeric"
    if isinstance(kind, Float):
        return "real"
    return "blob" if isinstance(kind, LargeBinary) else "text"


@cache
def affinity(kind: str) -> str:
    """Return the affinity of a declared type, by SQLite's rules: `VARCHAR` → text."""
    upper = kind.upper()
    for fragments, name in (
        (("INT",), "integer"),
        (("CHAR", "CLOB", "TEXT"), "text"),
        (("BLOB",), "blob"),
        (("REAL", "FLOA", "DOUB"), "real"),
    ):
        if any(fragment in upper for fragment in fragments):
            return name
    return "numeric" if upper else "blob"
