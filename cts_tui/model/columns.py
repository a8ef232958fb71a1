"""Candles as columns: the shape in which history moves between rooms."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cts_tui.model.market import Candle

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CandleColumns:
    """Closed candles of one symbol and timeframe, oldest first, every array of the same length."""

    time_ms: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray

    def __len__(self) -> int:
        return len(self.time_ms)

    def __iter__(self) -> Iterator[Candle]:
        columns = (self.time_ms, self.open, self.high, self.low, self.close, self.volume)
        return map(Candle._make, zip(*(column.tolist() for column in columns), strict=True))

    def slice(self, start: int, stop: int | None = None) -> "CandleColumns":
        """Return the candles `start` to `stop` as views; a negative index counts from the end."""
        part = slice(start, stop)
        return CandleColumns(
            self.time_ms[part],
            self.open[part],
            self.high[part],
            self.low[part],
            self.close[part],
            self.volume[part],
        )

    def where(self, is_kept: BoolArray) -> "CandleColumns":
        """Return the candles for which `is_kept` is true."""
        return CandleColumns(
            self.time_ms[is_kept],
            self.open[is_kept],
            self.high[is_kept],
            self.low[is_kept],
            self.close[is_kept],
            self.volume[is_kept],
        )

    def after(self, older: "CandleColumns") -> "CandleColumns":
        """Return the candles of `older`, then these; the caller sees to it that none overlap."""
        return CandleColumns(
            np.concatenate((older.time_ms, self.time_ms)),
            np.concatenate((older.open, self.open)),
            np.concatenate((older.high, self.high)),
            np.concatenate((older.low, self.low)),
            np.concatenate((older.close, self.close)),
            np.concatenate((older.volume, self.volume)),
        )

    @classmethod
    def from_candles(cls, candles: list[Candle]) -> "CandleColumns":
        """Return the columns of `candles`, which are oldest first; an empty list gives length 0."""
        times, *values = zip(*candles, strict=True) if candles else ((), (), (), (), (), ())
        return cls(
            np.array(times, dtype=np.int64),
            *(np.array(column, dtype=np.float64) for column in values),
        )
