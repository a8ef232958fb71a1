"""The verifier goes through the store beside the engine, mends what is safe, tells the rest."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cts_tui.clock import SystemClock
from cts_tui.engine.brakes import Brakes
from cts_tui.engine.verifying import Verifier
from cts_tui.settings import Settings
from cts_tui.store.database import Database
from cts_tui.store.verify import results
from tests.store.salvage.ruins import PAGE, overwrite, pages_of
from tests.store.samples import add_connection, rows


@pytest.fixture
def brakes() -> Brakes:
    return Brakes()


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def verifier(database: Database, brakes: Brakes, told: list[str]) -> Verifier:
    return Verifier(
        database=database,
        settings=Settings(),
        clock=SystemClock(),
        brakes=brakes,
        tell=lambda subject, words: told.append(f"{subject}: {words}"),
    )


def change(database: Database, *statements: str) -> None:
    assert isinstance(database.file, Path)
    with closing(sqlite3.connect(database.file)) as plain:
        for statement in statements:
            plain.execute(statement)
        plain.commit()


def alone(database: Database) -> Path:
    """Return the file with all of the log in it, and no connection that remembers pages."""
    change(database, "PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    assert database.file is not None
    return database.file


def flip_leaf(file: Path, table: str) -> None:
    overwrite(file, (pages_of(file, table)[1] - 1) * PAGE + 8, bytes(range(60)))


async def run_pass(verifier: Verifier, database: Database) -> None:
    """Run cycles until a pass has stored what it found."""
    before = stored_ms(database)
    while stored_ms(database) == before:
        await verifier.cycle()


def stored_ms(database: Database) -> int | None:
    with database.read() as transaction:
        found = results.get(transaction)
    return None if found is None else found.finished_ms


async def test_a_pass_ends_with_its_findings_in_the_store(
    verifier: Verifier, database: Database
) -> None:
    add_connection(database)
    change(database, "INSERT INTO settings VALUES ('odd', '{', '2025-04-03T12:00:00.000Z')")
    await run_pass(verifier, database)
    with database.read() as transaction:
        found = results.get(transaction)
    assert found is not None
    assert [one.kind for one in found.findings] == ["bad-value"]
    assert found.rows["connections"] == 1


async def test_after_a_pass_it_rests(verifier: Verifier, database: Database) -> None:
    await run_pass(verifier, database)
    assert (await verifier.cycle()).handled == 0
    assert verifier.figures.errors == 0


async def test_candles_that_are_none_are_set_aside_whole_and_told(
    verifier: Verifier, database: Database
) -> None:
    key = add_connection(database)
    change(
        database,
        f"INSERT INTO candles VALUES ({key}, 'BTC/USDT', '1m', 60000, 1, 2, 0.5, 1, 3, 'rest')",
        f"INSERT INTO candles VALUES ({key}, 'BTC/USDT', '1m', 120000, 'NaN', 2, 1, 1, 3, 'rest')",
        f"INSERT INTO candles VALUES ({key}, 'BTC/USDT', '1m', 180000, 1, 1, 2, 1, 3, 'rest')",
    )
    await run_pass(verifier, database)
    assert [row["time_ms"] for row in rows(database, "candles")] == [60_000]
    kept = rows(database, "quarantine")
    assert [(row["kind"], row["origin"], row["key"]) for row in kept] == [
        ("bad-value", "candles", f"{key}/1m/120000/BTC/USDT"),
        ("high-below-low", "candles", f"{key}/1m/180000/BTC/USDT"),
    ]
    assert '"open":"NaN"' in kept[0]["content"]
    assert any("set aside" in row["message"] for row in rows(database, "events"))
    with database.read() as transaction:
        assert results.get(transaction).findings == ()  # type: ignore[union-attr]


async def test_what_touches_orders_is_only_told(verifier: Verifier, database: Database) -> None:
    key = add_connection(database)
    change(
        database,
        "INSERT INTO fills (id, connection_id, client_order_id, venue_trade_id, symbol, side, "
        f"quantity, price, fee, fee_currency, venue_order_id, time_ms) VALUES (1, {key}, 'none', "
        "'t', 'BTC/USDT', 'buy', '1', '1', '0', 'USDT', '', 60000)",
    )
    await run_pass(verifier, database)
    assert len(rows(database, "fills")) == 1
    with database.read() as transaction:
        (finding,) = results.get(transaction).findings  # type: ignore[union-attr]
    assert finding.kind == "fill-without-order"
    assert not finding.safe


async def test_in_a_damaged_file_nothing_is_mended_and_nothing_opened_until_it_is_sound(
    verifier: Verifier, database: Database, brakes: Brakes, told: list[str]
) -> None:
    key = add_connection(database)
    into = f"INSERT INTO candles VALUES ({key}, 'BTC/USDT', '1m'"
    candles = [f"{into}, {n * 60_000}, 1, 2, 0.5, 1, 3, 'rest')" for n in range(500)]
    wrong = f"{into}, 60000000, 1, 1, 2, 1, 3, 'rest')"
    change(database, *candles, wrong)
    sound = alone(database).read_bytes()
    flip_leaf(alone(database), "candles")
    await run_pass(verifier, database)
    assert "the database file is damaged (" in brakes.reason
    assert "cts-tui repair --dry-run" in brakes.reason
    assert [line.split(" (")[0] for line in told] == ["database: the database file is damaged"]
    assert rows(database, "quarantine") == []
    alone(database).write_bytes(sound)
    verifier._due = 0.0
    await run_pass(verifier, database)
    assert brakes.reason == ""
    assert told[1:] == ["database: the database file is sound: entries go on"]
    assert len(rows(database, "quarantine")) == 1
