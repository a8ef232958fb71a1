from pathlib import Path

import numpy as np
import pytest

from cts_tui.model.columns import CandleColumns

RECORDED = Path(__file__).parents[3] / "shared/data/BYBIT_ETHUSDT_5m.csv.gz"


@pytest.fixture(scope="session")
def recorded() -> CandleColumns:
    """6,000 recorded candles of 5 minutes."""
    if not RECORDED.exists():
        pytest.skip("recorded candles are not here")
    rows = np.loadtxt(RECORDED, delimiter=",", skiprows=1, max_rows=6_000)
    return CandleColumns(
        rows[:, 0].astype(np.int64), *(np.ascontiguousarray(rows[:, i]) for i in range(1, 6))
    )
