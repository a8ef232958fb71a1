"""Which data folder a command works on, and who may read what it writes."""

from pathlib import Path

import pytest

from .conftest import Cts


def names(cts: Cts, *arguments: object) -> list[str]:
    return [row["name"] for row in cts("connections", "list", "--json", *arguments).document]


@pytest.fixture
def other(cts: Cts, tmp_path: Path) -> Path:
    """A data folder that has one connection more."""
    other = tmp_path / "other"
    assert cts("connections", "add", "mine", "--exchange", "bybit", "--data-dir", other).code == 0
    return other


def test_the_data_folder_may_be_named_anywhere(cts: Cts, other: Path) -> None:
    assert "mine" not in names(cts)
    assert "mine" in names(cts, "--data-dir", other)
    assert "mine" in names(cts, f"--data-dir={other}")
    before = cts("--data-dir", other, "connections", "list", "--json")
    between = cts("connections", "--data-dir", other, "list", "--json")
    assert before.document == between.document
    assert "mine" in before.out


def test_the_last_of_two_data_folders_counts(cts: Cts, other: Path, tmp_path: Path) -> None:
    assert "mine" in names(cts, "--data-dir", tmp_path / "wrong", "--data-dir", other)
    assert not (tmp_path / "wrong").exists()


def test_the_environment_names_the_data_folder(
    cts: Cts, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CTS_DATA_DIR", str(other))
    assert "mine" in names(cts)


@pytest.mark.parametrize(
    "arguments", [["--data-dir"], ["status", "--data-dir="], ["--data-dir", ""]]
)
def test_a_data_folder_without_a_name_is_a_usage_error(cts: Cts, arguments: list[str]) -> None:
    said = cts(*arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err == "cts-tui: --data-dir names no folder: expected --data-dir FOLDER\n"


def test_what_stands_after_two_dashes_is_no_option(cts: Cts, tmp_path: Path) -> None:
    said = cts("connections", "show", "--", "--data-dir")
    assert "no connection called '--data-dir'" in said.refusal


def test_s10_what_is_written_is_for_its_owner_alone(
    cts: Cts, candles: Path, tmp_path: Path
) -> None:
    root = tmp_path / "new"
    assert cts("replay", candles, "--data-dir", root).code == 0
    modes = {path.name: path.stat().st_mode & 0o777 for path in [root, *root.rglob("*")]}
    assert {"new", "cts.db", "backups", "logs", "cts.log"} <= modes.keys()
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}
