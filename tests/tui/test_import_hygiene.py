"""The first frame waits for nothing heavy."""

import subprocess
import sys

import pytest

HEAVY = ("sqlmodel", "sqlalchemy", "numpy", "talib", "ccxt", "pydantic", "cts_tui.desk")


@pytest.mark.parametrize(
    "module",
    [
        "cts_tui.tui.app",
        "cts_tui.tui.screens.backtest_report",
        "cts_tui.tui.screens.health",
        "cts_tui.tui.screens.market",
        "cts_tui.tui.screens.strategies",
    ],
)
def test_screens_import_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*[m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
