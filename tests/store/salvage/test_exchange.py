"""A salvaged store in the place of the damaged file, killed at every step; and back again."""

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cts_tui.errors import StoreError
from cts_tui.store.salvage.exchange import (
    held_alone,
    is_marked,
    name_for,
    put_damaged_back,
    replace_damaged,
    settle_exchange,
)
from cts_tui.store.salvage.looking import faults_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RUIN = {"": b"ruin" * 2_000, "-wal": b"its log" * 99, "-shm": b"its index" * 9}


class Scene:
    """A folder with a damaged file, and a sound one that is to take its place."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.database = root / "cts.db"
        self.backups = root / "backups"
        self.new = root / "new.db"
        self.kept = self.backups / "damaged-20260301T120000Z.db"

    def lay_out(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir()
        self.backups.mkdir()
        for end, content in RUIN.items():
            Path(f"{self.database}{end}").write_bytes(content)
        with closing(sqlite3.connect(self.new)) as plain:
            plain.execute("CREATE TABLE sound (a)")

    def replace(self) -> None:
        replace_damaged(self.new, self.database, name_for(self.backups, NOW))

    def put_back(self) -> None:
        put_damaged_back(self.kept, self.database, NOW)

    def lay_out_replaced(self) -> None:
        self.lay_out()
        self.replace()

    def check(self, is_done: bool) -> None:
        settle_exchange(self.database, self.backups)
        assert not is_marked(self.database)
        if self.is_ruin():
            assert not list(self.backups.glob("damaged-*")), "it is in its place only"
            assert not is_done
        else:
            assert self.is_sound()

    def check_back(self, is_done: bool) -> None:
        settle_exchange(self.database, self.backups)
        assert not is_marked(self.database)
        assert self.is_ruin() or (self.is_sound() and not is_done)

    def is_ruin(self) -> bool:
        """Whether the damaged file is in its place with all that lay beside it."""
        found = {path.name[6:]: path.read_bytes() for path in self.root.glob("cts.db*")}
        return found == RUIN

    def is_sound(self) -> bool:
        """Whether the new file is in place, and the damaged one kept whole."""
        kept = {path.name[len(self.kept.name) :]: path for path in self.backups.glob("damaged-*")}
        assert {end: path.read_bytes() for end, path in kept.items()} == RUIN
        assert {path.stat().st_mode & 0o777 for path in kept.values()} == {0o600}
        assert not list(self.root.glob("cts.db-*"))
        with closing(sqlite3.connect(self.database)) as plain:
            return plain.execute("SELECT name FROM sqlite_master").fetchall() == [("sound",)]


def test_killed_at_every_step_it_leaves_the_one_or_the_other_whole(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.store.salvage.test_exchange", str(tmp_path / "d")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert all(int(steps) >= 8 for steps in done.stdout.split())


def test_a_folder_on_another_disk_gets_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "another disk")

    monkeypatch.setattr(os, "link", refuse)
    scene = Scene(tmp_path / "d")
    scene.lay_out()
    scene.replace()
    assert scene.is_sound()
    scene.put_back()
    assert scene.is_ruin()


def test_a_file_that_another_program_has_open_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "cts.db"
    with closing(sqlite3.connect(file)) as plain:
        plain.execute("PRAGMA journal_mode=WAL")
        plain.execute("CREATE TABLE a (b)")
    holder = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
        "c.execute('SELECT * FROM a').fetchall(); print('open', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", holder, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        with pytest.raises(StoreError, match="open in another program"), held_alone(file):
            pass
        process.communicate()
    with held_alone(file) as descriptor:
        fcntl.lockf(descriptor, fcntl.LOCK_SH)


def test_looking_at_a_file_changes_nothing_of_it_nor_beside_it(
    tmp_path: Path, traded_file: Path
) -> None:
    file = tmp_path / "cts.db"
    shutil.copy(traded_file, file)
    with closing(sqlite3.connect(file)) as plain:
        plain.execute("PRAGMA journal_mode=WAL")
        plain.execute("UPDATE settings SET value = '1'")
        plain.execute("CREATE TABLE other (a)")
        plain.commit()
        content = {end: Path(f"{file}{end}").read_bytes() for end in ("", "-wal", "-shm")}
    for end, each in content.items():
        Path(f"{file}{end}").write_bytes(each)
    assert faults_of(file) == []
    assert {path.name[6:]: path.read_bytes() for path in tmp_path.iterdir()} == content


def main(root: Path) -> None:
    """Print at how many steps each way was killed."""
    from tests.faults.killed_steps import killed_at_every_step

    scene = Scene(root)
    for parts in (
        (scene.lay_out, scene.replace, scene.check),
        (scene.lay_out_replaced, scene.put_back, scene.check_back),
    ):
        sys.stdout.write(f"{killed_at_every_step(*parts)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
