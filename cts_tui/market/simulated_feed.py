"""The simulated market as a feed: told as the clock moves."""

from collections.abc import AsyncIterator, Sequence

from cts_tui.clock import Clock
from cts_tui.market.aggregate import aggregate
from cts_tui.market.pace import Pace
from cts_tui.market.simulated import KEPT_MINUTES, SIMULATED_TIMEFRAME, SimulatedMarket
from cts_tui.model.columns import CandleColumns
from cts_tui.model.market import MarketEvent, Source


class SimulatedFeed:
    """Ticks and 1m candles of a simulated market; coarser history is aggregated from them."""

    def __init__(self, market: SimulatedMarket, clock: Clock, interval_s: float = 0.25) -> None:
        self._market = market
        self._clock = clock
        self._pace = Pace(interval_s)

    @property
    def source(self) -> Source:
        """Always simulated."""
        return Source.SIMULATED

    @property
    def has_ticks(self) -> bool:
        """Always: every 250 ms of the market's time."""
        return True

    async def history(self, symbol: str, timeframe: str, limit: int) -> CandleColumns:
        """Return up to `limit` closed candles, oldest first.

        Raises ConfigError for a timeframe that is not a multiple of 1m.
        """
        minutes = self._market.history(symbol, KEPT_MINUTES)
        candles = aggregate(minutes, SIMULATED_TIMEFRAME, timeframe)
        return candles.slice(max(0, len(candles) - limit))

    async def events(self) -> AsyncIterator[Sequence[MarketEvent]]:
        """Yield what happened since the last batch, every `interval_s`, until closed."""
        while self._pace.is_running:
            if batch := self._market.advance_to(self._clock.now_ms()):
                yield batch
            await self._pace.wait()

    async def close(self) -> None:
        """End `events` at once."""
        self._pace.stop()
