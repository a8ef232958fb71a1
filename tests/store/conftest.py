"""A store with real trades, and damage done to it behind the program's back."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cts_tui.paths import DataFolder
from cts_tui.store.database import Database

from .traded import make_traded_store

Damage = Callable[..., None]


@pytest.fixture(scope="session")
def traded_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a desk that has traded; to be copied."""
    root = tmp_path_factory.mktemp("traded")
    folder = DataFolder(root / "data")
    make_traded_store(folder, root)
    with closing(sqlite3.connect(folder.database)) as plain:
        plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder.database


@pytest.fixture
def traded(tmp_path: Path, traded_file: Path) -> Iterator[Database]:
    """A store of the test's own with real trades."""
    file = tmp_path / "traded.db"
    shutil.copy(traded_file, file)
    database = Database.at(file)
    yield database
    database.close()


@pytest.fixture
def damage(traded: Database) -> Damage:
    """Change the store as no program of ours would: without foreign keys, without the tables."""

    def change(*statements: str) -> None:
        assert traded.file
        with closing(sqlite3.connect(traded.file)) as plain:
            plain.execute("PRAGMA foreign_keys=OFF")
            for statement in statements:
                plain.execute(statement)
            plain.commit()

    return change
