"""A store with real trades that may be damaged, and what a salvage makes of it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cts_tui.store.salvage.rebuilding import Rebuilt

from .ruins import Rows, rows_in, salvaged

Salvage = Callable[[], Rebuilt]


@pytest.fixture
def file(tmp_path: Path, traded_file: Path) -> Path:
    """A database of the test's own with real trades."""
    file = tmp_path / "cts.db"
    shutil.copy(traded_file, file)
    return file


@pytest.fixture
def before(file: Path) -> Rows:
    return rows_in(file)


@pytest.fixture
def salvage(file: Path, before: Rows, tmp_path: Path) -> Salvage:
    """Salvage the file, which stays as it is."""

    def do() -> Rebuilt:
        content = file.read_bytes()
        made = salvaged(file, tmp_path / "scratch")
        assert file.read_bytes() == content
        return made

    return do
