"""Where things are kept."""

from pathlib import Path

import pytest

from cts_tui.errors import ConfigError
from cts_tui.paths import DataFolder, config_folder, data_folder, theme_folders


def test_a_chosen_data_folder_comes_before_the_environment_and_that_before_the_platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert data_folder(tmp_path).root == tmp_path
    monkeypatch.setenv("CTS_DATA_DIR", str(tmp_path / "env"))
    assert data_folder().root == tmp_path / "env"
    monkeypatch.setenv("CTS_DATA_DIR", "")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    assert data_folder().root.name == "cts-tui"


def test_a_data_folder_is_absolute_and_knows_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert data_folder("desk").root == tmp_path / "desk"
    assert data_folder("~/desk").root == tmp_path / "home" / "desk"


def test_the_config_folder_is_that_of_the_environment_or_the_platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CTS_CONFIG_DIR", str(tmp_path))
    assert config_folder() == tmp_path
    assert theme_folders()[-1] == tmp_path / "themes"
    monkeypatch.delenv("CTS_CONFIG_DIR")
    assert config_folder().name == "cts-tui"


def test_the_shipped_themes_are_found() -> None:
    assert {file.stem for file in theme_folders()[0].glob("*.toml")} >= {"cts-dark", "cts-light"}


def test_s10_a_data_folder_is_private_to_its_owner(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "deep" / "desk")
    folder.create()
    folder.furnish()
    assert folder.root.stat().st_mode & 0o777 == 0o700
    assert folder.backups.stat().st_mode & 0o777 == 0o700
    assert folder.log.parent.stat().st_mode & 0o777 == 0o700
    folder.create()


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="expected a folder, found a file"):
        DataFolder(tmp_path / "file").create()
    folder = DataFolder(tmp_path / "desk")
    folder.create()
    folder.backups.touch()
    with pytest.raises(ConfigError, match="backups cannot be made"):
        folder.furnish()
