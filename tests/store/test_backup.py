"""A backup is a whole, verified copy of one moment; one that fails leaves nothing behind."""

import gzip
import hashlib
import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cts_tui.errors import ConfigError, StoreError
from cts_tui.store import scratch
from cts_tui.store.backup import make_backup, make_backup_at
from cts_tui.store.backup_file import looks_whole, read_manifest, unpack
from cts_tui.store.database import Database
from cts_tui.store.version import HEAD

NOW = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def fill(file: Path, events: int = 2_000) -> None:
    """Give a store some rows."""
    with closing(sqlite3.connect(file)) as plain:
        plain.executemany(
            "INSERT INTO events (time, who, kind, subject, message) VALUES (?, 'a', 'b', 'c', ?)",
            [("2026-03-01T12:00:00Z", f"row {number} {'x' * 200}") for number in range(events)],
        )
        plain.commit()


def unpacked(backup: Path, tmp_path: Path) -> Path:
    file = tmp_path / "unpacked.db"
    file.write_bytes(gzip.decompress(backup.read_bytes()))
    return file


def count(file: Path, table: str = "events") -> int:
    with closing(sqlite3.connect(file)) as plain:
        return int(plain.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_a_backup_holds_every_row_and_says_so(
    database: Database, folder: Path, tmp_path: Path
) -> None:
    assert database.file is not None
    fill(database.file)
    backup = make_backup(database, folder, reason="manual", now=NOW)
    assert backup.file == folder / "cts-20260301T123015Z-manual.db.gz"
    assert [path.name for path in folder.iterdir()] == [backup.file.name]
    assert (backup.file.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    assert (backup.schema, backup.tables["events"], backup.is_verified) == (HEAD, 2_000, True)
    file = unpacked(backup.file, tmp_path)
    assert backup.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (backup.database_bytes, count(file)) == (file.stat().st_size, 2_000)
    assert backup.size_bytes == backup.file.stat().st_size < file.stat().st_size
    manifest = read_manifest(backup.file)
    assert manifest is not None
    assert (manifest.sha256, manifest.tables) == (backup.sha256, backup.tables)
    assert looks_whole(backup.file, manifest)


def test_no_bit_of_a_backup_can_be_flipped_unnoticed(
    database: Database, folder: Path, tmp_path: Path
) -> None:
    """Also in a run of zeros, where another distance to copy from unpacks to the same bytes."""
    backup = make_backup(database, folder, reason="manual", now=NOW)
    content = backup.file.read_bytes()
    for place in range(0, len(content), 11):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        backup.file.write_bytes(changed)
        try:
            unpack(backup.file, tmp_path / f"{place}.db", lambda: None)
        except StoreError:
            continue
        assert read_manifest(backup.file) is None, place  # it no longer says that it is ours
        assert (tmp_path / f"{place}.db").read_bytes() == gzip.decompress(content)


def test_backups_of_one_second_do_not_replace_each_other(database: Database, folder: Path) -> None:
    names = [make_backup(database, folder, reason="manual", now=NOW).file.name for _ in range(3)]
    assert len(set(names)) == len(list(folder.iterdir())) == 3


@contextmanager
def hammered(file: Path) -> Iterator[list[int]]:
    """While this is open, rows are added two by two as fast as it goes; yields how many pairs."""
    is_over, pairs = threading.Event(), [0]

    def write() -> None:
        with closing(sqlite3.connect(file, timeout=5, isolation_level=None)) as plain:
            while not is_over.is_set():
                plain.execute("BEGIN IMMEDIATE")
                for _ in range(2):
                    plain.execute(
                        "INSERT INTO events (time, who, kind, subject, message) "
                        "VALUES ('2026-03-01T12:00:00Z', 'w', 'k', 's', 'm')"
                    )
                plain.execute("COMMIT")
                pairs[0] += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield pairs
    finally:
        is_over.set()
        writer.join()


def test_one_moment_is_copied_while_a_writer_never_waits(
    database: Database, folder: Path, tmp_path: Path
) -> None:
    assert database.file is not None
    fill(database.file, 20_000)
    with hammered(database.file) as pairs:
        while pairs[0] < 10:
            pass
        before = pairs[0]
        backup = make_backup(database, folder, reason="scheduled", now=NOW)
        during = pairs[0] - before
    assert during > 10
    assert backup.tables["events"] % 2 == 0
    assert count(unpacked(backup.file, tmp_path)) == backup.tables["events"]


def test_a_damaged_database_is_not_backed_up(database: Database, folder: Path) -> None:
    assert database.file is not None
    fill(database.file)
    with closing(sqlite3.connect(database.file)) as plain:
        plain.execute("PRAGMA journal_mode=DELETE")
        (page,) = plain.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'ix_events_time'"
        ).fetchone()
    content = bytearray(database.file.read_bytes())
    content[(page - 1) * 4096 + 8 : (page - 1) * 4096 + 64] = b"\xff" * 56
    database.file.write_bytes(content)
    with pytest.raises(StoreError, match=r"no backup was made: .*damaged"):
        make_backup(database, folder, reason="manual", now=NOW)
    assert list(folder.iterdir()) == []


def test_a_value_that_cannot_be_does_not_keep_the_backup_before_its_repair(
    database: Database, folder: Path
) -> None:
    assert database.file is not None
    fill(database.file, 3)
    with closing(sqlite3.connect(database.file)) as plain:
        plain.execute("PRAGMA writable_schema=ON")
        plain.execute(
            "UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', '') WHERE name = 'events'"
        )
        plain.commit()
    with closing(sqlite3.connect(database.file)) as plain:
        plain.execute("UPDATE events SET who = NULL WHERE id = 2")
        plain.execute("PRAGMA writable_schema=ON")
        plain.execute(
            "UPDATE sqlite_master SET sql = replace(sql, 'who VARCHAR', 'who VARCHAR NOT NULL') "
            "WHERE name = 'events'"
        )
        plain.commit()
    with closing(sqlite3.connect(database.file)) as plain:
        assert "NULL value in" in plain.execute("PRAGMA integrity_check").fetchone()[0]
    assert make_backup(database, folder, reason="before-repair", now=NOW).tables["events"] == 3


def test_too_little_room_refuses_before_anything_is_written(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "RESERVE_BYTES", 1 << 60)
    with pytest.raises(StoreError, match=r"too little room.*nothing was changed"):
        make_backup(database, folder, reason="manual", now=NOW)
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_a_file_is_one_line(database: Database, folder: Path) -> None:
    folder.write_text("mine")
    with pytest.raises(StoreError, match=r"no backup was made: .*backups: File exists"):
        make_backup(database, folder, reason="manual", now=NOW)
    assert folder.read_text() == "mine"


@pytest.mark.parametrize("limit", [100_000, 400_000])
def test_a_disk_that_is_full_half_way_leaves_nothing(
    database: Database, folder: Path, limit: int
) -> None:
    assert database.file is not None
    fill(database.file)
    program = (
        "import resource, sys; from pathlib import Path; from datetime import datetime, UTC\n"
        "from cts_tui.store.database import Database\n"
        "from cts_tui.store.backup import make_backup\n"
        "from cts_tui.errors import StoreError\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "try: make_backup(Database.at(Path(sys.argv[1])), Path(sys.argv[2]), reason='manual', "
        "now=datetime.now(UTC))\n"
        "except StoreError as error: print(error)"
    )
    command = [sys.executable, "-c", program, str(database.file), str(folder)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert said.startswith("no backup was made: ")
    assert said.count("\n") == 1
    assert list(folder.iterdir()) == []
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_program_that_ends_gives_the_backup_up(database: Database, folder: Path) -> None:
    with pytest.raises(scratch.Stopped):
        make_backup(database, folder, reason="manual", now=NOW, should_stop=lambda: True)
    assert list(folder.iterdir()) == []


def test_another_database_has_a_tool_of_its_own(folder: Path) -> None:
    database = Database("sqlite://")
    with pytest.raises(ConfigError, match="own tool, like pg_dump"):
        make_backup(database, folder, reason="manual", now=NOW)
    assert not folder.exists()


def test_a_backup_elsewhere_is_packed_or_plain_by_its_name_and_overwrites_nothing(
    database: Database, tmp_path: Path
) -> None:
    packed = make_backup_at(database, tmp_path / "mine.db.gz", reason="manual", now=NOW)
    plain = make_backup_at(database, tmp_path / "mine.db", reason="manual", now=NOW)
    assert gzip.decompress(packed.file.read_bytes()) == plain.file.read_bytes()
    assert plain.file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigError, match="nothing is overwritten"):
        make_backup_at(database, packed.file, reason="manual", now=NOW)
    with pytest.raises(ConfigError, match="there is no folder"):
        make_backup_at(database, tmp_path / "no" / "x.db", reason="manual", now=NOW)
    assert not list(tmp_path.glob(".unfinished-*"))


def test_what_a_killed_backup_left_is_removed_and_what_another_makes_is_not(
    database: Database, folder: Path
) -> None:
    left = folder / ".unfinished-0badcafe"
    left.mkdir(parents=True)
    (left / "copy.db").write_bytes(b"half")
    with scratch.scratch_folder(folder) as mine:
        (mine / "copy.db").write_bytes(b"going on")
        backup = make_backup(database, folder, reason="manual", now=NOW)
        assert sorted(folder.iterdir()) == sorted([mine, backup.file])
    assert list(folder.iterdir()) == [backup.file]
