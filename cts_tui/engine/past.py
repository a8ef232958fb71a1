"""Candles of the past: from the store, then from the feed, which replaces what was invented."""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cts_tui.engine.context import EngineContext
from cts_tui.market.aggregate import bucket_open_ms
from cts_tui.market.feed import Feed
from cts_tui.model.columns import CandleColumns
from cts_tui.model.market import Source, timeframe_ms
from cts_tui.store import history as stored
from cts_tui.store.database import Database

_AT_ONCE: Final = 8
_MARGIN: Final = 3
"""Candles fetched beyond those that are known to be missing."""


class Past:
    """What one engine knows of the candles before the feed's next event."""

    def __init__(self, context: EngineContext, database: Database) -> None:
        self._context = context
        self._database = database
        self._changed_ms: dict[str, int] = {}
        """By symbol, from where candles are new since the coarser ones were recorded."""
        self._timeframes: set[str] = set()
        self._invented_ms: dict[str, int] = {}
        """By symbol, the first stored candle that rests on invented prices."""

    def restore(self, symbols: Iterable[str]) -> None:
        """Take up the stored candles of symbols that have none in memory, up to invented ones."""
        context = self._context
        connection_id, timeframe = context.setup.id, context.setup.timeframe
        with self._database.read() as transaction:
            self._timeframes.update(stored.stored_timeframes(transaction, connection_id))
            for symbol in symbols:
                if len(context.market.buffer(symbol, timeframe)):
                    continue
                candles = stored.candles(
                    transaction, connection_id, symbol, timeframe, context.settings.candle_history
                )
                if not len(candles):
                    continue
                invented = stored.synthetic_times(
                    transaction, connection_id, symbol, timeframe, int(candles.time_ms[0])
                )
                if invented:
                    self._invented_ms[symbol] = first_ms = min(invented)
                    candles = candles.slice(0, int((candles.time_ms < first_ms).sum()))
                context.market.warm(symbol, timeframe, candles)

    async def fetch(
        self, feed: Feed, symbols: Sequence[str], since_ms: int | None = None
    ) -> dict[str, CandleColumns]:
        """Return the feed's candles by symbol, from `since_ms` or the last known one on.

        Raises what the feed raises.
        """
        gate = asyncio.Semaphore(_AT_ONCE)
        timeframe = self._context.setup.timeframe

        async def one(symbol: str) -> CandleColumns:
            async with gate:
                return await feed.history(symbol, timeframe, self._needed(symbol, since_ms))

        return dict(zip(symbols, await _all(one(symbol) for symbol in symbols), strict=True))

    def _needed(self, symbol: str, since_ms: int | None) -> int:
        """Return how many candles to ask for: all, unless enough are in memory already."""
        context = self._context
        most = context.settings.candle_history
        buffer = context.market.buffer(symbol, context.setup.timeframe)
        if buffer.last is None or len(buffer) < most:
            return most
        first_ms = buffer.last.time_ms if since_ms is None else since_ms
        steps = (context.now_ms() - first_ms) // timeframe_ms(context.setup.timeframe)
        return min(most, max(0, steps) + _MARGIN)

    def newer(self, symbol: str, history: CandleColumns) -> CandleColumns:
        """Return the candles of `history` that come after those in memory."""
        last = self._context.market.buffer(symbol, self._context.setup.timeframe).last
        if last is None:
            return history
        return history.slice(int((history.time_ms <= last.time_ms).sum()))

    def take(self, symbol: str, history: CandleColumns, source: Source) -> None:
        """Put the feed's candles in place of what is known otherwise, in memory and store.

        What rests on replaced candles, their indications, is forgotten: the backfill makes it anew.
        """
        context = self._context
        buffer = context.market.buffer(symbol, context.setup.timeframe)
        known = buffer.columns()
        changed_ms = _first_difference(known, history)
        if changed_ms is None:
            return
        kept = known.slice(0, int((known.time_ms < changed_ms).sum()))
        told = history.slice(int((history.time_ms < changed_ms).sum()))
        buffer.clear()
        buffer.extend(kept)
        buffer.extend(told)
        self._changed_ms[symbol] = min(changed_ms, self._changed_ms.get(symbol, changed_ms))
        invented_ms = self._invented_ms.pop(symbol, None)
        if len(kept) < len(known) or invented_ms is not None:
            self._forget(
                symbol, changed_ms if invented_ms is None else min(changed_ms, invented_ms)
            )
        for candle in told:
            context.recorder.batch.candle(
                context.setup.id, symbol, context.setup.timeframe, candle, source
            )

    def _forget(self, symbol: str, since_ms: int) -> None:
        """Delete what the store holds of invented candles, and the indications from there on."""
        recorder = self._context.recorder
        recorder.flush()  # what waits is older than what follows
        since_ms = min(
            [since_ms, *(bucket_open_ms(since_ms, timeframe) for timeframe in self._coarser())]
        )
        recorder.batch.forget_invented(self._context.setup.id, symbol, since_ms)

    def record_coarser(self, source: Source) -> None:
        """Store the coarser candles that were made anew from what `take` took."""
        context = self._context
        for (symbol, timeframe), buffer in context.market.buffers.items():
            changed_ms = self._changed_ms.get(symbol)
            if timeframe == context.setup.timeframe or changed_ms is None:
                continue
            first_ms = bucket_open_ms(changed_ms, timeframe)
            columns = buffer.columns()
            for candle in columns.slice(int((columns.time_ms < first_ms).sum())):
                context.recorder.batch.candle(context.setup.id, symbol, timeframe, candle, source)
        self._changed_ms.clear()

    def _coarser(self) -> set[str]:
        known = {timeframe for _, timeframe in self._context.market.buffers}
        return (known | self._timeframes) - {self._context.setup.timeframe}


async def _all(asked: Iterable[Awaitable[CandleColumns]]) -> list[CandleColumns]:
    """Return every result. Raises the first error, once the others have come to their end."""
    found: list[CandleColumns] = []
    for result in await asyncio.gather(*asked, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
        found.append(result)
    return found


def _first_difference(known: CandleColumns, told: CandleColumns) -> int | None:
    """Return the open time from which `told` says otherwise than `known`, None where nowhere.

    Candles that only `known` has count where they lie within what is told: they were invented.
    """
    if not len(told):
        return None
    since = known.slice(int((known.time_ms < told.time_ms[0]).sum()))
    count = min(len(since), len(told))
    differs = np.zeros(count, dtype=np.bool_)
    for ours, theirs in zip(_arrays(since), _arrays(told), strict=True):
        differs |= ours[:count] != theirs[:count]
    if differs.any():
        at = int(differs.argmax())
        return int(min(since.time_ms[at], told.time_ms[at]))
    if len(told) > count:
        return int(told.time_ms[count])
    return int(since.time_ms[count]) if len(since) > count else None


def _arrays(columns: CandleColumns) -> tuple[npt.NDArray[Any], ...]:
    return (
        columns.time_ms,
        columns.open,
        columns.high,
        columns.low,
        columns.close,
        columns.volume,
    )
