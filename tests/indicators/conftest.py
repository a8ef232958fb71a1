from pathlib import Path

import numpy as np
import pytest

from cts_tui.model.columns import FloatArray

RECORDED = Path(__file__).parents[3] / "shared/data/BYBIT_BTCUSDT_1m.csv.gz"
FIELDS = ("open", "high", "low", "close", "volume")


@pytest.fixture(scope="session")
def recorded() -> dict[str, FloatArray]:
    """2,000 recorded candles by field."""
    if not RECORDED.exists():
        pytest.skip("recorded candles are not here")
    rows = np.loadtxt(RECORDED, delimiter=",", skiprows=1, max_rows=2_000)
    return {name: np.ascontiguousarray(rows[:, i + 1]) for i, name in enumerate(FIELDS)}
