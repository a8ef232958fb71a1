"""Killed at every step: `python -m tests.faults.killed_steps backup|restore|raw|lay-out FOLDER`.

Work is begun again and again in a child that kills itself, the first time before its first change
of a file, then before its second, until one comes to its end. What each leaves is checked.
`lay-out` makes a larger folder for whoever kills by the clock.
"""

import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cts_tui.desk.backups import backups_in
from cts_tui.desk.restoring import restore_backup
from cts_tui.model.trading import Actor
from cts_tui.paths import DataFolder
from cts_tui.store.backup import make_backup
from cts_tui.store.database import Database
from cts_tui.store.schema import open_store

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
_CHANGES: Final = frozenset(
    ("os.link", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.chmod", "sqlite3.connect")
)
_FORWARDED: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_MOST_STEPS: Final = 500


def killed_at_every_step(
    prepare: Callable[[], None], work: Callable[[], None], check: Callable[[bool], None]
) -> int:
    """Return at how many steps `work` was killed; `check` is told whether it came to its end."""
    for step in range(1, _MOST_STEPS):
        prepare()
        child = os.fork()
        if child == 0:
            _kill_at(step)
            work()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        is_done = not os.WIFSIGNALED(status)
        if is_done and os.waitstatus_to_exitcode(status):
            raise AssertionError(f"step {step}: it failed by itself")
        check(is_done)
        if is_done:
            return step - 1
    raise AssertionError("it never came to its end")


def _kill_at(step: int) -> None:
    """Kill this process at its so-manieth change of a file."""
    left = [step]

    def on_event(event: str, arguments: tuple[Any, ...]) -> None:
        is_opened = event == "open" and isinstance(arguments[2], int)
        if event in _CHANGES or (is_opened and arguments[2] & _FORWARDED):
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(on_event)


def store_with_a_log(file: Path, kind: str, rows: int) -> None:
    """Make a store whose last rows are in its write-ahead log alone, as a killed program leaves."""
    child = os.fork()
    if child == 0:
        database = Database.at(file)
        open_store(database)
        plain = sqlite3.connect(file, isolation_level=None)
        plain.execute("PRAGMA wal_autocheckpoint=0")
        plain.execute("BEGIN")
        plain.executemany(
            "INSERT INTO events (time, who, kind, subject, message) "
            "VALUES ('2026-03-01T12:00:00.000Z', 'w', ?, 's', 'm')",
            [(kind,)] * rows,
        )
        plain.execute("COMMIT")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert file.with_name(file.name + "-wal").stat().st_size > 0


def rows_of(file: Path) -> dict[str, int]:
    """Return the events by kind in a database that must be whole."""
    with closing(sqlite3.connect(file)) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return dict(
            plain.execute(
                "SELECT kind, count(*) FROM events WHERE kind IN ('old', 'new') GROUP BY kind"
            ).fetchall()
        )


class _Scene:
    """A data folder that is laid out anew before each attempt."""

    def __init__(self, root: Path, old: int = 7, new: int = 5) -> None:
        self.template = root / "template"
        self.folder = DataFolder(root / "data")
        self.template.mkdir(parents=True)
        store_with_a_log(self.template / "cts.db", "old", old)
        store_with_a_log(root / "other.db", "new", new)
        other = Database.at(root / "other.db")
        made = make_backup(other, self.template / "backups", reason="manual", now=NOW)
        other.close()
        self.backup = made.file.name

    def lay_out(self) -> None:
        shutil.rmtree(self.folder.root, ignore_errors=True)
        shutil.copytree(self.template, self.folder.root)

    def ruin(self) -> None:
        """Lay out a database that SQLite cannot open."""
        self.lay_out()
        self.folder.database.write_bytes(b"no database at all" * 300)

    def restore(self) -> None:
        restore_backup(self.folder, self.backup, Actor.CLI)

    def check_restored(self, is_done: bool) -> None:
        found = rows_of(self.folder.database)
        assert found == {"new": 5} or (found == {"old": 7} and not is_done), found
        self.restore()
        assert rows_of(self.folder.database) == {"new": 5}
        self.check_tidy()

    def check_replaced(self, is_done: bool) -> None:
        """The ruin is there, or the new database; once it is replaced, nothing of it is lost."""
        if self.folder.database.read_bytes().startswith(b"no database"):
            assert not is_done
        else:
            assert rows_of(self.folder.database) == {"new": 5}
        self.restore()
        kept = [path for path in self.folder.backups.glob("replaced-*.db*") if path.is_file()]
        contents = [path.read_bytes() for path in kept]
        assert (b"no database at all" * 300) in contents
        assert (self.template / "cts.db-wal").read_bytes() in contents
        self.check_tidy()

    def back_up(self) -> None:
        database = Database.at(self.folder.database)
        make_backup(database, self.folder.backups, reason="manual", now=NOW)

    def check_backups(self, is_done: bool) -> None:
        assert rows_of(self.folder.database) == {"old": 7}
        found = backups_in(self.folder)
        assert all(each.is_verified for each in found)
        assert len(found) == 1 + is_done or not is_done
        self.back_up()
        self.check_tidy()

    def check_tidy(self) -> None:
        assert not list(self.folder.root.rglob(".unfinished-*"))


def main(kind: str, root: Path) -> None:
    """Print at how many steps it was killed."""
    if kind == "lay-out":
        shutil.rmtree(root, ignore_errors=True)
        _Scene(root, 70_000, 50_000).lay_out()
        return
    scene = _Scene(root)
    parts = {
        "backup": (scene.lay_out, scene.back_up, scene.check_backups),
        "restore": (scene.lay_out, scene.restore, scene.check_restored),
        "raw": (scene.ruin, scene.restore, scene.check_replaced),
    }
    sys.stdout.write(f"{killed_at_every_step(*parts[kind])}\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
