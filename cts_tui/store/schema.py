"""Opening the store: create it, migrate it, verify it, complete it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, insert, inspect, literal, select, text

from cts_tui.errors import StoreError
from cts_tui.model.backup import BackupReason
from cts_tui.store.column_types import to_ms
from cts_tui.store.database import REPAIR_ADVICE, Database
from cts_tui.store.migrating import known_schemas, migrate
from cts_tui.store.repair.start import mend_at_start
from cts_tui.store.tables import CONNECTIONS, ENGINE_STATES, LEASES, METADATA
from cts_tui.store.verify.raw import raw_cursor
from cts_tui.store.verify.schema_look import look_at_schema
from cts_tui.store.version import HEAD


def open_store(
    database: Database, backups: Path | None = None, now: datetime | None = None
) -> list[str]:
    """Bring the store to the newest schema and mend what is safe to mend.

    A SQLite file that is migrated is backed up into `backups` before, where that is given. Returns
    one line for each thing that had to be done. Raises StoreError for a store that is newer than
    this program, damaged, or not a database; nothing is changed then.
    """
    told: list[str] = []
    found = _revision(database)
    if found is None:
        _create(database)
    elif found not in (HEAD, _UNKNOWN):
        told = _migrate(database, found, backups, now)
    if not database.is_sqlite:
        return told + _complete(database)
    told += mend_at_start(database, to_ms(now or datetime.now(UTC)))
    _refuse_what_lacks_columns(database)
    database.keep_wal()
    return told


def _refuse_what_lacks_columns(database: Database) -> None:
    """Raise StoreError for a store that no query fits, for what could not be mended by itself."""
    with database.read() as transaction:
        lacking = schema_faults(transaction)
    if lacking:
        raise StoreError(
            f"the database {_name(database)} lacks {', '.join(lacking)}; {REPAIR_ADVICE}"
        )


_UNKNOWN: Final = "unknown"
"""The store is ours, and does not say which schema it has."""
_OURS: Final = frozenset(("connections", "orders", "positions", "settings"))
"""Tables by most of which a store of ours is known."""


def _name(database: Database) -> str:
    return database.url.removeprefix("sqlite:///")


def _revision(database: Database) -> str | None:
    """Return the schema the store has, None for an empty one."""
    with database.read() as connection:
        names = inspect(connection).get_table_names()
        if "alembic_version" in names and not METADATA.tables.keys().isdisjoint(names):
            said: str | None = connection.execute(
                text("SELECT version_num FROM alembic_version")
            ).scalar()
            return said or _UNKNOWN
    if len(_OURS.intersection(names)) > len(_OURS) // 2:
        return _UNKNOWN
    if names:
        held = next((name for name in names if name != "alembic_version"), names[0])
        raise StoreError(
            f"{_name(database)} is a database of another program "
            f"(it holds the table {held!r}); choose another data folder with --data-dir"
        )
    return None


def _create(database: Database) -> None:
    """Create the newest schema in an empty store, in one transaction."""
    with database.write() as connection:
        if "alembic_version" in inspect(connection).get_table_names():
            return  # another process was faster
        METADATA.create_all(connection)
        connection.execute(
            text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        )
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})


def _migrate(
    database: Database, found: str, backups: Path | None, now: datetime | None
) -> list[str]:
    """Bring a store to the newest schema; before that it is backed up, where `backups` is given.

    Returns a line that tells of it.
    """
    name = _name(database)
    if found not in known_schemas():
        raise StoreError(
            f"the database {name} has schema {found}, this "
            f"program knows up to {HEAD}: it was written by a newer cts-tui; update cts-tui, or "
            "choose another data folder with --data-dir"
        )
    if backups is None or not database.is_sqlite or not _has_rows(database):
        migrate(database)
        return []
    try:
        kept = _keep(database, backups, now or datetime.now(UTC))
    except StoreError as error:
        raise StoreError(
            f"the database {name} has schema {found} and is brought to {HEAD} only after a "
            f"backup: {error}"
        ) from error
    migrate(database)
    return [f"brought from schema {found} to {HEAD}; as it was before: {kept}"]


def _keep(database: Database, backups: Path, now: datetime) -> Path:
    """Back a store up before its migration; a migration that fails at every start fills no disk."""
    from cts_tui.store.backup import make_backup
    from cts_tui.store.backup_folder import KEPT_OTHERS, keep_newest

    reason = BackupReason.BEFORE_MIGRATION
    backup = make_backup(database, backups, reason=reason, now=now)
    keep_newest(backups, reason, KEPT_OTHERS)
    return backup.file


def _has_rows(database: Database) -> bool:
    """Return whether there is anything in the store that could be lost."""
    with database.read() as connection:
        present = set(inspect(connection).get_table_names())
        ours = [table for table in METADATA.sorted_tables if table.name in present]
        return any(
            connection.execute(select(literal(1)).select_from(table).limit(1)).first()
            for table in ours
        )


def schema_faults(connection: Connection) -> list[str]:
    """Return what a store lacks of what this program expects, each by name."""
    if connection.dialect.name != "sqlite":
        present = set(inspect(connection).get_table_names())
        return [f"the table {name}" for name in METADATA.tables if name not in present]
    with raw_cursor(connection, 0) as cursor:
        tables = look_at_schema(cursor).missing_tables
    return [
        *(f"the table {name}" for name in tables),
        *(f"the column {name}" for name in missing_columns(connection)),
    ]


def missing_columns(connection: Connection) -> list[str]:
    """Return `table.column` for every column that a table of a SQLite store lacks."""
    with raw_cursor(connection, 0) as cursor:
        missing = look_at_schema(cursor).missing_columns
    return [f"{table}.{name}" for table, names in missing.items() for name in names]


def _complete(database: Database) -> list[str]:
    """Make the tables and engine states that a store on a server lacks; return a line for each."""
    with database.read() as connection:
        present = set(inspect(connection).get_table_names())
        missing = [table for table in METADATA.sorted_tables if table.name not in present]
        stateless = [] if missing else _stateless_connections(connection)
    if not missing and not stateless:
        return []
    with database.write() as connection:
        for table in missing:
            table.create(connection)
        for connection_id in stateless or _stateless_connections(connection):
            initialise_engine(connection, connection_id)
    return [f"created the missing table {table.name}" for table in missing] + [
        f"initialised the engine state of connection {connection_id}" for connection_id in stateless
    ]


def _stateless_connections(connection: Connection) -> list[int]:
    """Return the ids of connections without an engine state or a lease."""
    ids = CONNECTIONS.c.id
    has_state = ids.in_(select(ENGINE_STATES.c.connection_id))
    has_lease = ids.in_(select(LEASES.c.connection_id))
    return list(connection.execute(select(ids).where(~has_state | ~has_lease)).scalars())


def initialise_engine(connection: Connection, connection_id: int) -> None:
    """Give a connection its engine state and lease rows where it has none."""
    for table in (ENGINE_STATES, LEASES):
        known = select(table.c.connection_id).where(table.c.connection_id == connection_id)
        if connection.execute(known).first() is None:
            connection.execute(insert(table).values(connection_id=connection_id))
