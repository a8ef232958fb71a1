"""A pass goes through the store in slices that hold nothing, and comes to every row."""

import shutil
import sqlite3
from pathlib import Path

from cts_tui.clock import SystemClock
from cts_tui.store.database import Database
from cts_tui.store.verify import results
from cts_tui.store.verify.passes import Depth, VerifyPass
from cts_tui.store.verify.quick import quick_look
from tests.store.conftest import Damage


def now_ms() -> int:
    return SystemClock().now_ms()


def test_small_slices_come_to_every_row_once(traded: Database, damage: Damage) -> None:
    damage("UPDATE candles SET close = -1", "UPDATE orders SET side = 'x'")
    found = VerifyPass(now_ms(), slice_ms=0.01, depth=Depth.ROWS)
    found.run(traded)
    counts = {one.table: one.count for one in found.result(0).findings if one.kind == "bad-value"}
    assert found.slices > 50
    with traded.read() as transaction:
        for table in ("candles", "orders"):
            rows = transaction.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
            assert counts[table] == found.rows[table] == rows


def test_between_two_slices_a_writer_writes_and_the_log_is_checkpointed(traded: Database) -> None:
    traded.keep_wal()
    found = VerifyPass(now_ms(), slice_ms=0.1)
    assert traded.file
    other = sqlite3.connect(traded.file, isolation_level=None)
    other.execute("PRAGMA busy_timeout=0")
    steps = 0
    while not found.is_done:
        with traded.read() as transaction:
            found.step(transaction)
            other.execute("UPDATE engine_states SET restarts = restarts + 1")  # not kept waiting
        steps += 1
        if steps % 20 == 0:
            busy, *_ = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            assert busy == 0
    other.close()
    assert steps > 40


def test_a_page_that_cannot_be_read_ends_its_table_and_no_other(
    tmp_path: Path, traded_file: Path
) -> None:
    file = tmp_path / "damaged.db"
    shutil.copy(traded_file, file)
    plain = sqlite3.connect(file)
    (root,) = plain.execute("SELECT rootpage FROM sqlite_master WHERE name = 'fills'").fetchone()
    plain.close()
    with file.open("r+b") as raw:
        raw.seek((root - 1) * 4096)
        raw.write(b"\xee" * 4096)
    database = Database.at(file)
    for depth in Depth:
        found = VerifyPass(now_ms(), depth=depth)
        found.run(database)
        damaged = [one for one in found.result(0).findings if one.kind == "damaged"]
        assert damaged
        assert found.rows["candles"] == 800
    database.close()


def test_what_was_found_is_stored_and_read_back(traded: Database, damage: Damage) -> None:
    damage("UPDATE connections SET live = 1, mode = 'live' WHERE id = 3")
    found = VerifyPass(now_ms())
    found.run(traded)
    verification = found.result(now_ms())
    with traded.write() as transaction:
        results.put(transaction, verification)
    with traded.read() as transaction:
        assert results.get(transaction) == verification


def test_stored_findings_that_make_no_sense_count_as_none(traded: Database, damage: Damage) -> None:
    for value in ("7", "{}", '{"findings": [{}]}'):
        damage(f"REPLACE INTO settings VALUES ('verification', '{value}', '2025-01-01T00:00:00Z')")
        with traded.read() as transaction:
            assert results.get(transaction) is None


def test_a_quick_look_comes_to_what_is_grave_first(traded: Database, damage: Damage) -> None:
    damage("UPDATE connections SET live = 1, mode = 'live' WHERE id = 3")
    with traded.read() as transaction:
        found, covered = quick_look(transaction, now_ms(), 10_000)
        assert found.is_whole
        assert {"candles", "orders"} <= covered
        assert [one.kind for one in found.findings] == ["live-on-disabled"]
        hasty, covered = quick_look(transaction, now_ms(), 0)
    assert not hasty.is_whole
    assert not covered


def test_what_a_quick_look_does_not_come_to_is_as_last_verified(
    traded: Database, damage: Damage
) -> None:
    damage(
        "UPDATE connections SET live = 1, mode = 'live' WHERE id = 3",
        "UPDATE candles SET high = low - 1 WHERE time_ms % 7 = 0",
    )
    found = VerifyPass(now_ms())
    found.run(traded)
    with traded.write() as transaction:
        results.put(transaction, found.result(now_ms()))
    damage("UPDATE connections SET live = 0", "UPDATE candles SET high = low + 1")
    with traded.read() as transaction:
        hasty = results.current(transaction, now_ms(), budget_ms=0)
        whole = results.current(transaction, now_ms(), budget_ms=10_000)
    assert {one.kind for one in hasty.findings} == {"live-on-disabled", "high-below-low"}
    assert whole.findings == ()
