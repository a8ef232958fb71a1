"""Opening a store: made, migrated, completed — or refused in one line, with nothing changed."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

import cts_tui.store.database as database_module
import cts_tui.store.migrations as migrations_package
from cts_tui.errors import CtsError, StoreError
from cts_tui.paths import data_folder
from cts_tui.store.database import Database, explained
from cts_tui.store.journal import Journal
from cts_tui.store.schema import open_store
from cts_tui.store.tables import METADATA
from cts_tui.store.version import HEAD

from .samples import add_connection, rows

MIGRATIONS = Path(migrations_package.__file__).parent
NOBODY = 65_534


def schema(file: Path) -> set[tuple[str, str, str, str]]:
    """Return every table, index and constraint, with the spelling of its SQL evened out."""
    connection = sqlite3.connect(file)
    found = set()
    for kind, name, table, sql in connection.execute(
        "SELECT type, name, tbl_name, COALESCE(sql, '') FROM sqlite_master"
    ):
        parts = sorted(part.strip() for part in " ".join(sql.split()).split(","))
        found.add((kind, name, table, "|".join(parts)))
    columns = {
        ("column", f"{table}.{column[1]}", table, repr(column[2:]))
        for _, table, _, _ in [row for row in found if row[0] == "table"]
        for column in connection.execute(f"PRAGMA table_info({table})")
    }
    keys = {
        ("key", table, table, repr(key[2:]))
        for _, table, _, _ in [row for row in found if row[0] == "table"]
        for key in connection.execute(f"PRAGMA foreign_key_list({table})")
    }
    connection.close()
    return {row for row in found if row[0] != "table"} | columns | keys


def plain_sql(file: Path, *statements: str) -> None:
    """Change a database behind the store's back."""
    connection = sqlite3.connect(file)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.fixture
def config(tmp_path: Path) -> Iterator[tuple[Config, Any]]:
    """Alembic on an empty database of its own."""
    engine = create_engine(f"sqlite:///{tmp_path / 'migrated.db'}")
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        yield config, connection
    engine.dispose()


def test_an_empty_folder_gets_the_whole_schema(tmp_path: Path) -> None:
    database = Database.at(tmp_path / "cts.db")
    assert open_store(database) == []
    with database.read() as transaction:
        names = {row[0] for row in transaction.execute(text("SELECT name FROM sqlite_master"))}
        version = transaction.execute(text("SELECT version_num FROM alembic_version")).scalar()
    database.close()
    assert set(METADATA.tables) < names
    assert version == HEAD


def test_opening_a_store_twice_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "cts.db"
    for _ in range(2):
        database = Database.at(file)
        assert open_store(database) == []
        database.close()
        before = file.read_bytes()
    database = Database.at(file)
    open_store(database)
    database.close()
    assert file.read_bytes() == before


def test_the_head_named_in_the_code_is_the_newest_migration(config: tuple[Config, Any]) -> None:
    assert ScriptDirectory.from_config(config[0]).get_current_head() == HEAD


def test_the_migrations_lead_to_the_schema_of_the_tables(config: tuple[Config, Any]) -> None:
    command.upgrade(config[0], "head")
    context = MigrationContext.configure(config[1], opts={"compare_type": True})
    assert compare_metadata(context, METADATA) == []


def test_a_migrated_store_equals_one_made_at_once(
    config: tuple[Config, Any], tmp_path: Path, empty_store: Path
) -> None:
    command.upgrade(config[0], "head")
    config[1].commit()
    migrated = schema(tmp_path / "migrated.db")
    assert len(migrated) > 100
    assert migrated == schema(empty_store)


def test_every_migration_says_which_one_it_follows(config: tuple[Config, Any]) -> None:
    for script in ScriptDirectory.from_config(config[0]).walk_revisions():
        follows = script.down_revision or "nothing"
        assert f"Revision: {script.revision}" in script.module.__doc__
        assert f"Follows: {follows}" in script.module.__doc__


@pytest.mark.parametrize("table", sorted(METADATA.tables))
def test_a_missing_table_is_made_again_and_said(database: Database, table: str) -> None:
    file = Path(database.url.removeprefix("sqlite:///"))
    before = schema(file)
    plain_sql(file, f"DROP TABLE {table}")
    said = open_store(database)
    assert said[0].startswith(f"repaired: the table {table} is missing: made anew")
    assert len(said) == 1 + (table == "settings")
    assert schema(file) == before
    assert open_store(database) == []


def test_a_store_that_lost_its_settings_enters_nothing_until_the_trader_says_so(
    database: Database,
) -> None:
    with database.write() as transaction:
        transaction.execute(text("DROP TABLE settings"))
    assert "the kill switch is on" in open_store(database)[1]
    assert [(row["key"], row["value"]) for row in rows(database, "settings")] == [
        ("kill_switch", True)
    ]


