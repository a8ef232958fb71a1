"""The quick reader of strategies says what the store says, or nothing."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from cts_tui.clock import utc_from_ms
from cts_tui.model.strategy import Size, SizeKind, StrategySpec
from cts_tui.rules.builtin import builtin_strategies
from cts_tui.store import strategies
from cts_tui.store.database import Database
from cts_tui.store.peek import stored_strategies
from cts_tui.store.schema import open_store

ODD = StrategySpec(
    "a-very-odd-one",
    entry_short='close < at("1h", sma(20))',
    timeframe="5m",
    stop_loss_pct=Decimal("0.123456789012345678"),
    take_profit_pct=Decimal(0),
    trailing_stop_pct=Decimal("1.50"),
    min_profit_factor=1.25,
    gate_trades=7,
    gate_min_trades=0,
    size=Size(SizeKind.RISK_PCT, Decimal("0.75")),
    symbols=("BTC/USDT", "ÄÖ/€"),
    description='says "hello"',
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "a folder with % and #" / "cts.db"
    file.parent.mkdir()
    database = Database.at(file)
    open_store(database)
    with database.write() as transaction:
        for number, spec in enumerate([ODD, *builtin_strategies()]):
            strategies.add(transaction, spec, utc_from_ms(0), enabled=bool(number % 2))
    database.close()
    return file


def test_both_readers_agree(file: Path) -> None:
    database = Database.at(file)
    with database.read() as transaction:
        everyone = strategies.specs(transaction, only_enabled=False)
        enabled = strategies.specs(transaction)
    found = stored_strategies(file)
    assert found is not None
    assert [spec for spec, _ in found] == everyone
    assert [spec for spec, is_enabled in found if is_enabled] == enabled
    assert ODD in everyone
    assert replace(ODD, name="another") not in everyone
    database.close()


def test_what_another_connection_has_just_written_is_seen(file: Path) -> None:
    database = Database.at(file)
    with database.write() as transaction:
        strategies.set_enabled(transaction, ODD.name, utc_from_ms(0), enabled=True)
    found = stored_strategies(file)
    assert found is not None
    assert (ODD, True) in found
    database.close()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE alembic_version SET version_num = 'other'",
        "DELETE FROM alembic_version",
        "DROP TABLE alembic_version",
        "DROP TABLE strategies",
        "ALTER TABLE strategies DROP COLUMN symbols",
        "UPDATE strategies SET size_kind = 'all of it'",
        "UPDATE strategies SET symbols = 'no JSON'",
        "UPDATE strategies SET stop_loss_pct = 'much'",
    ],
)
def test_a_store_that_is_not_as_it_should_be_has_no_answer(file: Path, change: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(change)
        connection.commit()
    assert stored_strategies(file) is None


def test_a_missing_file_and_one_of_another_kind_have_no_answer(tmp_path: Path) -> None:
    assert stored_strategies(tmp_path / "cts.db") is None
    assert not (tmp_path / "cts.db").exists()
    (tmp_path / "cts.db").write_text("not a database, and long enough to be looked at" * 50)
    assert stored_strategies(tmp_path / "cts.db") is None
    assert stored_strategies(tmp_path) is None
