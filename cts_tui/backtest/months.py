"""The months of a run: what the equity made in each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from cts_tui.backtest.equity import equity_curve
from cts_tui.model.columns import CandleColumns, IntArray
from cts_tui.model.trade import Trade

_EPOCH_YEAR: Final = 1970


@dataclass(frozen=True, slots=True)
class Month:
    """One UTC month with candles in it."""

    name: str
    """`2025-04`."""
    trades: int
    """Closed in the month."""
    profit: float
    """Change of the equity, open positions included, in quote currency."""
    return_pct: float
    """Of the equity at the month's beginning; 0 where there was none left."""


def months(trades: Sequence[Trade], candles: CandleColumns, balance: float) -> list[Month]:
    """Return the months of the run, oldest first, measured at the last candle that opens in each.

    The first one is measured from the balance. 1000 → 1100 → 1045: +10 %, −5 %.
    """
    if not len(candles):
        return []
    number = _month(candles.time_ms)
    last = np.append(np.flatnonzero(np.diff(number)), len(number) - 1)
    ends = equity_curve(trades, candles, balance)[last].tolist()
    closed = _month(np.array([trade.exit_time_ms for trade in trades], dtype=np.int64)).tolist()
    starts = [balance, *ends[:-1]]
    return [
        Month(_name(month), closed.count(month), end - start, _percent(end - start, start))
        for month, start, end in zip(number[last].tolist(), starts, ends, strict=True)
    ]


def _month(time_ms: IntArray) -> IntArray:
    """Return the months since 1970-01 of times in milliseconds."""
    return time_ms.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)


def _name(month: int) -> str:
    year, index = divmod(month, 12)
    return f"{_EPOCH_YEAR + year}-{index + 1:02}"


def _percent(change: float, start: float) -> float:
    return 100.0 * change / start if start > 0 else 0.0
