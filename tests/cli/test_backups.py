"""`cts-tui backup`, `backups list|verify` and `restore`: what is made, put back, and refused."""

import gzip
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from cts_tui.desk.desk import Desk
from cts_tui.model.credentials import Credentials
from cts_tui.model.vault import KeySource
from cts_tui.paths import DataFolder
from cts_tui.store import scratch
from cts_tui.store.occupancy import Occupancy
from cts_tui.store.version import HEAD

from .conftest import Cts, execute

GIVEN = Credentials(api_key="a-key-of-mine", secret="a-secret-of-mine")

FIELDS = [
    "file", "path", "made_at", "reason", "schema", "rows", "size_bytes", "database_bytes",
    "sha256", "verified",
]  # fmt: skip


def rows(file: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(file)) as plain:
        return plain.execute(sql).fetchall()


def change(file: Path, sql: str) -> None:
    with closing(sqlite3.connect(file)) as plain:
        plain.execute(sql)
        plain.commit()


def sound(file: Path) -> bool:
    return rows(file, "PRAGMA integrity_check") == [("ok",)]


def contents(folder: Path) -> dict[str, bytes]:
    """Everything in a folder, SQLite's own shared memory left out."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "logs" not in path.parts
    }


@pytest.fixture
def untouched(folder: DataFolder) -> Iterator[None]:
    """The command changes no file in the data folder."""
    before = contents(folder.root)
    yield
    assert contents(folder.root) == before


@pytest.fixture
def backup(cts: Cts, folder: DataFolder) -> Path:
    """A backup of the data folder, in which a marker is stored; it is gone since."""
    change(folder.database, "INSERT INTO settings VALUES ('mark', '1', '2026-01-01T00:00:00.000Z')")
    made = Path(cts("backup", "--json").document["path"])
    change(folder.database, "DELETE FROM settings WHERE key = 'mark'")
    return made


def is_marked(folder: DataFolder) -> bool:
    return rows(folder.database, "SELECT value FROM settings WHERE key = 'mark'") == [("1",)]


# -- made and listed ------------------------------------------------------------------------------


def test_a_backup_is_made_listed_verified_and_told(cts: Cts, folder: DataFolder) -> None:
    assert cts("backups", "list", "--json").document == []
    assert "no backups yet" in cts("backups", "list").out
    made = cts("backup", "--json").document
    assert list(made) == [*FIELDS, "seconds"]
    assert (made["reason"], made["schema"], made["verified"]) == ("manual", HEAD, True)
    assert made["path"] == str(folder.backups / made["file"])
    assert made["size_bytes"] == Path(made["path"]).stat().st_size
    said = cts("backup").out
    assert said.startswith("backed up ")
    assert said.endswith(", verified\n")
    newest, oldest = cts("backups", "list", "--json").document
    assert oldest == {field: made[field] for field in FIELDS}
    assert newest["rows"] > oldest["rows"]  # the event of the first
    assert cts("backups", "verify", oldest["file"], "--json").document == oldest
    assert "is whole: schema" in cts("backups", "verify", made["path"]).out
    event = cts("events", "list", "--json").document[-2 - 3]
    assert (event["who"], event["kind"], event["subject"]) == ("cli", "store", "backup")
    table = cts("backups", "list").out.splitlines()
    assert " ".join(table[0].split()) == "FILE MADE AT REASON SCHEMA ROWS SIZE VERIFIED"


def test_a_backup_goes_anywhere_and_over_nothing(cts: Cts, tmp_path: Path) -> None:
    packed, plain = tmp_path / "a.db.gz", tmp_path / "b.db"
    assert cts("backup", "--to", packed).code == cts("backup", "--to", plain).code == 0
    assert sound(plain)
    assert gzip.decompress(packed.read_bytes())[:15] == b"SQLite format 3"
    assert "nothing is overwritten" in cts("backup", "--to", plain).refusal
    assert "there is no folder" in cts("backup", "--to", tmp_path / "no" / "c.db").refusal
    assert cts("backups", "list", "--json").document == []


def test_a_store_that_is_no_sqlite_file_is_refused_by_its_own_tools_name(
    cts: Cts, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CTS_DATABASE_URL", "sqlite://")
    assert "own tool, like pg_dump" in cts("restore", backup.name).refusal
    assert "own tool, like pg_dump" in cts("backup").refusal


# -- restored -------------------------------------------------------------------------------------


def test_a_backup_is_restored_by_name_and_the_replaced_database_is_kept(
    cts: Cts, folder: DataFolder, backup: Path
) -> None:
    before = rows(folder.database, "SELECT * FROM connections")
    change(folder.database, "UPDATE connections SET timeframe = '1h'")
    done = cts("restore", backup.name, "--json").document
    assert list(done) == [*FIELDS, "replaced", "notes"]
    assert (done["file"], done["verified"], done["notes"]) == (backup.name, True, [])
    assert is_marked(folder)
    assert rows(folder.database, "SELECT * FROM connections") == before
    replaced = Path(done["replaced"])
    assert replaced.parent == folder.backups
    assert sound(replaced)
    assert rows(replaced, "SELECT DISTINCT timeframe FROM connections") == [("1h",)]
    assert folder.database.stat().st_mode & 0o777 == 0o600
    event = cts("events", "list", "--json").document[0]
    assert (event["kind"], event["message"]) == ("store", f"restored from {backup.name}")
    listed = cts("backups", "list", "--json").document
    assert [row["reason"] for row in listed] == ["replaced", "manual"]
    assert cts("status", "--json").code == 0
    said = cts("restore", replaced.name).out
    assert "restored " in said
    assert not is_marked(folder)


def gunzipped(backup: Path, path: Path) -> Path:
    path.write_bytes(gzip.decompress(backup.read_bytes()))
    return path


def regzipped(backup: Path, path: Path) -> Path:
    path.write_bytes(gzip.compress(gzip.decompress(backup.read_bytes())))
    return path


@pytest.mark.parametrize("made", [gunzipped, regzipped, shutil.copy])
def test_a_path_is_restored_plain_or_packed_by_anyone(
    cts: Cts, folder: DataFolder, backup: Path, tmp_path: Path, made: Callable[[Path, Path], Path]
) -> None:
    source = made(backup, tmp_path / "any.thing")
    assert cts("restore", source).code == 0
    assert is_marked(folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["any.thing", "data"]


def test_a_live_database_of_elsewhere_comes_with_its_log(
    cts: Cts, folder: DataFolder, seeded: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere.db"
    shutil.copy(seeded, elsewhere)
    with closing(sqlite3.connect(elsewhere)) as plain:
        plain.execute("INSERT INTO settings VALUES ('mark', '1', '2026-01-01T00:00:00.000Z')")
        plain.commit()
        assert elsewhere.with_name("elsewhere.db-wal").exists()
        assert cts("restore", elsewhere).code == 0
    assert is_marked(folder)


def test_a_database_that_does_not_open_is_replaced_and_kept(
    cts: Cts, folder: DataFolder, backup: Path
) -> None:
    folder.database.write_bytes(b"gone" * 4_000)
    assert "is not a SQLite database" in cts("status").refusal
    replaced = Path(cts("restore", backup.name, "--json").document["replaced"])
    assert is_marked(folder)
    assert replaced.read_bytes() == b"gone" * 4_000
    assert cts("health", "--json").document["database"]["reachable"] is True


def test_no_database_no_folder_and_an_empty_file_are_restored_into(
    cts: Cts, folder: DataFolder, backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.database.unlink()
    assert cts("restore", backup.name, "--json").document["replaced"] is None
    assert is_marked(folder)
    folder.database.write_bytes(b"")
    assert cts("restore", backup.name).code == 0
    assert is_marked(folder)
    monkeypatch.setenv("CTS_DATA_DIR", str(tmp_path / "new" / "one"))
    assert cts("restore", backup).code == 0
    assert is_marked(DataFolder(tmp_path / "new" / "one"))


def test_a_database_behind_a_link_stays_behind_it(
    cts: Cts, folder: DataFolder, backup: Path, tmp_path: Path
) -> None:
    real = tmp_path / "disk" / "real.db"
    real.parent.mkdir()
    folder.database.rename(real)
    folder.database.symlink_to(real)
    assert cts("restore", backup.name).code == 0
    assert folder.database.is_symlink()
    assert is_marked(folder)
    assert [path.name for path in real.parent.iterdir()] == ["real.db"]


def test_an_older_schema_is_restored_and_migrated_at_the_next_opening(
    cts: Cts, folder: DataFolder, tmp_path: Path
) -> None:
    from tests.store.test_migrations import old_store

    old = tmp_path / "old.db"
    old_store(old, "0002")
    change(old, "INSERT INTO settings VALUES ('mark', '1', '2026-01-01T00:00:00.000Z')")
    done = cts("restore", old, "--json").document
    assert done["schema"] == "0002"
    assert cts("status").code == 0
    assert rows(folder.database, "SELECT version_num FROM alembic_version") == [(HEAD,)]
    assert is_marked(folder)
    reasons = {row["reason"] for row in cts("backups", "list", "--json").document}
    assert reasons == {"before-migration", "replaced"}


# -- what must not come back ----------------------------------------------------------------------


def test_s2_live_trading_and_requests_of_that_time_do_not_come_back(
    cts: Cts, folder: DataFolder, desk: Desk
) -> None:
    execute(
        desk,
        "UPDATE connections SET enabled = 1, mode = 'live', live = 1, "
        "flatten_requested_at = updated_at WHERE name = 'bybit'",
    )
    execute(desk, "UPDATE leases SET owner = 'somebody', expires_at = '2999-01-01T00:00:00.000Z'")
    desk.close()
    made = cts("backup", "--json").document["file"]
    done = cts("restore", made, "--json").document
    assert done["notes"] == [
        "live trading of bybit is off, arm it again",
        "1 requests to close, of that time, are withdrawn",
    ]
    state = rows(
        folder.database,
        "SELECT enabled, live, flatten_requested_at FROM connections WHERE name = 'bybit'",
    )
    assert state == [(1, 0, None)]
    assert rows(folder.database, "SELECT count(*) FROM leases WHERE owner IS NOT NULL") == [(0,)]
    assert "live trading of bybit is off" in cts("events", "list", "--json").document[0]["message"]


def test_s11_a_kill_switch_that_is_on_stays_on(cts: Cts, folder: DataFolder, backup: Path) -> None:
    cts("kill", "on")
    assert "the kill switch stays on" in cts("restore", backup.name).out
    assert cts("kill", "status", "--json").document == {"kill_switch": True}


# -- credentials ----------------------------------------------------------------------------------


def test_credentials_that_open_still_are_not_spoken_of(
    cts: Cts, desk: Desk, folder: DataFolder
) -> None:
    cts("secrets", "use", "file")
    desk.credentials.put("bybit", GIVEN)
    desk.close()
    made = cts("backup", "--json").document["file"]
    assert cts("restore", made, "--json").document["notes"] == []
    assert cts("secrets", "status", "--json").document["usable"] is True


def test_credentials_whose_key_was_rotated_since_are_told_at_once(
    cts: Cts, desk: Desk, folder: DataFolder
) -> None:
    cts("secrets", "use", "file")
    desk.credentials.put("bybit", GIVEN)
    desk.close()
    made = cts("backup", "--json").document["file"]
    assert cts("secrets", "rotate").code == 0
    (note,) = cts("restore", made, "--json").document["notes"]
    assert note.startswith("its credentials do not open with the key that there is now: ")
    assert "cts-tui secrets use SOURCE --forget" in note
    assert cts("secrets", "status", "--json").document["usable"] is False


def test_another_passphrase_of_that_time_is_told(
    cts: Cts, desk: Desk, folder: DataFolder, backup: Path
) -> None:
    desk.secrets.use(KeySource.PASSPHRASE, "the first of them")
    desk.credentials.put("bybit", GIVEN)
    made = cts("backup", "--json").document["file"]
    desk.secrets.rotate("the second of them")
    desk.close()
    (note,) = cts("restore", made, "--json").document["notes"]
    assert note == "its credentials open with the passphrase of that time"


# -- refused, and nothing changed -----------------------------------------------------------------


def flipped(content: bytes, place: float) -> bytes:
    changed = bytearray(content)
    changed[int(len(changed) * place)] ^= 0x10
    return bytes(changed)


def foreign() -> bytes:
    with closing(sqlite3.connect(":memory:")) as plain:
        plain.execute("CREATE TABLE t (x)")
        return plain.serialize()


DAMAGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda _: b"", "it is empty"),
    "text": (lambda _: b"my notes" * 99, "neither a gzip file nor a SQLite database"),
    "cut off": (lambda packed: packed[: len(packed) // 2], "it is cut off"),
    "cut off by one": (lambda packed: packed[:-1], "it is cut off"),
    "only the header": (lambda packed: packed[: packed.index(b"\0", 10) + 1], "it is cut off"),
    "flipped": (lambda packed: flipped(packed, 0.7), "it is damaged"),
    "flipped at the end": (lambda packed: flipped(packed, 0.9999), "it is damaged"),
    "flipped in what it says": (lambda packed: flipped(packed, 0.02), "was changed"),
    "flipped in its title": (lambda packed: flipped(packed, 12 / len(packed)), "does not say"),
    "packed anew under its name": (
        lambda packed: gzip.compress(gzip.decompress(packed)),
        "needs another name",
    ),
    "more behind it": (lambda packed: packed + b"x", "something stands behind its end"),
    "gzip of text": (lambda _: gzip.compress(b"my notes" * 99, mtime=0), "does not say"),
    "gzip of nothing": (lambda _: gzip.compress(b"", mtime=0), "does not say"),
    "gzip within gzip": (gzip.compress, "does not say"),
    "foreign": (lambda _: foreign(), "none of cts-tui"),
    "foreign, packed": (lambda _: gzip.compress(foreign()), "does not say"),
    "plain, cut off": (lambda packed: gzip.decompress(packed)[:90_000], "cannot be read"),
    "plain, a page overwritten": (
        lambda packed: (plain := gzip.decompress(packed))[:8192] + b"\xff" * 4096 + plain[12288:],
        "",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_backup_that_is_not_whole_is_one_line_and_changes_nothing(
    cts: Cts, folder: DataFolder, backup: Path, name: str
) -> None:
    damage, said = DAMAGES[name]
    backup.write_bytes(damage(backup.read_bytes()))
    before = contents(folder.root)
    for command in (("restore",), ("backups", "verify")):
        refusal = cts(*command, backup.name).refusal
        assert f"{backup} is no backup that can be used: " in refusal
        assert said in refusal
        assert refusal.endswith("; nothing was changed")
    assert contents(folder.root) == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"my notes" * 99, "cannot be read"),
        (b"", "none of cts-tui"),
        (gzip.compress(b"my notes", mtime=0), "cannot be read"),
        (foreign(), "none of cts-tui"),
    ],
)
def test_what_others_have_packed_is_looked_into(
    cts: Cts, folder: DataFolder, tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "other.gz"
    file.write_bytes(gzip.compress(content, mtime=0))
    before = contents(folder.root)
    assert said in cts("restore", file).refusal
    assert contents(folder.root) == before


def test_a_newer_schema_and_missing_columns_are_refused(
    cts: Cts, folder: DataFolder, backup: Path, tmp_path: Path
) -> None:
    newer, lacking = tmp_path / "newer.db", tmp_path / "lacking.db"
    for file in (newer, lacking):
        gunzipped(backup, file)
    change(newer, "UPDATE alembic_version SET version_num = '9999'")
    change(lacking, "ALTER TABLE connections DROP COLUMN symbols_filter")
    before = contents(folder.root)
    assert "written by a newer cts-tui (schema 9999" in cts("restore", newer).refusal
    assert "lacks connections.symbols_filter" in cts("restore", lacking).refusal
    assert contents(folder.root) == before


def test_a_full_disk_is_not_said_to_be_the_backups_fault(
    cts: Cts, folder: DataFolder, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(folder.root)
    monkeypatch.setattr(scratch, "RESERVE_BYTES", 1 << 60)
    refusal = cts("restore", backup.name).refusal
    assert f"{backup} cannot be unpacked: the disk has too little room" in refusal
    assert refusal.count("nothing was changed") == 1
    assert contents(folder.root) == before


@pytest.mark.usefixtures("untouched")
def test_what_is_not_there_is_refused(cts: Cts, folder: DataFolder) -> None:
    for name in ("nothing.db", "/no/where.db.gz", str(folder.backups), ".."):
        assert f"there is no backup {name}: " in cts("restore", name).refusal
    assert "is the present database itself" in cts("restore", folder.database).refusal


def test_an_open_desk_keeps_a_restore_off(cts: Cts, desk: Desk, backup: Path) -> None:
    assert "another cts-tui is open on" in cts("restore", backup.name).refusal
    desk.close()
    assert cts("restore", backup.name).code == 0


@pytest.mark.parametrize("begin", ["BEGIN", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_another_program_that_has_the_database_open_keeps_a_restore_off(
    cts: Cts, folder: DataFolder, backup: Path, begin: str
) -> None:
    with closing(sqlite3.connect(folder.database, isolation_level=None)) as plain:
        plain.execute(begin)
        plain.execute("SELECT * FROM settings").fetchone()
        assert "is locked by another program" in cts("restore", backup.name).refusal
        plain.execute("ROLLBACK")
        assert [path.name for path in folder.backups.iterdir()] == [backup.name]
        refusal = cts("restore", backup.name).refusal  # idle, and still there
        assert "is locked by another program" in refusal
    assert not is_marked(folder)
    assert cts("restore", backup.name).code == 0


@contextmanager
def running(folder: DataFolder) -> "Iterator[subprocess.Popen[str]]":
    """Run an engine of another process; it is gone at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cts_tui", "run"],
        env={**os.environ, "CTS_DATA_DIR": str(folder.root)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        while "connections" not in process.stdout.readline():
            assert process.poll() is None
        yield process
    finally:
        process.terminate()
        process.communicate()


def test_a_running_engine_is_backed_up_and_keeps_a_restore_off(
    cts: Cts, folder: DataFolder, backup: Path
) -> None:
    change(folder.database, "UPDATE connections SET enabled = 0")
    with running(folder) as process:
        refusal = cts("restore", backup.name).refusal
        assert f"an engine runs on this data folder (process {process.pid}): stop it" in refusal
        made = cts("backup", "--json").document
        assert made["verified"]
    assert cts("restore", made["file"], "--json").document["notes"] == []
    assert rows(folder.database, "SELECT * FROM engine_programs") == []


def test_a_desk_waits_for_a_restore_and_then_says_so(
    cts: Cts, folder: DataFolder, backup: Path
) -> None:
    occupancy = Occupancy.alone(folder.root)
    assert "is being replaced by a backup" in cts("status").refusal
    occupancy.close()
    assert cts("status").code == 0