@pytest.mark.parametrize(
    ("table", "what"), [("engine_states", "engine state"), ("leases", "lease")]
)
def test_a_connection_without_its_engine_rows_gets_them(
    database: Database, table: str, what: str
) -> None:
    connection_id = add_connection(database)
    with database.write() as transaction:
        transaction.execute(text(f"DELETE FROM {table}"))
    assert open_store(database) == [f"repaired: 1 connection has no {what}: begun anew"]
    assert [row["connection_id"] for row in rows(database, table)] == [connection_id]
    assert open_store(database) == []


def test_a_missing_table_of_engine_rows_is_filled_for_every_connection(database: Database) -> None:
    ids = [add_connection(database, name) for name in ("one", "two")]
    with database.write() as transaction:
        transaction.execute(text("DROP TABLE leases"))
    assert "the table leases is missing" in open_store(database)[0]
    assert [row["connection_id"] for row in rows(database, "leases")] == ids


def test_what_belongs_to_lost_connections_goes_to_no_new_one(database: Database) -> None:
    lost = [add_connection(database, name) for name in ("one", "two")]
    file = Path(database.url.removeprefix("sqlite:///"))
    plain_sql(
        file,
        "INSERT INTO orders (id, client_order_id, connection_id, position_key, strategy, symbol, "
        "side, type, reduce_only, status, filled, fees, reason, time_in_force, purpose, timeframe, "
        f"is_live, answer, created_at, updated_at) VALUES (1, 'a', {lost[1]}, 'a', 's', 'B/U', "
        "'buy', 'market', 0, 'cancelled', '0', '0', '', 'gtc', 'entry', '1m', 1, '', '', '')",
        "DROP TABLE connections",
    )
    said = open_store(database)
    assert "1 connections are known by what belongs to them" in said[0]
    (stand_in,) = rows(database, "connections")
    assert (stand_in["id"], stand_in["name"]) == (lost[1], f"recovered-{lost[1]}")
    assert (stand_in["enabled"], stand_in["live"], stand_in["mode"]) == (False, False, "paper")


def test_a_store_that_forgot_its_schema_is_marked_anew(database: Database) -> None:
    file = Path(database.url.removeprefix("sqlite:///"))
    before = schema(file)
    for damage in ("DROP TABLE alembic_version", "DELETE FROM alembic_version"):
        plain_sql(file, damage)
        (said,) = open_store(database)
        assert "does not say which schema it has" in said
        assert schema(file) == before
        assert open_store(database) == []


def refused(file: Path, *, says: str) -> None:
    """Opening `file` is refused in one line that `says` it; the folder stays as it was."""
    before = {path.name: path.read_bytes() for path in file.parent.iterdir() if path.is_file()}
    database = Database.at(file)
    with pytest.raises(StoreError) as refusal:
        open_store(database)
    database.close()
    message = str(refusal.value)
    assert says in message
    assert str(file) in message
    assert "\n" not in message
    after = {path.name: path.read_bytes() for path in file.parent.iterdir() if path.is_file()}
    assert after == before


def test_a_store_of_a_newer_schema_is_refused(tmp_path: Path, empty_store: Path) -> None:
    file = shutil.copy(empty_store, tmp_path / "cts.db")
    plain_sql(file, "UPDATE alembic_version SET version_num = '9999'")
    refused(file, says="was written by a newer cts-tui")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "cts.db"
    file.write_text("name,price\n" * 1_000)
    refused(file, says="is not a SQLite database; where it was the desk's, cts-tui repair")


def test_a_database_that_is_cut_off_is_refused(tmp_path: Path, empty_store: Path) -> None:
    file = tmp_path / "cts.db"
    file.write_bytes(empty_store.read_bytes()[: 3 * 4_096 + 100])
    refused(file, says="is damaged; cts-tui repair --dry-run says what can be recovered")


@pytest.mark.parametrize("journal_mode", ["delete", "wal"])
def test_a_database_of_another_program_is_refused(tmp_path: Path, journal_mode: str) -> None:
    file = tmp_path / "cts.db"
    plain_sql(file, f"PRAGMA journal_mode={journal_mode}", "CREATE TABLE songs (id INTEGER)")
    refused(file, says="is a database of another program (it holds the table 'songs')")


def test_another_program_that_uses_alembic_as_well_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "cts.db"
    plain_sql(
        file,
        "CREATE TABLE songs (id INTEGER)",
        "CREATE TABLE alembic_version (version_num TEXT)",
        f"INSERT INTO alembic_version VALUES ('{HEAD}')",
    )
    refused(file, says="is a database of another program (it holds the table 'songs')")


