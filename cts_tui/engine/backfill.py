"""BackfillProcessor: the indications of stored candles that have none, computed and stored once.

What is missing is asked of the store, so it goes on where it was interrupted.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

from cts_tui.engine.context import EngineContext
from cts_tui.engine.indication import IndicationProcessor
from cts_tui.engine.market_state import Series
from cts_tui.engine.processor import CycleReport, Processor
from cts_tui.model.columns import CandleColumns, FloatArray
from cts_tui.rules.evaluate import History
from cts_tui.rules.parser import parse_expression
from cts_tui.store import history as stored
from cts_tui.store.database import Database

_ROWS_PER_CYCLE: Final = 2_000
_ROWS_PER_TURN: Final = 250
"""Rows built between two turns of the event loop: under a millisecond."""

Missing = list[tuple[int, str]]
"""Open time and source of candles without indications, oldest first."""


class BackfillProcessor(Processor):
    """Works through the series one by one, in the background of a running engine."""

    name = "backfill"
    interval_s = 60.0

    def __init__(
        self, context: EngineContext, indication: IndicationProcessor, database: Database
    ) -> None:
        super().__init__()
        self.rows = 0
        """Indications stored by this processor since the engine started."""
        self._context = context
        self._indication = indication
        self._database = database
        self._complete: set[Series] = set()

    def begin_anew(self) -> None:
        """Look at every series again: candles were replaced, and their indications forgotten."""
        self._complete.clear()
        self.wake()

    def progress(self) -> dict[str, int]:
        """Return how far it has come."""
        panels = self._indication.panels
        done = sum(series in self._complete for series in panels)
        return {"series": len(panels), "series_done": done, "rows": self.rows}

    async def cycle(self) -> CycleReport:
        """Fill in the oldest missing rows of one series; begin the next cycle at once if any."""
        for series, panel in self._indication.panels.items():
            if series in self._complete:
                continue
            missing = await asyncio.to_thread(self._missing, series)
            if len(missing) < _ROWS_PER_CYCLE:
                self._complete.add(series)
            if missing:
                columns, values = await asyncio.to_thread(self._computed, series, panel.names)
                await self._store(series, missing, columns, values)
            self.wake()
            return CycleReport(len(missing))
        return CycleReport()

    def _missing(self, series: Series) -> Missing:
        with self._database.read() as transaction:
            return stored.without_indications(
                transaction, self._context.setup.id, *series, limit=_ROWS_PER_CYCLE
            )

    def _computed(
        self, series: Series, names: tuple[str, ...]
    ) -> tuple[CandleColumns, Mapping[str, FloatArray]]:
        """Return all stored candles of a series, and each indication over them."""
        with self._database.read() as transaction:
            columns = stored.candles(
                transaction, self._context.setup.id, *series, self._context.settings.keep_candles
            )
        history = History(columns, series[1])
        return columns, {name: history.values(parse_expression(name)) for name in names}

    async def _store(
        self,
        series: Series,
        missing: Missing,
        columns: CandleColumns,
        values: Mapping[str, FloatArray],
    ) -> None:
        """Record one row per missing candle, a few at a time."""
        places = columns.time_ms.searchsorted([time_ms for time_ms, _ in missing]).tolist()
        rows = zip(*(column[places].tolist() for column in values.values()), strict=True)
        for count, ((time_ms, source), row) in enumerate(zip(missing, rows, strict=True), start=1):
            named = dict(zip(values, row, strict=True))
            self._context.recorder.batch.indication(
                self._context.setup.id, *series, time_ms, named, source
            )
            if not count % _ROWS_PER_TURN:
                self._context.recorder.flush()
                await asyncio.sleep(0)
        self._context.recorder.flush()
        self.rows += len(missing)
