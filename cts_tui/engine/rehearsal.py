"""A simulated market's history, traded before the engine goes on with the present."""

from collections.abc import Mapping
from typing import Final

from cts_tui.clock import ManualClock
from cts_tui.engine.context import EngineContext
from cts_tui.engine.paper_account import PaperAccount
from cts_tui.engine.past import Past
from cts_tui.engine.pipeline import Pipeline
from cts_tui.model.columns import CandleColumns
from cts_tui.model.market import CandleClosed, Source, timeframe_ms

_FIRST: Final = 120
"""Candles of a new market that are traded; older ones only warm up, so that it starts soon."""


def to_trade(
    context: EngineContext, past: Past, symbol: str, history: CandleColumns
) -> CandleColumns:
    """Return the candles of a simulated history that are to be traded; take the others as past.

    What came since the last known candle is traded whole: a stop may have been touched there.
    """
    if context.market.buffer(symbol, context.setup.timeframe).last is not None:
        return past.newer(symbol, history)
    past.take(symbol, history.slice(0, -_FIRST), Source.SIMULATED)
    return history.slice(-_FIRST)


async def trade_through(
    context: EngineContext,
    pipeline: Pipeline,
    paper: PaperAccount,
    fresh: Mapping[str, CandleColumns],
) -> None:
    """Trade candles at their own time, as a replay does.

    So the demo opens on a desk that has been at work. Real history is never traded.
    """
    timeframe, now = context.setup.timeframe, context.clock
    context.clock = clock = ManualClock()
    context.market.has_ticks = False
    paper.set_neutral(is_neutral=True)
    by_time = sorted(
        (candle.time_ms, symbol, candle) for symbol, past in fresh.items() for candle in past
    )
    for time_ms, symbol, candle in by_time:
        clock.set(time_ms + timeframe_ms(timeframe))
        await pipeline.step([CandleClosed(symbol, timeframe, candle, Source.SIMULATED)])
    context.clock = now
    context.market.has_ticks = True
    paper.set_neutral(is_neutral=False)
