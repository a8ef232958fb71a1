"""The streams of a feed: subscribed, watched for breaks, started anew with back-off and jitter.

ccxt keeps what streams bring in its caches, whoever waits; so one `watch_*` per subscription is
enough, and the feed reads the caches. A connection that is gone is seen by its object being gone.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

from cts_tui.errors import CtsError, RetryableError
from cts_tui.exchange.faults import QuietStreamError
from cts_tui.exchange.session import ExchangeSession
from cts_tui.market.ccxt_feed_plan import Kind, Subscription, subscriptions

LOG = logging.getLogger(__name__)
_FIRST_WORD_S: Final = 3.0
"""How long a subscription may take to say something before the next one is made."""
_AT_ONCE: Final = 10
_FIRST_WAIT_S: Final = 0.5
_LONGEST_WAIT_S: Final = 15.0
_SETTLED_S: Final = 60.0
"""Streams that were up for so long begin with the shortest wait again when they break."""


class Backoff:
    """Waits that double from failure to failure, with jitter."""

    def __init__(self, first_s: float = _FIRST_WAIT_S, longest_s: float = _LONGEST_WAIT_S) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._random = Random()
        self.failures = 0

    def next_s(self, error: BaseException | None = None) -> float:
        """Return how long to wait after one more failure; at least what `error` asks for."""
        wait_s: float = min(self._first_s * 2 ** min(self.failures, 16), self._longest_s)
        self.failures += 1
        asked_s = float(error.wait_s) if isinstance(error, RetryableError) else 0.0
        return max(wait_s * self._random.uniform(0.5, 1.0), asked_s)

    def reset(self) -> None:
        """Begin with the shortest wait again."""
        self.failures = 0


class Streams:
    """Keeps the subscriptions of one feed alive."""

    def __init__(
        self,
        session: ExchangeSession,
        kinds: Sequence[Kind],
        timeframe: str,
        *,
        on_up: Callable[[], None],
        on_break: Callable[[], None],
    ) -> None:
        self.is_up = False
        """Whether everything is subscribed and no connection has gone since."""
        self.reconnects = 0
        self.last_error: str | None = None
        self.refused: dict[tuple[Kind, str], str] = {}
        """What the exchange does not stream, with its reason: that goes by REST."""
        self.backoff = Backoff()
        self._session = session
        self._kinds = tuple(kinds)
        self._timeframe = timeframe
        self._on_up = on_up
        self._on_break = on_break
        self._symbols: tuple[str, ...] = ()
        self._added: list[str] = []
        self._added_kinds: list[Kind] = []
        self._known: list[Any] = []
        self._news = asyncio.Event()
        self._is_broken = False
        self._up_since: float | None = None

    @property
    def is_any(self) -> bool:
        """Whether the exchange streams anything that is wanted."""
        return bool(self._planned(("any",)))

    def streams(self, kind: Kind, symbol: str) -> bool:
        """Return whether a symbol's data of a kind comes by stream while the streams are up."""
        return bool(self._planned((symbol,), (kind,))) and (kind, symbol) not in self.refused

    def watch(self, symbols: Sequence[str]) -> None:
        """Stream these symbols from now on; what is no longer among them is left to run out."""
        self._added += [symbol for symbol in symbols if symbol not in self._symbols]
        self._symbols = tuple(symbols)
        self._news.set()

    def add_kind(self, kind: Kind) -> None:
        """Stream one more kind of data."""
        if kind not in self._kinds:
            self._kinds = (*self._kinds, kind)
            self._added_kinds.append(kind)
            self._news.set()

    def restart(self, reason: str) -> None:
        """Drop the streams and connect them anew."""
        if not self._is_broken:
            self._is_broken = True
            self.last_error = reason
            self._go_down()
            self._news.set()

    def look(self) -> None:
        """See whether a connection has gone; to be called before the caches are read."""
        current = list((self._session.client.clients or {}).values())
        if any(one not in current for one in self._known):
            self._known = []
            self.restart("a connection was lost")
        else:
            self._known = current

    async def run(self) -> None:
        """Keep the streams up until cancelled."""
        while self.is_any:
            error: CtsError | None = None
            self._is_broken = False
            try:
                await self._connect()
                await self._keep()
            except CtsError as failure:
                error = failure
                self.last_error = str(failure)
            self._go_down()
            if self._up_since is not None and time.monotonic() - self._up_since > _SETTLED_S:
                self.backoff.reset()
            self._up_since = None
            LOG.info("streams of %s broke: %s", self._session.exchange, self.last_error)
            self.reconnects += 1
            await asyncio.sleep(self.backoff.next_s(error))
            await self._session.restart_streams()
            self._known = []

    def _go_down(self) -> None:
        if self.is_up:
            self.is_up = False
            self._on_break()

    async def _connect(self) -> None:
        self._added.clear()
        self._added_kinds.clear()
        self.refused.clear()
        await self._subscribe(self._planned(self._symbols))
        if not self._is_broken:
            self.is_up = True
            self._up_since = time.monotonic()
            self._on_up()

    async def _keep(self) -> None:
        """Return when the streams have broken; meanwhile subscribe what is added."""
        while not self._is_broken:
            self._news.clear()
            added, self._added = tuple(self._added), []
            kinds, self._added_kinds = tuple(self._added_kinds), []
            planned = [*self._planned(added), *self._planned(self._symbols, kinds)]
            if planned:
                await self._subscribe(planned)
            else:
                await self._news.wait()

    def _planned(
        self, symbols: Sequence[str], kinds: Sequence[Kind] | None = None
    ) -> list[Subscription]:
        wanted = self._kinds if kinds is None else [kind for kind in kinds if kind in self._kinds]
        return subscriptions(wanted, symbols, self._timeframe, self._session.has)

    async def _subscribe(self, planned: Sequence[Subscription]) -> None:
        """Make subscriptions, some at a time. Raises RetryableError where one cannot be made."""
        gate = asyncio.Semaphore(_AT_ONCE)

        async def make(one: Subscription) -> None:
            async with gate:
                await self._make(one)

        results = await asyncio.gather(*map(make, planned), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _make(self, one: Subscription) -> None:
        """Make one subscription; what the exchange refuses is tried in halves, then noted."""
        try:
            await self._session.watch(one.method, *one.args, timeout_s=_FIRST_WORD_S)
        except QuietStreamError:
            return
        except RetryableError:
            raise
        except CtsError as error:
            for half in one.halves():
                await self._make(half)
            if len(one.symbols) == 1:
                self.refused[one.kind, one.symbols[0]] = str(error)
