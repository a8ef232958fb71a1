"""IndicationProcessor: closed candles in, one row of indicator values per candle out."""

from collections import deque
from collections.abc import Callable
from typing import Final

from cts_tui.engine.context import EngineContext
from cts_tui.engine.market_state import Series
from cts_tui.engine.processor import CycleReport, Processor
from cts_tui.model.market import CandleClosed
from cts_tui.rules.panel import Panel
from cts_tui.rules.syntax import Rule

_INTERVAL_S: Final = 5.0


class IndicationProcessor(Processor):
    """Keeps a panel of indicators per symbol and timeframe, and records its values."""

    name = "indication"
    interval_s = _INTERVAL_S
    patience_s = 30.0

    def __init__(self, context: EngineContext, on_ready: Callable[[], None]) -> None:
        """`on_ready` is called when candles wait in `ready`."""
        super().__init__()
        self.ready: deque[CandleClosed] = deque()
        """Candles whose indications are up to date."""
        self.panels: dict[Series, Panel] = {}
        self._context = context
        self._on_ready = on_ready

    def configure(self, rules: dict[Series, list[Rule]]) -> None:
        """Build the panels anew for the rules of each series, warm from the candles in memory."""
        indications = self._context.settings.base_indications
        self.panels = {
            (symbol, timeframe): Panel(timeframe, indications, wanted)
            for (symbol, timeframe), wanted in rules.items()
        }
        for series, panel in self.panels.items():
            panel.fill(self._context.market.settled(series))

    async def cycle(self) -> CycleReport:
        """Take every candle that has closed; one symbol that fails does not keep up the others.

        Of a series one candle at a time: the next one waits until the rules have seen this one.
        """
        closed = self._context.market.closed
        handled = 0
        seen = {event[:2] for event in self.ready}
        while closed and closed[0][:2] not in seen:
            event = closed.popleft()
            seen.add(event[:2])
            handled += 1
            try:
                self._take(event)
            except (ValueError, ArithmeticError) as error:
                self.figures.record_error(f"{event.symbol}: {error}", self._context.now_ms())
        if self.ready:
            self._on_ready()
        return CycleReport(handled)

    def _take(self, event: CandleClosed) -> None:
        symbol, timeframe, candle, source = event
        context = self._context
        batch = context.recorder.batch
        batch.candle(context.setup.id, symbol, timeframe, candle, source)
        panel = self.panels.get((symbol, timeframe))
        if panel is None:
            return
        panel.update(candle)
        values = dict(zip(panel.names, panel.values(), strict=True))
        batch.indication(context.setup.id, symbol, timeframe, candle.time_ms, values, source)
        self.ready.append(event)
