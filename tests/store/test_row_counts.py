"""Rows are counted where that is cheap, else known from the verifier, else estimated."""

import pytest
from sqlalchemy import text

from cts_tui.store.database import Database
from cts_tui.store.row_counts import row_counts

from .samples import NOW_MS, add_connection

MINUTE_MS = 60_000


@pytest.fixture
def owner(database: Database) -> int:
    return add_connection(database)


def fill(database: Database, owner: int, rows: int, symbols: int, timeframe: str = "1m") -> None:
    """Write candles, one a minute for each symbol."""
    with database.write() as transaction:
        transaction.execute(
            text(
                "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :last) "
                "INSERT INTO candles (connection_id, symbol, timeframe, time_ms, open, high, low, "
                "close, volume, source) SELECT :owner, 'S' || (i % :symbols), :timeframe, "
                ":start + i / :symbols * :minute, 1, 1, 1, 1, 1, 'stream' FROM n"
            ),
            {
                "last": rows - 1, "owner": owner, "symbols": symbols, "timeframe": timeframe,
                "start": NOW_MS, "minute": MINUTE_MS,
            },
        )  # fmt: skip


def test_small_tables_are_counted(database: Database, owner: int) -> None:
    fill(database, owner, 10_000, 7)
    with database.read() as transaction:
        counts = row_counts(transaction, {"candles": 5}, NOW_MS)
    assert counts.rows["candles"] == 10_000
    assert (counts.estimated, counts.counted_ms) == ((), {})


def test_candles_beyond_that_are_known_from_the_verifier(database: Database, owner: int) -> None:
    fill(database, owner, 10_001, 7)
    with database.read() as transaction:
        counts = row_counts(transaction, {"candles": 9_500}, NOW_MS)
    assert counts.rows["candles"] == 9_500
    assert counts.counted_ms == {"candles": NOW_MS}


@pytest.mark.parametrize("symbols", [1, 7, 50])
def test_candles_that_nobody_has_counted_are_estimated(
    database: Database, owner: int, symbols: int
) -> None:
    fill(database, owner, 40_000, symbols)
    fill(database, owner, 3_000, 3, "5m")
    with database.read() as transaction:
        counts = row_counts(transaction, {}, None)
    assert counts.rows["candles"] == pytest.approx(43_000, rel=0.05)
    assert counts.estimated == ("candles",)


def test_of_a_large_table_with_ids_these_tell_its_size(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cts_tui.store.row_counts._COUNTED_SPAN", 5)
    with database.write() as transaction:
        for number in range(1, 8):
            transaction.execute(
                text(
                    "INSERT INTO events (id, time, who, kind, subject, message) "
                    "VALUES (:id, '2025-01-01T00:00:00.000Z', 'cli', 'x', 'x', 'x')"
                ),
                {"id": number * 10},
            )
    with database.read() as transaction:
        counts = row_counts(transaction, {}, None)
    assert (counts.rows["events"], counts.estimated) == (61, ("events",))
