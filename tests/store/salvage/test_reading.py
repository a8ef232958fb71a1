"""What a salvage reads of files damaged in one way each, and what it leaves where it is."""

import os
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from .conftest import Salvage
from .ruins import (
    PAGE,
    Rows,
    change,
    lost,
    overwrite,
    pages_of,
    resting_on,
    rows_by_page,
    rows_in,
    zero,
)

EMPTY = bytes(PAGE)


def test_a_sound_file_comes_out_as_it_was(salvage: Salvage, before: Rows) -> None:
    made = salvage()
    assert rows_in(made.file) == before
    assert (lost(made), made.deeds, made.remaining) == ({}, (), ())


@pytest.mark.parametrize("table", ["orders", "fills", "candles", "events"])
def test_a_leaf_that_is_gone_costs_its_own_rows_and_no_others(
    table: str, file: Path, before: Rows, salvage: Salvage
) -> None:
    page = pages_of(file, table)[-1]
    gone = {values for _, values in resting_on([page], rows_by_page(file))}
    assert gone
    zero(file, page)
    made = salvage()
    assert rows_in(made.file) == before | {table: before[table] - gone}
    assert set(lost(made)) == {table}


def test_how_many_are_lost_at_most_is_told_by_the_numbers_that_are_missing(
    file: Path, before: Rows, salvage: Salvage
) -> None:
    page = pages_of(file, "orders")[1]
    count = len(resting_on([page], rows_by_page(file)))
    zero(file, page)
    assert lost(salvage()) == {"orders": f"at most {count}"}


@pytest.mark.parametrize("table", ["orders", "fills", "signals"])
def test_leaves_are_found_without_the_page_that_leads_to_them(
    table: str, file: Path, before: Rows, salvage: Salvage
) -> None:
    (root,) = pages_of(file, table, "internal")
    zero(file, root)
    made = salvage()
    assert rows_in(made.file) == before


def test_of_a_table_without_row_ids_an_inner_page_takes_its_own_rows_only(
    file: Path, before: Rows, salvage: Salvage
) -> None:
    page = pages_of(file, "indications", "internal")[-1]
    gone = {values for _, values in resting_on([page], rows_by_page(file))}
    zero(file, page)
    made = salvage()
    assert rows_in(made.file)["indications"] == before["indications"] - gone
    assert lost(made) == {"indications": "unknown"}


@pytest.mark.parametrize(
    "content",
    [EMPTY, random.Random(5).randbytes(PAGE), b"\xff" * 100],
    ids=["zeros", "noise", "a spoilt header"],
)
def test_without_its_first_page_everything_else_is_found(
    content: bytes, file: Path, before: Rows, salvage: Salvage
) -> None:
    overwrite(file, 0, content)
    made = salvage()
    assert rows_in(made.file) == before
    assert "its header cannot be read" in made.salvage.damage


def test_without_the_catalog_tables_are_known_by_their_rows(
    file: Path, before: Rows, salvage: Salvage
) -> None:
    for page in pages_of(file, "sqlite_schema") or pages_of(file, "sqlite_master"):
        zero(file, page)
    made = salvage()
    found = rows_in(made.file)
    assert {row[0] for row in found.pop("settings")} == {b"kill_switch"}
    assert found == {name: rows for name, rows in before.items() if name != "settings"}
    assert made.salvage.schema == "0004"


def test_a_table_that_was_struck_from_the_catalog_is_found(
    file: Path, before: Rows, salvage: Salvage
) -> None:
    change(
        file, "PRAGMA writable_schema=ON", "DELETE FROM sqlite_master WHERE tbl_name = 'positions'"
    )
    assert rows_in(salvage().file) == before


def test_what_was_deleted_does_not_come_back(file: Path, salvage: Salvage) -> None:
    change(file, "PRAGMA secure_delete=OFF", "DELETE FROM candles", "DROP TABLE signals")
    zero(file, pages_of(file, "indications")[0])
    found = rows_in(salvage().file)
    assert (found["candles"], found["signals"]) == (set(), set())