def test_a_store_that_lacks_a_column_is_refused(tmp_path: Path, empty_store: Path) -> None:
    file = shutil.copy(empty_store, tmp_path / "cts.db")
    plain_sql(file, "ALTER TABLE orders DROP COLUMN filled")
    refused(file, says="lacks the column orders.filled; cts-tui repair --dry-run")


def test_a_column_whose_loss_changes_nothing_is_made_anew(
    tmp_path: Path, empty_store: Path
) -> None:
    file = shutil.copy(empty_store, tmp_path / "cts.db")
    plain_sql(file, "ALTER TABLE orders DROP COLUMN reason")
    database = Database.at(file)
    assert "the table orders lacks reason" in open_store(database)[0]
    assert open_store(database) == []
    assert rows(database, "orders") == []
    database.close()


def test_a_store_that_another_program_keeps_locked_is_refused_after_a_wait(
    tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_MS", 50)
    file = shutil.copy(empty_store, tmp_path / "cts.db")
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    other.execute("DELETE FROM events")
    refused(file, says="is locked by another program; wait for it or end it")
    other.execute("ROLLBACK")
    other.close()


def test_a_writer_that_keeps_the_lock_is_named_and_nothing_is_written(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_MS", 50)
    other = sqlite3.connect(database.url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked by another program"):
        add_connection(database)
    other.execute("ROLLBACK")
    other.close()
    assert rows(database, "connections") == []


@pytest.fixture
def as_a_plain_user() -> Iterator[Path]:
    """Be somebody to whom permissions apply; gives an open folder of theirs."""
    folder = Path(tempfile.mkdtemp(prefix="cts-permissions-"))
    is_root = os.geteuid() == 0
    if is_root:
        os.chown(folder, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield folder
    finally:
        if is_root:
            os.setresuid(0, 0, 0)
        folder.chmod(0o700)
        shutil.rmtree(folder)


def test_a_folder_that_may_not_be_written_is_refused(as_a_plain_user: Path) -> None:
    as_a_plain_user.chmod(0o500)
    with pytest.raises(CtsError, match=r"is not readable and writable|cannot be used"):
        data_folder(as_a_plain_user).create()
    database = Database.at(as_a_plain_user / "cts.db")
    with pytest.raises(StoreError, match="cannot be opened; check that its folder exists"):
        open_store(database)
    database.close()
    assert list(as_a_plain_user.iterdir()) == []


def test_a_folder_that_may_not_be_read_is_refused(as_a_plain_user: Path) -> None:
    as_a_plain_user.chmod(0o000)
    with pytest.raises(CtsError, match=r"is not readable and writable|cannot be used"):
        data_folder(as_a_plain_user).create()


def test_a_database_file_that_may_not_be_written_is_said_to_be_read_only(
    as_a_plain_user: Path,
) -> None:
    file = as_a_plain_user / "cts.db"
    database = Database.at(file)
    open_store(database)
    database.close()
    file.chmod(0o400)
    before = file.read_bytes()
    database = Database.at(file)
    with pytest.raises(StoreError, match="is read-only; make the file and its folder writable"):
        add_connection(database)
    database.close()
    assert file.read_bytes() == before


def test_a_journal_on_a_store_that_cannot_be_opened_says_so_at_once(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        Journal(Database.at(tmp_path / "nowhere" / "cts.db"))


def test_a_store_is_kept_in_wal_mode_with_foreign_keys_and_patience(database: Database) -> None:
    with database.read() as transaction:
        pragmas = {
            name: transaction.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        }
    normal = 1
    assert pragmas == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "busy_timeout": 5_000,
        "synchronous": normal,
    }


def test_a_store_that_lost_its_wal_mode_gets_it_back(tmp_path: Path, empty_store: Path) -> None:
    file = shutil.copy(empty_store, tmp_path / "cts.db")
    plain_sql(file, "PRAGMA journal_mode=DELETE")
    database = Database.at(file)
    open_store(database)
    with database.read() as transaction:
        assert transaction.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    database.close()


def test_a_reader_sees_one_state_while_a_writer_goes_on(database: Database) -> None:
    with database.read() as transaction:
        count = text("SELECT count(*) FROM connections")
        assert transaction.execute(count).scalar() == 0
        add_connection(database)
        assert transaction.execute(count).scalar() == 0
    assert len(rows(database, "connections")) == 1


def test_a_transaction_that_fails_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as transaction:
        transaction.execute(
            text("INSERT INTO settings (key, value, updated_at) VALUES ('a', 1, '')")
        )
        raise ZeroDivisionError
    assert rows(database, "settings") == []


def test_s10_no_message_shows_the_password_of_a_database() -> None:
    with pytest.raises(StoreError) as refused, explained("postgresql://me:hunter2@db/cts"):
        raise sqlite3.OperationalError("connection refused")
    assert "hunter2" not in str(refused.value)
    assert "connection refused" in str(refused.value)
