"""What a chart shows: candles, indicators over them, trades marked on them. Plain values only.

Made by the desk from the store, or from a backtest's candles and trades; drawn by the tui.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from cts_tui.model.market import Candle, timeframe_ms
from cts_tui.model.trade import Trade
from cts_tui.model.trading import Direction

CHART_TIMEFRAMES = ("1m", "5m", "15m", "1h", "4h", "1d")
"""The timeframes a chart offers, besides the stored one: whole multiples of it only."""


@dataclass(frozen=True, slots=True)
class Series:
    """Stored candles of one symbol and timeframe."""

    connection: str
    symbol: str
    timeframe: str
    is_enabled: bool
    """Whether its connection is enabled: candles go on coming."""
    last_ms: int
    """Open time of the newest candle."""


class StudyKind(StrEnum):
    """Where and how an indicator is drawn."""

    OVERLAY = "overlay"
    """Over the candles, on the price scale."""
    BOUNDED = "bounded"
    """In a pane from 0 to 100, like RSI."""
    OSCILLATOR = "oscillator"
    """In a pane around zero, like MACD."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of an indicator: a value per closed candle, NaN where there is none."""

    name: str
    values: tuple[float, ...]
    is_histogram: bool = False


@dataclass(frozen=True, slots=True)
class Study:
    """One indicator, drawn as a whole."""

    name: str
    kind: StudyKind
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """An entry or an exit at its time and fill price."""

    time_ms: int
    price: float
    direction: Direction
    is_entry: bool
    pnl: float | None = None
    """Of an exit: net profit (+) or loss (−) in quote currency."""


@dataclass(frozen=True, slots=True)
class Level:
    """A price that matters now: the entry, stop or target of an open position."""

    name: str
    price: float


@dataclass(frozen=True, slots=True)
class LastPrice:
    """The latest price, where it comes from and whether it is too old to trust."""

    price: float
    time_ms: int
    source: str
    is_stale: bool


@dataclass(frozen=True, slots=True)
class ChartView:
    """A symbol in one timeframe, oldest candle first."""

    symbol: str
    timeframe: str
    candles: tuple[Candle, ...]
    connection: str = ""
    timeframes: tuple[str, ...] = ()
    """The timeframes this symbol can be shown in, finest first."""
    has_forming: bool = False
    """Whether the last candle is not closed yet: it stands for the latest price."""
    studies: tuple[Study, ...] = ()
    marks: tuple[Mark, ...] = ()
    levels: tuple[Level, ...] = ()
    last: LastPrice | None = None
    invented: frozenset[int] = frozenset()
    """Open times of candles that rest on synthetic prices."""


def trade_marks(trades: Iterable[Trade]) -> tuple[Mark, ...]:
    """Return the entry and the exit of every closed trade, as a chart marks them."""
    marks: list[Mark] = []
    for trade in trades:
        side, pnl = trade.direction, float(trade.pnl)
        marks.append(Mark(trade.entry_time_ms, float(trade.entry_price), side, is_entry=True))
        marks.append(
            Mark(trade.exit_time_ms, float(trade.exit_price), side, is_entry=False, pnl=pnl)
        )
    return tuple(marks)


def chart_timeframes(stored: Iterable[str]) -> tuple[str, ...]:
    """Return the timeframes that candles of the `stored` ones can be shown in, finest first."""
    there = set(stored)
    multiples = {
        timeframe
        for timeframe in CHART_TIMEFRAMES
        for base in there
        if timeframe_ms(timeframe) % timeframe_ms(base) == 0
    }
    return tuple(sorted(there | multiples, key=timeframe_ms))
