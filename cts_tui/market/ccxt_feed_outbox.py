"""What a feed has to hand on: gathers until it is fetched, then goes as one batch."""

import asyncio
from collections.abc import Sequence

from cts_tui.model.market import MarketEvent


class Outbox:
    """Filled by the parts of a feed, emptied by whoever reads its events; one event loop."""

    def __init__(self) -> None:
        self._events: list[MarketEvent] = []
        self._filled = asyncio.Event()

    def put(self, event: MarketEvent) -> None:
        """Add an event."""
        self._events.append(event)
        self._filled.set()

    def wake(self) -> None:
        """Have the reader look, though there may be nothing."""
        self._filled.set()

    async def wait(self) -> None:
        """Return when there is something, or a look is asked for."""
        await self._filled.wait()
        self._filled.clear()

    def take(self) -> Sequence[MarketEvent]:
        """Return what has gathered."""
        events, self._events = self._events, []
        return events
