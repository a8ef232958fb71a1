"""What every market feed offers the engine, wherever its data comes from."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from cts_tui.model.columns import CandleColumns
from cts_tui.model.market import MarketEvent, Source


class Feed(Protocol):
    """A source of candles and ticks for the symbols of one connection."""

    @property
    def source(self) -> Source:
        """Where the data comes from at the moment."""
        ...

    @property
    def has_ticks(self) -> bool:
        """Whether ticks arrive between candles.

        Where they do not (recorded candles), a candle's open, high and low stand for them.
        """
        ...

    async def history(self, symbol: str, timeframe: str, limit: int) -> CandleColumns:
        """Return up to `limit` closed candles that came before the first event, oldest first.

        Raises RetryableError when the source cannot be reached.
        """
        ...

    def events(self) -> AsyncIterator[Sequence[MarketEvent]]:
        """Yield batches of events in time order until the feed ends or is closed.

        An empty batch says that the source lives, though nothing has happened.
        """
        ...

    async def close(self) -> None:
        """Release what the feed holds; `events` ends."""
        ...
