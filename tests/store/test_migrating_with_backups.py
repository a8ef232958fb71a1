"""An older store is backed up before it is migrated; whatever goes wrong, it stays as it was."""

import gzip
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cts_tui.errors import StoreError
from cts_tui.store import scratch
from cts_tui.store.backup_folder import list_backups
from cts_tui.store.database import Database
from cts_tui.store.schema import open_store
from cts_tui.store.version import HEAD

from .test_migrations import TIME, closing_dump, old_store

NOW = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC)
RELEASED = ("0001", "0002", "0003")
JSON = {
    "source": "simulated",
    "mode": "live",
    "market": "spot",
    "status": "stopped",
    "symbols": "[]",
    "fields": "[]",
    "ccxt_config": "{}",
    "values": "{}",
    "value": "1",
}


def fill(file: Path) -> dict[str, int]:
    """Put one row into every table, each belonging to the others; return the rows by table."""
    with closing(sqlite3.connect(file)) as plain:
        tables = [
            name
            for (name,) in plain.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if name != "alembic_version" and not name.startswith("sqlite_")
        ]
        for table in tables:
            columns = plain.execute(f"PRAGMA table_info({table})").fetchall()
            row = {name: value(name, kind) for _, name, kind, *_ in columns}
            names = ", ".join(f'"{name}"' for name in row)
            plain.execute(
                f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})",
                list(row.values()),
            )
        plain.commit()
        assert plain.execute("PRAGMA foreign_key_check").fetchall() == []
    return dict.fromkeys(tables, 1)


def value(name: str, kind: str) -> Any:
    if name in JSON:
        return JSON[name]
    if name.endswith("_at") or name == "time":
        return TIME
    return "1" if kind.startswith(("VARCHAR", "BLOB")) else 1


def counts(file: Path, tables: dict[str, int]) -> dict[str, int]:
    with closing(sqlite3.connect(file)) as plain:
        return {
            name: plain.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables
        }


def opened(file: Path, backups: Path) -> list[str]:
    database = Database.at(file)
    try:
        return open_store(database, backups, NOW)
    finally:
        database.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cts.db"


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.mark.parametrize("schema", RELEASED)
def test_every_row_of_every_table_is_kept_and_the_old_store_too(
    file: Path, backups: Path, schema: str, tmp_path: Path
) -> None:
    old_store(file, schema)
    tables = fill(file)
    before = closing_dump(file)
    told, *_ = opened(file, backups)
    (backup,) = list_backups(backups)
    assert told == f"brought from schema {schema} to {HEAD}; as it was before: {backup.file}"
    assert backup.file.name == "cts-20260301T123015Z-before-migration.db.gz"
    assert (backup.schema, backup.is_verified) == (schema, True)
    kept = tmp_path / "kept.db"
    kept.write_bytes(gzip.decompress(backup.file.read_bytes()))
    assert closing_dump(kept) == before
    assert counts(file, tables) == tables
    with closing(sqlite3.connect(file)) as plain:
        assert plain.execute("PRAGMA foreign_key_check").fetchall() == []
        assert plain.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert opened(file, backups) == []
    assert len(list_backups(backups)) == 1


@pytest.mark.parametrize("schema", RELEASED)
def test_an_empty_old_store_is_migrated_without_a_backup(
    file: Path, backups: Path, schema: str
) -> None:
    old_store(file, schema)
    assert opened(file, backups) == []
    assert not backups.exists()


@pytest.mark.parametrize("schema", RELEASED)
def test_a_migration_that_fails_half_way_leaves_the_old_file_and_few_backups(
    file: Path, backups: Path, schema: str
) -> None:
    old_store(file, schema)
    fill(file)
    with closing(sqlite3.connect(file)) as plain:
        plain.execute("CREATE TABLE health_samples (mine)")
        plain.commit()
    before = closing_dump(file)
    for _ in range(5):
        with pytest.raises(StoreError, match="health_samples already exists"):
            opened(file, backups)
        assert closing_dump(file) == before
    assert len(list_backups(backups)) == 3
    with closing(sqlite3.connect(file)) as plain:
        plain.execute("DROP TABLE health_samples")
        plain.commit()
    assert sum("brought from schema" in line for line in opened(file, backups)) == 1


_KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
import alembic.op
from cts_tui.store.database import Database
from cts_tui.store.schema import open_store
make = alembic.op.create_table
def create_table(name, *arguments, **options):
    if name == "health_samples":
        os.kill(os.getpid(), signal.SIGKILL)
    return make(name, *arguments, **options)
alembic.op.create_table = create_table
open_store(Database.at(Path(sys.argv[1])), Path(sys.argv[2]), datetime.now(UTC))
"""


def test_a_migration_that_is_killed_half_way_leaves_the_old_file(file: Path, backups: Path) -> None:
    old_store(file, "0001")
    tables = fill(file)
    before = closing_dump(file)
    command = [sys.executable, "-c", _KILLED, str(file), str(backups)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert closing_dump(file) == before
    assert len(list_backups(backups)) == 1
    assert sum("brought from schema" in line for line in opened(file, backups)) == 1
    assert counts(file, tables) == tables


def test_without_room_for_the_backup_nothing_is_migrated(
    file: Path, backups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_store(file, "0002")
    fill(file)
    before = closing_dump(file)
    monkeypatch.setattr(scratch, "RESERVE_BYTES", 1 << 60)
    with pytest.raises(StoreError, match=r"only after a backup: no backup was made: .* room"):
        opened(file, backups)
    assert closing_dump(file) == before


def test_a_newer_store_is_refused_before_anything_is_backed_up(file: Path, backups: Path) -> None:
    old_store(file, "0003")
    fill(file)
    with closing(sqlite3.connect(file)) as plain:
        plain.execute("UPDATE alembic_version SET version_num = '9999'")
        plain.commit()
    with pytest.raises(StoreError, match="written by a newer cts-tui"):
        opened(file, backups)
    assert not backups.exists()
