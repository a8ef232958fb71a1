"""From ccxt's tickers to ticks: what is not new, or no price the exchange itself said, stays out.

A tick's time is ours: the venue's time less its clock's offset. So ages mean what they say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from cts_tui.exchange.said_prices import SaidPrices, number_of
from cts_tui.market.freshness import FUTURE_TOLERANCE_MS
from cts_tui.model.market import Source, Tick
from cts_tui.model.money import exact

Ticker = Mapping[str, Any]
"""ccxt's unified ticker."""
Quoted = tuple[Decimal | None, Decimal | None]
"""Best bid and ask."""

_NOT_QUOTED: Final[Quoted] = (None, None)


class TickRefusal(StrEnum):
    """Why a ticker gave no tick."""

    NO_PRICE = "no price"
    NOT_SAID = "price computed, not said by the exchange"
    FUTURE = "from the future"
    OUT_OF_ORDER = "out of order"


@dataclass(slots=True)
class _Known:
    """The newest ticker of a symbol."""

    content: tuple[Any, ...]
    time_ms: int
    tick: Tick

    def says(self, content: tuple[Any, ...], time_ms: int) -> bool:
        """Return whether it says the same."""
        return self.content == content and self.time_ms == time_ms


class TickerGate:
    """Lets through the tickers of one connection that say something, and counts the others."""

    def __init__(self) -> None:
        self.refused: dict[TickRefusal, int] = {}
        self._known: dict[str, _Known] = {}
        self._quotes: dict[str, Quoted] = {}
        """Bid and ask that came apart from prices."""
        self._said = SaidPrices()

    def last(self, symbol: str) -> Tick | None:
        """Return the newest tick of a symbol."""
        known = self._known.get(symbol)
        return None if known is None else known.tick

    def forget(self, symbol: str) -> None:
        """Forget a symbol that is no longer watched."""
        self._known.pop(symbol, None)
        self._quotes.pop(symbol, None)

    def forget_quotes(self) -> None:
        """Forget bids and asks that came apart: their stream has broken."""
        self._quotes.clear()

    def price(self, ticker: Ticker) -> float | None:
        """Return the last price that the exchange itself said, None where it said none."""
        last = number_of(ticker.get("last"))
        if last is None or last <= 0:
            return None
        return last if self._said.is_said(ticker, last) else None

    def tick(
        self, symbol: str, ticker: Ticker, *, now_ms: int, offset_ms: int, source: Source
    ) -> Tick | TickRefusal | None:
        """Return the tick of a ticker that says something new; None of one that does not.

        `now_ms` is our clock, `offset_ms` how far the venue's is ahead. A ticker without a time is
        of now if it differs from the one before, else as old as that: a frozen one looks alive.
        """
        known = self._known.get(symbol)
        content = _content(ticker)
        stamp = ticker.get("timestamp")
        is_stamped = isinstance(stamp, int) and stamp > 0
        time_ms = stamp - offset_ms if is_stamped else now_ms  # type: ignore[operator]
        if known is not None and known.says(content, time_ms if is_stamped else known.time_ms):
            return None
        fault = _time_fault(time_ms, now_ms, known)
        price = None if fault else self.price(ticker)
        if price is None:
            reason = fault or _price_fault(ticker)
            self.refused[reason] = self.refused.get(reason, 0) + 1
            return reason
        bid, ask = _quoted(ticker)
        if bid is ask is None:
            bid, ask = self._quotes.get(symbol, _NOT_QUOTED)
        tick = Tick(symbol, min(time_ms, now_ms), exact(price), source, bid, ask)
        self._known[symbol] = _Known(content, time_ms, tick)
        return tick

    def quoted(self, symbol: str, ticker: Ticker) -> Tick | None:
        """Return the newest tick of a symbol with the best bid and ask told apart from it.

        None where nothing changed, or there is no price yet.
        """
        known = self._known.get(symbol)
        bid, ask = self._quotes[symbol] = _quoted(ticker)
        if known is None or (bid, ask) == (known.tick.bid, known.tick.ask):
            return None
        known.tick = known.tick._replace(bid=bid, ask=ask)
        return known.tick


def _time_fault(time_ms: int, now_ms: int, known: _Known | None) -> TickRefusal | None:
    if time_ms > now_ms + FUTURE_TOLERANCE_MS:
        return TickRefusal.FUTURE
    if known is not None and time_ms < known.time_ms:
        return TickRefusal.OUT_OF_ORDER
    return None


def _price_fault(ticker: Ticker) -> TickRefusal:
    last = number_of(ticker.get("last"))
    return TickRefusal.NO_PRICE if last is None or last <= 0 else TickRefusal.NOT_SAID


def _content(ticker: Ticker) -> tuple[Any, ...]:
    """Return what shows that something happened, apart from the time.

    The volume of 24 hours does not: it changes in a market where nothing is traded.
    """
    return ticker.get("last"), ticker.get("bid"), ticker.get("ask")


def _quoted(ticker: Ticker) -> Quoted:
    """Return bid and ask, each only where it can be one; none where they are crossed."""
    bid, ask = _positive(ticker.get("bid")), _positive(ticker.get("ask"))
    if bid is not None and ask is not None and bid > ask:
        return None, None
    return bid, ask


def _positive(value: Any) -> Decimal | None:
    number = number_of(value)
    return None if number is None or number <= 0 else exact(number)
