"""Follows an account's orders and fills at an exchange: by stream where there is one, and by polls.

A stream replays nothing that it missed (note 11), so every cut is followed by a poll, and a slow
poll runs beside a stream that lives.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

from cts_tui.errors import CtsError, RetryableError
from cts_tui.exchange.faults import QuietStreamError
from cts_tui.exchange.session import ExchangeSession
from cts_tui.model.records import Fill, Order
from cts_tui.venue.ccxt_inbox import Inbox
from cts_tui.venue.ccxt_reading import Reader
from cts_tui.venue.ccxt_search import OrderSearch
from cts_tui.venue.ccxt_trades import Trades
from cts_tui.venue.followed_orders import FollowedOrders
from cts_tui.venue.venue import OrderReport

_QUIET_S: Final = 30.0
_POLL_S: Final = 2.0
_POLL_BESIDE_STREAM_S: Final = 30.0
_SETTLE_S: Final = 0.02
"""An update that arrives while no watch is pending wakes nobody (note 11). So long after a message
the next watch is pending for certain, and what came between is in ccxt's cache."""
_SWEPT: Final = 50
_CACHES: Final = {
    "watch_orders": ("orders", "triggerOrders"),
    "watch_my_trades": ("myTrades",),
}
_OVERLAP_MS: Final = 60_000
"""A poll asks again for the minute before the last one: trades may come in late."""


class OrderStream:
    """Fills the inbox; knows which orders are still at work."""

    def __init__(
        self,
        session: ExchangeSession,
        symbols: Sequence[str],
        reader: Reader,
        search: OrderSearch,
        trades: Trades,
        inbox: Inbox,
        heard: Callable[[], None],
        interrupted: Callable[[], None],
    ) -> None:
        """`heard` is called for every piece of news, `interrupted` when a stream is cut or back."""
        self._session = session
        self._symbols = tuple(symbols)
        self._reader = reader
        self._search = search
        self._trades = trades
        self._inbox = inbox
        self._heard = heard
        self._interrupted = interrupted
        self._followed = FollowedOrders()
        self._polled_ms: dict[str, int] = {}
        self._wants_poll = asyncio.Event()
        self._lost: set[str] = set()
        """Streams that do not bring anything now."""
        self.last_error = ""
        self.polls = 0

    def follow(self, order: Order) -> None:
        """Keep an eye on an order until it has ended and its fills have come."""
        self._followed.add(order)
        self._polled_ms.setdefault(order.symbol, order.created_ms)

    def take_in(self, report: OrderReport | None) -> None:
        """Hear of an order, from wherever."""
        if report is not None and self._inbox.add_report(report):
            self._followed.hear_report(report)
            self._heard()
            self.name_fills()

    def take_in_trades(self, rows: Any) -> None:
        """Hear of the account's trades as ccxt tells them, from wherever."""
        self._take_in_fills([self._reader.fill(row) for row in rows or ()])

    def name_fills(self) -> None:
        """Look whose the fills are that nobody was known for."""
        named = self._inbox.name_fills()
        for fill in named:
            self._followed.hear_fill(fill)
        if named:
            self._heard()

    def _take_in_fills(self, fills: Iterable[Fill | None]) -> None:
        for fill in fills:
            if fill is not None:
                self._inbox.add_fill(fill)
        self.name_fills()

    async def run(self) -> None:
        """Follow until cancelled. Failures of the exchange are waited out, never raised."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_all("watchOrders", "watch_orders", self._take_orders))
            group.create_task(
                self._watch_all("watchMyTrades", "watch_my_trades", self.take_in_trades)
            )
            group.create_task(self._poll_always())

    async def poll(self) -> None:
        """Ask for the state and the trades of every order followed. Raises kinds of CtsError."""
        self.polls += 1
        followed = self._followed.looked_at()
        symbols = sorted({one.order.symbol for one in followed})
        resting = await self._search.open_orders(symbols) if symbols else []
        for report in resting:
            self.take_in(report)
        ids = {report.client_order_id for report in resting}
        for one in followed:
            if not one.has_ended and one.order.client_order_id not in ids:
                self.take_in((await self._search.find(one.order)).report)
        for symbol in symbols:
            await self._poll_trades(symbol)

    async def _poll_trades(self, symbol: str) -> None:
        now_ms = self._session.server_now_ms()
        since_ms = min(self._polled_ms.get(symbol, now_ms), now_ms) - _OVERLAP_MS
        self._take_in_fills(await self._trades.since(symbol, since_ms))
        self._polled_ms[symbol] = now_ms

    def _take_orders(self, rows: Any) -> None:
        for row in rows or ():
            self.take_in(self._reader.report(row))
            self.take_in_trades(row.get("trades") if isinstance(row, dict) else None)

    async def _watch_all(self, name: str, method: str, take: Callable[[Any], None]) -> None:
        """Watch the whole account; where the exchange wants symbols, each of them."""
        if self._session.client.has.get(name) is not True:
            self._lost.add(method)
            return
        if await self._watch(method, take):
            return
        self._lost.discard(method)
        async with asyncio.TaskGroup() as group:
            for symbol in self._symbols:
                group.create_task(self._watch(method, take, symbol))

    async def _watch(self, method: str, take: Callable[[Any], None], *args: str) -> bool:
        """Hand on what a stream brings, for ever; after a cut have a poll fetch what was missed.

        Return whether it ever brought anything, once the exchange refuses it.
        """
        key = " ".join((method, *args))
        was_heard, wait_s = False, _QUIET_S
        while True:
            try:
                take(await self._session.watch(method, *args, timeout_s=wait_s))
                was_heard, wait_s = True, _SETTLE_S
                self._found(key)
            except QuietStreamError:
                if wait_s == _SETTLE_S:  # the next watch is on by now, what it missed is here
                    take(self._cached(method))
                wait_s = _QUIET_S
                self._found(key)
            except CtsError as error:
                self.last_error = str(error)
                self._lose(key)
                if not isinstance(error, RetryableError):
                    return was_heard
                await asyncio.sleep(error.wait_s)

    def _lose(self, key: str) -> None:
        """Note that a stream is cut: what it misses has to be asked for."""
        is_news = key not in self._lost
        self._lost.add(key)
        self._wants_poll.set()
        if is_news:
            self._interrupted()

    def _found(self, key: str) -> None:
        """Note that a stream lives."""
        if key in self._lost:
            self._lost.discard(key)
            self._interrupted()

    def _cached(self, method: str) -> list[Any]:
        """Return the newest rows that ccxt keeps of a stream."""
        client = self._session.client
        caches = (getattr(client, name, None) for name in _CACHES[method])
        return [row for cache in caches for row in list(cache or ())[-_SWEPT:]]

    async def _poll_always(self) -> None:
        while True:
            await self._pause(_POLL_S if self._lost else _POLL_BESIDE_STREAM_S)
            try:
                await self.poll()
            except CtsError as error:
                self.last_error = str(error)
                if isinstance(error, RetryableError):
                    await asyncio.sleep(error.wait_s)

    async def _pause(self, longest_s: float) -> None:
        """Wait for the next poll: so long, or until a stream is cut."""
        with suppress(TimeoutError):
            async with asyncio.timeout(longest_s):
                await self._wants_poll.wait()
        self._wants_poll.clear()
