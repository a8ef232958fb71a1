"""The market on the desk: which series are stored, and one of them as a chart.

What costs is kept between readings: candles are read on from the newest one, indicators are
computed when a candle closes. Gaps that were filled since show with the next whole reading.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from cts_tui.desk.charting import forming_candle, last_price, levels, marks, studies_over
from cts_tui.desk.room import Room
from cts_tui.errors import ConfigError
from cts_tui.market.aggregate import aggregate, bucket_open_ms
from cts_tui.model.chart import (
    ChartView,
    Series,
    Study,
    chart_timeframes,
)
from cts_tui.model.columns import CandleColumns
from cts_tui.model.connection import ConnectionSetup
from cts_tui.model.market import Candle, timeframe_ms
from cts_tui.store import connections, history
from cts_tui.store.database import Transaction

_MOST_CANDLES: Final = 20_000
"""Stored candles read for one chart, however coarse its timeframe."""

_LEAD: Final = 250
"""Candles before the first one shown, so that its indicators are warm."""

_WHOLE_EVERY_MS: Final = 60_000
"""How often all candles of a chart are read anew: gaps may have been filled since."""

_MOST_TRADES: Final = 500


class _Key(NamedTuple):
    connection_id: int
    symbol: str
    stored: str
    timeframe: str
    limit: int


@dataclass(slots=True)
class _Known:
    """What is known of one chart from the last readings."""

    stored: CandleColumns
    read_at_ms: int
    candles: tuple[Candle, ...] = ()
    studies: tuple[Study, ...] = ()
    invented: frozenset[int] = frozenset()
    rest: CandleColumns | None = None
    """Stored candles after the last whole one of the chart's timeframe."""
    is_new: bool = True


class MarketDesk:
    """Stored series, and charts of them."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._known: dict[_Key, _Known] = {}
        self._indications: tuple[str, ...] | None = None

    def series(self) -> list[Series]:
        """Return the series that have candles, those of enabled connections first."""
        found: list[Series] = []
        with self._room.database.read() as transaction:
            for setup in connections.setups(transaction):
                found += _series_of(transaction, setup)
        return sorted(
            found, key=lambda s: (not s.is_enabled, s.connection, s.symbol, _length(s.timeframe))
        )

    def chart(self, connection: str, symbol: str, timeframe: str, limit: int = 1_000) -> ChartView:
        """Return a symbol's newest `limit` candles in `timeframe`, and what belongs on them.

        `timeframe` is a stored one or a whole multiple of one. Indicators have a value per closed
        candle, as rules see them; the forming candle has none. Raises ConfigError for a connection
        or a timeframe that is not there.
        """
        now_ms = self._room.clock.now_ms()
        with self._room.database.read() as transaction:
            setup = connections.find(transaction, connection)
            if setup is None:
                raise ConfigError(f"there is no connection called {connection!r}")
            stored = history.stored_timeframes(transaction, setup.id)
            key = _Key(setup.id, symbol, _source_of(stored, timeframe), timeframe, limit)
            known = self._read(transaction, key, now_ms)
            price = history.latest_price(transaction, setup.id, symbol)
            since_ms = known.candles[0].time_ms if known.candles else 0
            rows = history.traded(transaction, setup.id, symbol, since_ms, _MOST_TRADES)
        if known.is_new:
            self._compute(known, key)
        last = last_price(price, now_ms)
        forming = forming_candle(known.candles, known.rest, last, timeframe)
        return ChartView(
            symbol=symbol,
            timeframe=timeframe,
            candles=(*known.candles, forming) if forming else known.candles,
            connection=connection,
            timeframes=chart_timeframes(stored),
            has_forming=forming is not None,
            studies=known.studies,
            marks=marks(rows),
            levels=levels(rows),
            last=last,
            invented=known.invented,
        )

    def _read(self, transaction: Transaction, key: _Key, now_ms: int) -> _Known:
        """Return the stored candles of a chart, read on from the last time where that will do."""
        known = self._known.get(key)
        series = (key.connection_id, key.symbol, key.stored)
        many = _stored_count(key)
        stored, read_at_ms = None, now_ms
        if known and len(known.stored) and now_ms - known.read_at_ms < _WHOLE_EVERY_MS:
            newest_ms = int(known.stored.time_ms[-1])
            fresh = history.candles(transaction, *series, many, since_ms=newest_ms)
            if len(fresh) == 1 and fresh.close[0] == known.stored.close[-1]:
                return known
            if len(fresh):
                stored, read_at_ms = _joined(known.stored, fresh, many), known.read_at_ms
        if stored is None:
            stored = history.candles(transaction, *series, many)
        known = _Known(stored, read_at_ms)
        if len(stored):
            since_ms = int(stored.time_ms[0])
            times = history.synthetic_times(transaction, *series, since_ms)
            known.invented = frozenset(bucket_open_ms(time, key.timeframe) for time in times)
            self._coarsen(known, key)
        self._known = {key: known}
        return known

    @staticmethod
    def _coarsen(known: _Known, key: _Key) -> None:
        """Set the candles of the chart's timeframe, and what is left after the last of them."""
        coarse = aggregate(known.stored, key.stored, key.timeframe)
        known.candles = tuple(coarse.slice(-key.limit))
        if len(coarse) and key.stored != key.timeframe:
            end_ms = int(coarse.time_ms[-1]) + timeframe_ms(key.timeframe)
            known.rest = known.stored.slice(int(np.searchsorted(known.stored.time_ms, end_ms)))

    def _compute(self, known: _Known, key: _Key) -> None:
        if self._indications is None:
            from cts_tui.settings import load_settings  # slow to load, for charts alone

            self._indications = load_settings().base_indications
        coarse = aggregate(known.stored, key.stored, key.timeframe)
        known.studies = studies_over(coarse, key.timeframe, self._indications, key.limit)
        known.is_new = False


def _series_of(transaction: Transaction, setup: ConnectionSetup) -> Iterable[Series]:
    symbols = {*setup.symbols, *history.priced_symbols(transaction, setup.id)}
    for timeframe in history.stored_timeframes(transaction, setup.id):
        for symbol in symbols:
            last_ms = history.last_candle_time(transaction, setup.id, symbol, timeframe)
            if last_ms is not None:
                yield Series(setup.name, symbol, timeframe, setup.enabled, last_ms)


def _source_of(stored: Sequence[str], timeframe: str) -> str:
    """Return the coarsest stored timeframe from which `timeframe` can be built."""
    if timeframe not in chart_timeframes(stored):
        there = ", ".join(chart_timeframes(stored)) or "none, no candle is stored yet"
        raise ConfigError(f"there is no chart of {timeframe!r}; there is: {there}")
    fitting = [base for base in stored if _length(timeframe) % _length(base) == 0]
    return max(fitting, key=_length)


def _length(timeframe: str) -> int:
    return timeframe_ms(timeframe)


def _stored_count(key: _Key) -> int:
    multiple = _length(key.timeframe) // _length(key.stored)
    return min((key.limit + _LEAD) * multiple, max(_MOST_CANDLES, key.limit + _LEAD))


def _joined(before: CandleColumns, fresh: CandleColumns, most: int) -> CandleColumns:
    """Return both, `fresh` in place of what it overlaps, the newest `most`."""
    kept = before.slice(0, int(np.searchsorted(before.time_ms, fresh.time_ms[0])))
    names = ("time_ms", "open", "high", "low", "close", "volume")
    both = (np.concatenate((getattr(kept, n), getattr(fresh, n))) for n in names)
    return CandleColumns(*both).slice(-most)
