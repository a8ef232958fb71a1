"""A connection's way to its market: the session, the symbols, and their renewal on a timer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from cts_tui.engine.context import EngineContext
from cts_tui.engine.feeding import Feeder
from cts_tui.engine.past import Past
from cts_tui.engine.sessions import SessionKeeper
from cts_tui.engine.universe import Universe
from cts_tui.errors import CtsError
from cts_tui.market.feed import Feed
from cts_tui.venue.paper import PaperVenue

LOG = logging.getLogger(__name__)
_AGAIN_S: Final = 60.0
"""Wait after a renewal that failed."""

Connect = Callable[[EngineContext, SessionKeeper, Universe], Awaitable[Feed]]


class MarketLink:
    """Connects feeds on the connection's session, and keeps symbols and markets up to date."""

    def __init__(
        self, context: EngineContext, keeper: SessionKeeper, past: Past, connect: Connect
    ) -> None:
        self.last_error: str | None = None
        self._context = context
        self._keeper = keeper
        self._past = past
        self._connect = connect
        self._universe = Universe(context)

    async def connect(self) -> Feed:
        """Return a feed of the symbols that are traded now. Raises CtsError."""
        feed = await self._connect(self._context, self._keeper, self._universe)
        self._tell_venue()
        return feed

    async def run(self, feeder: Feeder, on_changed: Callable[[], None]) -> None:
        """Renew markets and symbols until cancelled; `on_changed` sets the strategies up anew."""
        wait_s = self._context.settings.symbols_refresh_s
        while True:
            await asyncio.sleep(wait_s)
            wait_s = self._context.settings.symbols_refresh_s
            try:
                if await self.renew(feeder):
                    on_changed()
                self.last_error = None
            except CtsError as error:
                self.last_error = f"markets and symbols could not be renewed: {error}"
                LOG.warning("%s: %s", self._context.setup.name, self.last_error)
                wait_s = min(wait_s, _AGAIN_S)

    async def renew(self, feeder: Feeder) -> bool:
        """Choose the symbols anew, and watch those; return whether they are others.

        A symbol that is new is warm before it is traded. Raises CtsError.
        """
        session, feed = self._keeper.session, feeder.feed
        if session is None or feed is None:
            return False
        before = self._context.symbols
        await self._universe.choose(session, again=True)
        self._tell_venue()
        watch = getattr(feed, "watch", None)
        if watch is not None:
            watch(self._context.symbols, self._universe.not_traded)
        added = [symbol for symbol in self._context.symbols if symbol not in before]
        self._past.restore(added)
        for symbol, history in (await self._past.fetch(feed, added)).items():
            self._past.take(symbol, history, feed.source)
        self._context.recorder.flush()
        return before != self._context.symbols

    def figures(self, feed: Feed | None) -> dict[str, Any]:
        """Return what the screen shows of session, feed and symbols."""
        tell = getattr(feed, "figures", None)
        return {
            "session": self._keeper.figures(),
            "feed": None if tell is None else tell(),
            "symbols": list(self._context.symbols),
            "not_traded": self._universe.not_traded,
            "renewal_error": self.last_error,
        }

    def _tell_venue(self) -> None:
        """Let the paper venue round and refuse as the exchange would."""
        session, venue = self._keeper.session, self._context.venue
        if session is not None and isinstance(venue, PaperVenue):
            venue.know(session.instruments)
