"""The store that a salvage makes: what lost rows mean for others, which schema it has."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cts_tui.errors import StoreError
from cts_tui.store.database import Database
from cts_tui.store.migrating import migrate
from cts_tui.store.salvage.pages import PageFile

from .conftest import Salvage
from .ruins import Rows, change, pages_of, rows_in, salvaged, zero


def test_lost_settings_turn_the_kill_switch_on_and_live_trading_is_off(
    file: Path, before: Rows, salvage: Salvage
) -> None:
    change(file, "UPDATE connections SET live = 1, enabled = 1 WHERE name = 'binance'")
    (page,) = pages_of(file, "settings")
    zero(file, page)
    made = salvage()
    found = rows_in(made.file)
    assert (b"kill_switch", b"true") in {row[:2] for row in found["settings"]}
    with closing(sqlite3.connect(made.file)) as plain:
        assert plain.execute("SELECT count(*) FROM connections WHERE live").fetchone() == (0,)
    assert any("live trading of binance is off" in note for note in made.salvage.notes)


def test_lost_connections_are_stood_in_for(file: Path, before: Rows, salvage: Salvage) -> None:
    (page,) = pages_of(file, "connections")
    zero(file, page)
    found = rows_in(salvage().file)
    assert found["orders"] == before["orders"]
    owners = {row[3] for row in before["orders"]}
    assert {row[0] for row in found["connections"]} == owners


@pytest.mark.parametrize("schema", ["0001", "0002", "0003"])
def test_an_older_store_comes_out_in_the_newest_schema(schema: str, tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    with closing(Database.at(file)) as database:
        migrate(database, schema)
    change(
        file,
        "INSERT INTO settings VALUES ('a', '1', '2026-03-01T00:00:00.000Z')",
        "DELETE FROM alembic_version",
    )
    with file.open("rb") as source:
        assert PageFile(source.fileno(), file).has_header
    made = salvaged(file, tmp_path / "scratch")
    assert made.salvage.schema == schema
    assert {row[0] for row in rows_in(made.file)["settings"]} == {b"a"}


def test_a_store_of_a_newer_program_is_refused(file: Path, salvage: Salvage) -> None:
    change(file, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="update cts-tui"):
        salvage()


def test_what_was_never_a_store_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "cts.db"
    file.write_bytes(os.urandom(50_000))
    with pytest.raises(StoreError, match="nothing in it can be read"):
        salvaged(file, tmp_path / "scratch")
