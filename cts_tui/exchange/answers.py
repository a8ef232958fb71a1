"""A ccxt class that lets no broken answer pass, and tells its session of everything it does.

ccxt takes an HTML page, cut JSON or an empty body with status 200 for an answer without content:
an order without id, a list without positions. Here they raise BadResponse, as does a market table
without markets. One NaN among a thousand prices is read as null.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from cts_tui.exchange.json_text import parsed
from cts_tui.exchange.loader import ccxt_errors
from cts_tui.exchange.streams import guarded

_NO_CONTENT: Final = (204, 205)
LATER_KEPT: Final = 100
"""So many of ccxt's timers (listen keys) are remembered, to be ended with the session."""


def _ignore() -> None:
    """Nobody wants to be woken by streams."""


def _heard(future: asyncio.Future[Any]) -> None:
    """Look at what became of something ccxt did by itself, so that asyncio does not log it."""
    if not future.cancelled():
        future.exception()


class Listener(Protocol):
    """Who is told what the client does."""

    async def pay(self, cost: float) -> None:
        """Wait for leave to send a request of this cost."""
        ...

    def sending(self, method: str) -> None:
        """Hear that a request goes out now."""
        ...

    def answered(self, status: int, headers: Mapping[str, str], body: str) -> None:
        """Hear that an answer came."""
        ...


def strict_class(exchange_class: type[Any], listener: Listener) -> type[Any]:
    """Return a subclass of ccxt's class that pays, raises and tells as this module says."""
    return type(exchange_class.__name__, (StrictClient, exchange_class), {"listener": listener})


_CcxtExchange: Any = object
"""Stands for the exchange's class, which comes second among the bases of every strict class."""


class StrictClient(_CcxtExchange):  # type: ignore[misc]
    """What is put before ccxt's class of an exchange."""

    listener: Listener
    on_heard: Callable[[], None] = staticmethod(_ignore)
    """Called after every message of a stream: ccxt's caches may hold news."""
    _later: Sequence[Any] = ()

    async def throttle(self, cost: float | None = None) -> None:
        """Pay for a request; ccxt calls it before each one."""
        await self.listener.pay(1.0 if cost is None else float(cost))

    async def fetch(
        self, url: str, method: str = "GET", headers: Any = None, body: Any = None
    ) -> Any:
        """Send a request, having told that it goes out."""
        self.listener.sending(method)
        return await super().fetch(url, method, headers, body)

    def on_json_response(self, response_body: str) -> Any:
        """Return the answer's JSON; what is no number in it is null."""
        return parsed(response_body)

    def handle_errors(
        self,
        status: int,
        reason: str,
        url: str,
        method: str,
        headers: Any,
        body: Any,
        response: Any,
        *request: Any,
    ) -> Any:
        """Raise BadResponse for a good status without an answer, then what ccxt makes of it."""
        self.listener.answered(status, headers, body if isinstance(body, str) else "")
        is_good = 200 <= status < 300 and status not in _NO_CONTENT
        if is_good and response is None and (fault := fault_of(body)):
            raise ccxt_errors().BadResponse(f"{self.id} {method} {url} {status} answered {fault}")
        return super().handle_errors(status, reason, url, method, headers, body, response, *request)

    def set_markets(self, markets: Any, currencies: Any = None) -> Any:
        """Take a table of markets; an empty one is a fault and leaves the old one in place.

        Where currencies are not public, as the first load without keys shows, later ones do not
        ask for them with keys either.
        """
        if not markets:
            raise ccxt_errors().BadResponse(f"{self.id} answered a list of no markets")
        if not currencies:
            self.has["fetchCurrencies"] = False
        return super().set_markets(markets, currencies)

    def client(self, url: str) -> Any:
        """Return the websocket client of an address, guarded."""
        return guarded(super().client(url), self)

    def ws_dial_delay(self, url: str) -> float:
        """Return no delay: `Watching` waits between two connections, and says so."""
        return 0.0

    def delay(self, timeout: float, method: Any, *args: Any) -> Any:
        """Do something later, as ccxt does with listen keys; it ends with the session."""
        handle = super().delay(timeout, method, *args)
        self._later = [*self._later[-LATER_KEPT:], handle]
        return handle

    def spawn(self, method: Any, *args: Any) -> Any:
        """Do something in the background; a failure of it is not for the log."""
        future = super().spawn(method, *args)
        future.add_done_callback(_heard)
        return future

    async def close(self, *args: Any) -> None:
        """Close all connections and end what was to be done later."""
        for handle in self._later:
            handle.cancel()
        await super().close(*args)


def fault_of(body: Any) -> str:
    """Return what is wrong with a body that ccxt could not read as JSON, '' where nothing is.

    A lone JSON string, number or `true` is an answer: some exchanges confirm with one.
    """
    text = body.strip() if isinstance(body, str) else ""
    if not text:
        return "nothing"
    if text.startswith("<"):
        return "a web page: a proxy, a firewall or a login page stands in between"
    try:
        value = parsed(text)
    except ValueError:
        return "malformed JSON"
    return "null" if value is None else ""
