"""Every kind of damage: `health`, `repair --dry-run`, `repair` and `--undo` do what they say."""

import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cts_tui.desk.desk import Desk
from cts_tui.model.trading import Actor
from cts_tui.paths import DataFolder
from cts_tui.store.backup import make_backup
from cts_tui.store.database import Database
from tests.store.salvage.ruins import PAGE, change, overwrite, pages_of, rows_in
from tests.store.traded import make_traded_store

from .conftest import Cts, dump

Ruin = Callable[[Path], None]
Document = dict[str, Any]
TRADING = ("orders", "fills", "positions")


@pytest.fixture(scope="module")
def traded_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose desk has traded, to be copied."""
    root = tmp_path_factory.mktemp("traded")
    folder = DataFolder(root / "data")
    make_traded_store(folder, root)
    return folder.root


@pytest.fixture
def folder(tmp_path: Path, traded_root: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "data")
    shutil.copytree(traded_root, folder.root)
    return folder


def flip_leaf(file: Path) -> None:
    """Flip bytes of a page until SQLite calls the file damaged."""
    at = (pages_of(file, "fills")[1] - 1) * PAGE
    overwrite(file, at + 8, random.Random(7).randbytes(60))


def zero_inner(file: Path) -> None:
    overwrite(file, (pages_of(file, "orders", "internal")[0] - 1) * PAGE, bytes(PAGE))


def ruin_header(file: Path) -> None:
    overwrite(file, 0, b"no database any more")


def ruin_catalog(file: Path) -> None:
    pages = pages_of(file, "sqlite_schema") or pages_of(file, "sqlite_master")
    for page in pages[1:3]:
        overwrite(file, (page - 1) * PAGE, bytes(PAGE))


def cut_off(file: Path) -> None:
    os.truncate(file, file.stat().st_size * 2 // 3 + 100)


def strike_table(file: Path) -> None:
    change(file, "PRAGMA writable_schema=ON", "DELETE FROM sqlite_master WHERE tbl_name = 'orders'")


def break_free_list(file: Path) -> None:
    change(file, "PRAGMA secure_delete=OFF", "DELETE FROM candles WHERE time_ms % 7 = 0")
    overwrite(file, 32, b"\x00\x00\x00\x05\x00\x00\x00\x09")


def leave_log_alone(file: Path) -> None:
    """Take the newest rows away: they were in the log, which somebody has deleted."""
    with closing(sqlite3.connect(file)) as plain:
        plain.execute("PRAGMA wal_autocheckpoint=0")
        plain.execute("UPDATE orders SET reason = 'lost with the log'")
        plain.commit()
        content = file.read_bytes()
    file.write_bytes(content)
    overwrite(file, (pages_of(file, "events")[0] - 1) * PAGE, bytes(PAGE))
    for end in ("-wal", "-shm"):
        Path(f"{file}{end}").unlink(missing_ok=True)


def garble_catalog(file: Path) -> None:
    """Have SQLite quote in its complaint what is no UTF-8."""
    content = file.read_bytes()
    overwrite(file, content.index(b"CREATE TABLE fills"), b"\xfe\xf0\xe4")


def break_index(file: Path) -> None:
    """Change an entry of an index, and a row that then cannot be deleted."""
    change(file, "UPDATE fills SET fee_currency = x'ff' WHERE id = 3")
    with closing(sqlite3.connect(file)) as plain:
        (name,) = plain.execute("SELECT venue_trade_id FROM fills WHERE id = 3").fetchone()
    for page in pages_of(file, "sqlite_autoindex_fills_1"):
        begin = (page - 1) * PAGE
        at = file.read_bytes()[begin : begin + PAGE].find(name.encode())
        if at >= 0:
            overwrite(file, begin + at, b"X")


SALVAGED: dict[str, Ruin] = {
    "flipped bytes in a leaf": flip_leaf,
    "an inner page zeroed": zero_inner,
    "flipped bytes in the header": ruin_header,
    "the catalog overwritten": ruin_catalog,
    "the catalog garbled": garble_catalog,
    "an index and a row": break_index,
    "truncated": cut_off,
    "a table struck from the catalog": strike_table,
    "the list of free pages broken": break_free_list,
    "deleted log, damaged page": leave_log_alone,
}
"""What SQLite calls damaged."""


def readable(file: Path) -> set[tuple[str, Any]]:
    """Return every row of the trading tables that plain SQLite still gives, one by one."""
    found: set[tuple[str, Any]] = set()
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)) as plain:
            plain.text_factory = bytes
            for table in TRADING:
                for rowid in range(1, 400):
                    try:
                        query = f"SELECT * FROM {table} NOT INDEXED WHERE rowid = {rowid}"
                        found |= {(table, row) for row in plain.execute(query)}
                    except sqlite3.DatabaseError:
                        continue
    except sqlite3.DatabaseError:
        pass
    return found


def contents(folder: DataFolder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.root.glob("cts.db*")}


RARE = ("an inner page zeroed", "the catalog overwritten", "the catalog garbled")
"""Of which tests/store/salvage has the short form."""


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[pytest.mark.soak] * (kind in RARE)) for kind in SALVAGED]
)
def test_what_can_be_read_of_a_damaged_file_is_recovered_and_undo_puts_all_back(
    kind: str, cts: Cts, folder: DataFolder
) -> None:
    whole = rows_in(folder.database)
    SALVAGED[kind](folder.database)
    before, can_be_read = contents(folder), readable(folder.database)

    health = cts("health", "--json")
    assert health.code in (1, 2)
    planned = cts("repair", "--dry-run", "--trading", "--json").document
    assert planned["salvage"]["kept"] is None
    assert contents(folder) == before or kind.startswith("deleted")
    before = contents(folder)

    report = cts("repair", "--trading", "--json").document
    assert report["salvage"]["tables"] == planned["salvage"]["tables"]
    kept = Path(report["salvage"]["kept"])
    assert kept.read_bytes() == before["cts.db"]
    after = rows_in(folder.database)
    found = {(table, row) for table in TRADING for row in after[table]}
    aside = len(after["quarantine"])
    assert len(can_be_read - found) <= aside, "nothing that was readable is lost"
    for table in TRADING:
        said = next(one for one in report["salvage"]["tables"] if one["table"] == table)
        missing = len(whole[table]) - said["recovered"] - said["set_aside"]
        assert said["lost"] in (None, missing)
        assert said["lost_at_most"] is None or said["lost_at_most"] >= missing
    assert cts("status").code == 0
    told = [event["message"] for event in cts("events", "list", "--json").document]
    assert any(kept.name in line for line in told)

    assert cts("repair", "--undo").code == 0
    assert contents(folder) == before
    assert not kept.exists()


def test_the_plan_says_in_words_what_can_be_read_and_what_a_backup_has_more(
    cts: Cts, folder: DataFolder
) -> None:
    database = Database.at(folder.database)
    desk = Desk.open(folder, Actor.CLI)
    backup = make_backup(database, folder.backups, reason="manual", now=desk._room.now())
    desk.close()
    database.close()
    flip_leaf(folder.database)
    said = cts("repair", "--dry-run").out
    assert "the database file is damaged:" in said
    assert f"has more of fills ({backup.tables['fills']}, here" in said
    assert f"cts-tui restore {backup.file.name}" in said
    assert "nothing was changed" in said
    assert "the damaged file is kept:" in cts("repair").out


def test_every_command_names_the_repair_in_one_line(cts: Cts, folder: DataFolder) -> None:
    ruin_header(folder.database)
    for command in ("status", "positions list", "run --for 1", "backup", "verify"):
        assert "cts-tui repair --dry-run" in cts(*command.split()).refusal, command
    health = cts("health")
    assert (health.code, health.err.count("\n")) == (2, 1)
    assert "cts-tui repair --dry-run" in health.err


def test_what_sqlite_cannot_say_in_utf_8_is_said_and_a_backup_can_be_put_back(
    cts: Cts, folder: DataFolder
) -> None:
    made = cts("backup", "--json").document["file"]
    garble_catalog(folder.database)
    for command in ("status", "positions list", "backup", "verify"):
        assert "is damaged; cts-tui repair --dry-run" in cts(*command.split()).refusal, command
    assert cts("health").code == 2
    assert cts("restore", made).code == 0
    assert cts("status").code == 0


def test_where_nothing_can_be_read_it_is_refused_and_left(cts: Cts, folder: DataFolder) -> None:
    content = random.Random(1).randbytes(70_000)
    folder.database.write_bytes(content)
    for arguments in ((), ("--dry-run",), ("--trading",)):
        assert "cts-tui restore FILE" in cts("repair", *arguments).refusal
    assert folder.database.read_bytes() == content


def test_the_last_damaged_files_are_kept(cts: Cts, folder: DataFolder) -> None:
    for number in range(5):
        name = f"damaged-2026030{number + 1}T120000Z.db"
        (folder.backups / name).write_bytes(b"an older one")
    ruin_header(folder.database)
    cts("repair")
    assert len(list(folder.backups.glob("damaged-*.db"))) == 3
    reasons = [one["reason"] for one in cts("backups", "list", "--json").document]
    assert reasons == ["damaged"] * 3


ORDINARY = {
    "orphan": "DELETE FROM connections WHERE id = 13",
    "bad-value": "UPDATE candles SET close = 'NaN' WHERE time_ms = 1743699900000",
    "live-on-disabled": "UPDATE connections SET live = 1 WHERE name = 'binance'",
    "closed-without-exit": "UPDATE positions SET exit_price = NULL WHERE id = 1",
    "missing-table": "DROP TABLE alerts",
}
"""What is wrong in a file that SQLite calls sound."""


@pytest.mark.parametrize("kind", ORDINARY)
def test_what_is_wrong_in_a_sound_file_is_told_mended_and_undone(
    kind: str, cts: Cts, folder: DataFolder
) -> None:
    change(folder.database, "PRAGMA foreign_keys=OFF", ORDINARY[kind])
    before = dump(folder.database)
    assert kind in {one["kind"] for one in cts("verify", "--json").document["findings"]}
    assert cts("health").code in (1, 2)
    before = dump(folder.database)
    planned = cts("repair", "--dry-run", "--trading", "--json").document
    assert planned["salvage"] is None
    assert kind in {one["kind"] for one in (*planned["repairs"], *planned["remaining"])}
    assert dump(folder.database) == before

    report = cts("repair", "--trading", "--json").document
    assert report["repairs"] == planned["repairs"]
    rows = {line for line in before if line.startswith("INSERT")}
    assert cts("repair", "--undo").code == 0
    restored = {line for line in dump(folder.database) if line.startswith("INSERT")}
    changed = {line for line in rows - restored if "connections" not in line}
    assert not changed, "but for live trading, which a restore leaves off"
