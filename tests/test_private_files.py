"""Files 0600 and folders 0700: what is open to others is closed, and told."""

import os
import stat
from pathlib import Path

import pytest

from cts_tui.desk.desk import Desk
from cts_tui.model.trading import Actor
from cts_tui.paths import DataFolder, config_folder
from cts_tui.private_files import make_private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(("was", "becomes"), [(0o644, 0o600), (0o666, 0o600), (0o640, 0o600)])
def test_a_file_that_others_may_read_is_closed_and_told(
    tmp_path: Path, was: int, becomes: int
) -> None:
    file = tmp_path / "file"
    file.touch()
    file.chmod(was)
    told = make_private(file)
    assert mode(file) == becomes
    assert told == [f"{file} was open to others: mode {was:04o} is now {becomes:04o}"]
    assert make_private(file) == []


def test_a_folder_is_closed_and_what_is_missing_is_no_fault(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(0o755)
    assert len(make_private(folder)) == 1
    assert mode(folder) == 0o700
    assert make_private(tmp_path / "nothing") == []


def test_a_folder_that_everybody_uses_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared, home = tmp_path / "shared", tmp_path / "home"
    shared.mkdir()
    shared.chmod(0o1777)
    home.mkdir()
    home.chmod(0o755)
    monkeypatch.setenv("HOME", str(home))
    assert make_private(shared) + make_private(home) == []
    assert (mode(shared), mode(home)) == (0o1777, 0o755)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_belongs_to_somebody_else_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    file.chmod(0o644)
    os.chown(file, 65_534, 65_534)
    assert make_private(file) == []
    assert mode(file) == 0o644


def test_s10_opening_the_desk_closes_what_is_open_and_leaves_an_event(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    Desk.open(folder, Actor.CLI).close()
    folder.log.touch()
    backup = folder.backups / "cts.db"
    backup.touch()
    key = config_folder() / "keys" / "ab.key"
    key.parent.mkdir(parents=True)
    key.touch()
    files = [folder.database, folder.log, backup, key]
    folders = [folder.root, folder.backups, folder.log.parent, key.parent]
    for path in files:
        path.chmod(0o644)
    for path in folders:
        path.chmod(0o755)
    desk = Desk.open(folder, Actor.CLI)
    told = [event.message for event in desk.events.list(limit=20)]
    desk.close()
    assert {mode(path) for path in files} == {0o600}
    assert {mode(path) for path in folders} == {0o700}
    for path in files + folders:
        assert [line for line in told if line.startswith(f"{path} was open to others")]
