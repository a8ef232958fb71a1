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
        "cts_tui.tui.screens.connection_detail",
        "cts_tui.tui.screens.connection_form",
        "cts_tui.tui.screens.connections",
        "cts_tui.tui.screens.health",
        "cts_tui.tui.screens.flattening",
        "cts_tui.tui.screens.limits",
        "cts_tui.tui.screens.market",
        "cts_tui.tui.screens.positions",
        "cts_tui.tui.screens.strategies",
        "cts_tui.tui.widgets.live_gates_modal",
        "cts_tui.tui.widgets.orders_modal",
    ],
)
def test_screens_import_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*[m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
