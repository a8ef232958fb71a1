"""A store of an older schema opens with all its rows in place."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

import cts_tui.store.migrations as migrations_package
from cts_tui.store import connections, secrets
from cts_tui.store.database import Database
from cts_tui.store.schema import open_store
from cts_tui.store.version import HEAD

TIME = "2025-04-03T17:05:00.000Z"


def old_store(file: Path, revision: str) -> None:
    """Make a store as an older program left it."""
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(migrations_package.__file__).parent))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A store of schema 0001 with a connection and what belongs to it."""
    file = tmp_path / "cts.db"
    old_store(file, "0001")
    with closing(sqlite3.connect(file)) as plain:
        plain.execute(
            "INSERT INTO connections (id, name, exchange, mode, market, symbols, timeframe, "
            "enabled, live, is_predefined, ccxt_config, last_test, created_at, updated_at) "
            "VALUES (7, 'mine', 'bybit', 'paper', 'spot', '[\"BTC/USDT\"]', '5m', 1, 0, 0, "
            "'{\"httpsProxy\":\"http://x\"}', 'ok', ?, ?)",
            (TIME, TIME),
        )
        plain.execute(
            "INSERT INTO engine_states (connection_id, status, restarts) VALUES (7, 'stopped', 3)"
        )
        plain.execute("INSERT INTO leases (connection_id, fence) VALUES (7, 41)")
        plain.execute(
            "INSERT INTO settings (key, value, updated_at) VALUES ('kill_switch', 'true', ?)",
            (TIME,),
        )
        plain.commit()
    return file


def test_a_store_of_the_first_schema_keeps_its_connections(first: Path) -> None:
    database = Database.at(first)
    assert open_store(database) == []
    with database.read() as transaction:
        (setup,) = connections.setups(transaction)
        (view,) = connections.views(transaction)
        assert secrets.stored(transaction) == {}
    database.close()
    assert (setup.id, setup.name, setup.symbols, setup.enabled) == (7, "mine", ("BTC/USDT",), True)
    assert setup.ccxt_config == {"httpsProxy": "http://x"}
    assert (setup.symbols_filter, setup.credentials_ms) == (None, None)
    assert (view.restarts, view.last_test, view.credentials) == (3, None, None)
    with closing(sqlite3.connect(first)) as plain:
        assert plain.execute("SELECT version_num FROM alembic_version").fetchone() == (HEAD,)
        assert plain.execute("SELECT value FROM settings").fetchone() == ("true",)
        assert plain.execute("SELECT fence FROM leases").fetchone() == (41,)


def test_a_migration_that_breaks_off_leaves_the_old_store(
    first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(*_: object, **__: object) -> None:
        raise OSError("no more")

    before = sorted(closing_dump(first))
    database = Database.at(first)
    monkeypatch.setattr("alembic.op.add_column", break_off)
    with pytest.raises(OSError, match="no more"):
        open_store(database)
    database.close()
    assert sorted(closing_dump(first)) == before
    monkeypatch.undo()
    database = Database.at(first)
    open_store(database)
    database.close()


def closing_dump(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as plain:
        return list(plain.iterdump())


def test_every_step_down_can_be_taken_up_again(tmp_path: Path, first: Path) -> None:
    engine = create_engine(f"sqlite:///{first}")
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(migrations_package.__file__).parent))
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        command.downgrade(config, "0001")
        command.upgrade(config, "head")
    engine.dispose()
    database = Database.at(first)
    assert open_store(database) == []
    database.close()
