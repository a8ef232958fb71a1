"""Fixtures of the market tests: real recordings where they are at hand, candles made by hand."""

from pathlib import Path

import pytest

_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture
def recording():
    """Return a function from a file's name to the path of a real recording."""

    def find(name: str) -> Path:
        path = _DATA / name
        if not path.is_file():
            pytest.skip(f"no recording {path}")
        return path

    return find
