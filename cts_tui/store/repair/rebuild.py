"""Remedies for the schema: what is missing is made, what differs is made anew with its rows."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite

from cts_tui.model.connection import RECORDED_EXCHANGE
from cts_tui.model.repair import Deed
from cts_tui.model.trading import MarketType, Mode
from cts_tui.store.repair.aside import Mending
from cts_tui.store.repair.derive import DERIVATIONS
from cts_tui.store.repair.states import insert_begun
from cts_tui.store.repair.values import switch_kill_on
from cts_tui.store.tables import METADATA
from cts_tui.store.verify.check import key_columns
from cts_tui.store.verify.schema_checks import (
    HARMLESS,
    MISSING_COLUMN,
    MISSING_INDEX,
    MISSING_TABLE,
    TABLE_DIFFERS,
    VERSION,
)
from cts_tui.store.verify.schema_look import VERSION_TABLE, read_shapes
from cts_tui.store.version import HEAD

_OLD: Final = "as_it_was_{}"
_OWNED: Final = ("orders", "fills", "positions", "signals", "candles", "indications", "balances")
"""Tables by whose rows a connection is known that has lost its own."""
PLACEHOLDER: Final = "recovered-{}"


def make_table(mending: Mending, connection: Connection, name: str) -> Deed:
    """Make a table that is missing, and what must not be missing in it."""
    METADATA.tables[name].create(connection)
    note = ""
    if name == "connections":
        made = stand_in_for_connections(mending)
        note = f"{made} connections are known by what belongs to them" if made else ""
    if name in ("engine_states", "leases"):
        _begin_all(mending, name)
    if name == "settings":
        switch_kill_on(mending)
    return Deed(MISSING_TABLE, name, 1, 0, note=note)


def stand_in_for_connections(mending: Mending) -> int:
    """Give every connection that is lost, but for what belongs to it, one that does nothing.

    Else a new connection would get its id, and with it its trades. Returns how many there are.
    """
    shapes = read_shapes(mending.cursor)
    sources = [name for name in _OWNED if name in shapes]
    if not sources:
        return 0
    owned = " UNION ".join(f'SELECT connection_id FROM "{name}"' for name in sources)
    query = (
        f"SELECT DISTINCT connection_id FROM ({owned}) WHERE typeof(connection_id) = 'integer' "
        "AND connection_id NOT IN (SELECT id FROM connections)"
    )
    lost = [row[0] for row in mending.cursor.execute(query).fetchall()]
    for connection_id in lost:
        _stand_in(mending, connection_id, shapes)
    return len(lost)


def _stand_in(mending: Mending, connection_id: int, shapes: Mapping[str, Any]) -> None:
    values = {
        "id": connection_id,
        "name": PLACEHOLDER.format(connection_id),
        "exchange": RECORDED_EXCHANGE,
        "mode": Mode.PAPER.value,
        "market": MarketType.SPOT.value,
        "symbols": "[]",
        "timeframe": "1m",
        "enabled": 0,
        "live": 0,
        "is_predefined": 0,
        "created_at": mending.now,
        "updated_at": mending.now,
    }
    marks = ", ".join("?" for _ in values)
    mending.cursor.execute(
        f"INSERT INTO connections ({', '.join(values)}) VALUES ({marks})", list(values.values())
    )
    for table in ("engine_states", "leases"):
        query = f'SELECT 1 FROM "{table}" WHERE connection_id = ?'
        if table in shapes and not mending.cursor.execute(query, (connection_id,)).fetchone():
            insert_begun(mending, table, connection_id)


def _begin_all(mending: Mending, table: str) -> None:
    if "connections" not in read_shapes(mending.cursor):
        return
    for (connection_id,) in mending.cursor.execute("SELECT id FROM connections").fetchall():
        insert_begun(mending, table, connection_id)


def add_columns(mending: Mending, table: str, columns: Sequence[str]) -> Deed:
    """Add columns that are missing, with what stands for their values in the rows there are."""
    for name in columns:
        column = METADATA.tables[table].c[name]
        kind = column.type.compile(dialect=sqlite.dialect())
        stands_for = HARMLESS[f"{table}.{name}"]
        default = "" if stands_for is None else f" NOT NULL DEFAULT {stands_for!r}"
        mending.cursor.execute(f'ALTER TABLE "{table}" ADD COLUMN "{name}" {kind}{default}')
    return Deed(MISSING_COLUMN, table, len(columns), 0)


def make_indexes(connection: Connection, table: str, names: tuple[str, ...]) -> Deed:
    """Make the indexes that a table lacks."""
    for index in METADATA.tables[table].indexes:
        if index.name in names:
            index.create(connection)
    return Deed(MISSING_INDEX, table, len(names), 0)


def stamp(mending: Mending) -> Deed:
    """Have the store say which schema it has."""
    mending.cursor.execute(
        f"CREATE TABLE IF NOT EXISTS {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"
    )
    mending.cursor.execute(f"DELETE FROM {VERSION_TABLE}")
    mending.cursor.execute(f"INSERT INTO {VERSION_TABLE} VALUES (?)", (HEAD,))
    return Deed(VERSION, VERSION_TABLE, 1, 0)


def rebuild(mending: Mending, connection: Connection, table: str) -> Deed:
    """Make a table anew as it is declared; rows that do not fit are set aside."""
    old = _OLD.format(table)
    cursor = mending.cursor
    had = read_shapes(cursor)[table]
    cursor.execute("PRAGMA legacy_alter_table=ON")  # other tables go on referring to the name
    for index in had.indexes:
        cursor.execute(f'DROP INDEX "{index}"')
    cursor.execute(f'ALTER TABLE "{table}" RENAME TO "{old}"')
    cursor.execute("PRAGMA legacy_alter_table=OFF")
    METADATA.tables[table].create(connection)
    sources = {
        column.name: _source(cursor, table, column.name, set(had.columns), old)
        for column in METADATA.tables[table].columns
    }
    moved, refused = _fill_in(mending, table, old, sources)
    cursor.execute(f'DROP TABLE "{old}"')
    is_whole = all(column in had.columns for column in sources)
    return Deed(TABLE_DIFFERS if is_whole else MISSING_COLUMN, table, moved, refused)


def _source(cursor: sqlite3.Cursor, table: str, column: str, present: set[str], old: str) -> str:
    """Return where the values of a column come from: itself, what stands for it, or nothing."""
    if column in present:
        return f't."{column}"'
    constant = HARMLESS.get(f"{table}.{column}")
    if f"{table}.{column}" in HARMLESS:
        return "NULL" if constant is None else repr(constant)
    derived = DERIVATIONS.get(table, {}).get(column, "NULL")
    try:
        cursor.execute(f'SELECT {derived} FROM "{old}" t LIMIT 0')
    except sqlite3.OperationalError:  # it rests on a column that is missing as well
        return "NULL"
    return f"({derived})"


def _fill_in(mending: Mending, table: str, old: str, sources: Mapping[str, str]) -> tuple[int, int]:
    """Copy the rows over, at once where all fit, else one by one; return how many did and not."""
    cursor = mending.cursor
    columns = ", ".join(f'"{column}"' for column in sources)
    values = ", ".join(sources.values())
    cursor.execute("SAVEPOINT whole")
    try:
        cursor.execute(f'INSERT INTO "{table}" ({columns}) SELECT {values} FROM "{old}" t')
    except sqlite3.IntegrityError:
        cursor.execute("ROLLBACK TO whole")
    else:
        count: int = cursor.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
        cursor.execute("RELEASE whole")
        return count, 0
    cursor.execute("RELEASE whole")
    return _fill_in_by_row(mending, table, old, sources)


def _fill_in_by_row(
    mending: Mending, table: str, old: str, sources: Mapping[str, str]
) -> tuple[int, int]:
    keys = key_columns(table)
    has_rowid = len(keys) == 1 and keys[0] == "rowid"
    cursor, moved, refused = mending.cursor, 0, 0
    values = ", ".join(sources.values())
    columns = ", ".join(f'"{column}"' for column in sources)
    ids = "t.rowid" if has_rowid else "NULL"
    rows = cursor.execute(f'SELECT {ids}, t.* FROM "{old}" t').fetchall()
    names = [column[0] for column in cursor.description[1:]]
    where = "t.rowid = ?" if has_rowid else " AND ".join(f't."{name}" IS ?' for name in keys)
    insert = f'INSERT INTO "{table}" ({columns}) SELECT {values} FROM "{old}" t WHERE {where}'
    for rowid, *stored in rows:
        row = dict(zip(names, stored, strict=True))
        key = (rowid,) if has_rowid else tuple(row[name] for name in keys)
        try:
            cursor.execute(insert, key)
            moved += cursor.rowcount
        except sqlite3.IntegrityError:
            mending.keep_copy(TABLE_DIFFERS, table, key, row)
            refused += 1
    return moved, refused
