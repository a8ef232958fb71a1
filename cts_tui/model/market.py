"""Market data as it flows from a feed into the pipeline."""

from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Final, NamedTuple


class Source(StrEnum):
    """Where a piece of market data came from; kept on every row that rests on it."""

    STREAM = "stream"
    REST = "rest"
    CSV = "csv"
    SIMULATED = "simulated"
    SYNTHETIC = "synthetic"


class Candle(NamedTuple):
    """One closed candle (OHLCV). Prices and volume are floats: they feed indicators and charts."""

    time_ms: int
    """Open time, milliseconds since the epoch, UTC."""
    open: float
    high: float
    low: float
    close: float
    volume: float


class CandleClosed(NamedTuple):
    """A candle has closed on a feed."""

    symbol: str
    timeframe: str
    candle: Candle
    source: Source


class Tick(NamedTuple):
    """A traded or quoted price, right now."""

    symbol: str
    time_ms: int
    price: Decimal
    source: Source
    bid: Decimal | None = None
    ask: Decimal | None = None


MarketEvent = Tick | CandleClosed

PRICE_STALE_MS: Final = 30_000
"""Age from which a price counts as stale unless the trader sets another bound."""

_UNIT_MS: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


@cache
def timeframe_ms(timeframe: str) -> int:
    """Return the length of a timeframe in milliseconds: `5m` → 300000.

    Raises ValueError for anything that is not a positive whole number and one of s, m, h, d, w.
    """
    count, unit = timeframe[:-1], timeframe[-1:]
    if unit not in _UNIT_MS or not count.isascii() or not count.isdigit() or int(count) < 1:
        raise ValueError(
            f"{timeframe!r} is not a timeframe: expected a number and one of s, m, h, d, w, like 5m"
        )
    return int(count) * _UNIT_MS[unit]
