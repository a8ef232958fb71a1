"""The months of a run."""

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from cts_tui.backtest.months import months
from cts_tui.model.columns import CandleColumns
from cts_tui.model.trade import Trade
from cts_tui.model.trading import Direction, ExitReason


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_each_month_is_measured_at_its_last_candle_open_positions_included() -> None:
    times = ["2024-12-30", "2024-12-31", "2025-01-01", "2025-03-05"]
    close = np.array([100.0, 110.0, 105.0, 120.0])
    candles = CandleColumns(np.array([*map(ms, times)]), close, close, close, close, close)
    trade = Trade(
        Direction.LONG, ms(times[0]), Decimal(100), ms(times[2]), Decimal(105), Decimal(10),
        Decimal(0), Decimal(50), ExitReason.RULE,
    )  # fmt: skip
    found = months([trade], candles, 1000.0)
    assert [month.name for month in found] == ["2024-12", "2025-01", "2025-03"]
    assert [month.trades for month in found] == [0, 1, 0]
    assert [month.profit for month in found] == pytest.approx([100, -50, 0])
    assert [month.return_pct for month in found] == pytest.approx([10, -100 / 22, 0])


def test_no_candles_are_no_months() -> None:
    empty = CandleColumns.from_candles([])
    assert months([], empty, 1000.0) == []