def test_where_free_pages_cannot_be_told_what_may_be_deleted_is_set_aside(
    file: Path, before: Rows, salvage: Salvage
) -> None:
    (root,) = pages_of(file, "orders", "internal")
    zero(file, root)
    overwrite(file, 32, b"\x00\x00\x00\x03\x00\x00\x00\x09")  # a list that is none
    made = salvage()
    found = rows_in(made.file)
    assert found["orders"] == set()
    assert found["fills"] == before["fills"]
    assert len(found["quarantine"]) >= len(before["orders"])
    assert any("may have been deleted are set aside" in note for note in made.salvage.notes)


@pytest.mark.parametrize("rest", [0, 1, PAGE // 2])
def test_of_a_file_that_is_cut_off_the_rows_before_the_cut_are_found(
    rest: int, file: Path, before: Rows, salvage: Salvage
) -> None:
    whole = file.stat().st_size // PAGE
    kept = whole // 2
    by_page = rows_by_page(file)
    must = set().union(*by_page.values()) - resting_on(range(kept + 1, whole + 1), by_page)
    os.truncate(file, kept * PAGE + rest)
    made = salvage()
    found = {(table, row) for table, rows in rows_in(made.file).items() for row in rows}
    assert must <= found
    assert f"it ends early: {whole - kept - bool(rest)} of {whole} pages are gone" in (
        made.salvage.damage
    )


def test_the_log_beside_a_file_counts(
    file: Path, before: Rows, salvage: Salvage, tmp_path: Path
) -> None:
    live = tmp_path / "live.db"
    shutil.copy(file, live)
    with closing(sqlite3.connect(live)) as plain:
        plain.execute("PRAGMA journal_mode=WAL")
        plain.execute("PRAGMA wal_autocheckpoint=0")
        plain.execute("UPDATE orders SET reason = 'from the log'")
        plain.commit()
        for end in ("", "-wal"):
            shutil.copy(f"{live}{end}", f"{file}{end}")
    zero(file, pages_of(live, "orders")[0])
    made = salvage()
    with closing(sqlite3.connect(made.file)) as plain:
        reasons = plain.execute("SELECT DISTINCT reason FROM orders").fetchall()
    assert reasons == [("from the log",)]
    assert lost(made) == {}


def test_a_log_counts_up_to_where_it_was_changed(
    file: Path, before: Rows, salvage: Salvage
) -> None:
    with closing(sqlite3.connect(file)) as plain:
        plain.execute("PRAGMA journal_mode=WAL")
        plain.execute("PRAGMA wal_autocheckpoint=0")
        for word in ("first", "second"):
            plain.execute("UPDATE settings SET updated_at = ?", (word,))
            plain.execute(
                "INSERT INTO settings VALUES (?, 'true', '2026-03-01T00:00:00.000Z')", [word]
            )
            plain.commit()
        log = Path(f"{file}-wal")
        content = bytearray(log.read_bytes())
        kept = file.read_bytes()
    content[-1] ^= 1
    file.write_bytes(kept)
    log.write_bytes(content)
    made = salvage()
    keys = {row[0] for row in rows_in(made.file)["settings"]}
    assert b"first" in keys
    assert b"second" not in keys
    assert any("log beside it cannot be read" in note for note in made.salvage.notes)


def test_a_row_that_runs_over_several_pages_is_whole_or_lost(
    file: Path, before: Rows, salvage: Salvage
) -> None:
    long = "x" * 20_000
    change(
        file,
        "INSERT INTO events (id, time, who, kind, subject, message) "
        f"VALUES (900, '2026-03-01T00:00:00.000Z', 'cli', 'store', 's', '{long}')",
    )
    chain = pages_of(file, "events", "overflow")
    assert len(chain) > 3
    zero(file, chain[2])
    made = salvage()
    assert rows_in(made.file)["events"] == before["events"]
    assert set(lost(made)) == {"events"}
