"""What screen 5 and its editor look like, at 80×24 and 160×50."""

import pytest

from .test_snapshots import SIZES, Compare, look

_TO_THE_RULE = ("5", "enter", "down", "down", "down", "end", "left")


@SIZES
@pytest.mark.parametrize(
    "keys",
    [
        pytest.param(("5", "G"), id="strategies"),
        pytest.param(("5", "G", "tab"), id="gates"),
        pytest.param((*_TO_THE_RULE, "x", "f8"), id="editor"),
        pytest.param(("5", "G", "enter"), id="built-in"),
        pytest.param(("5", "j", "j", "x"), id="remove"),
    ],
)
def test_strategies(snap_compare: Compare, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    assert look(snap_compare, size, *keys)
