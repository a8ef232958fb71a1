"""Prices: what was last traded, the top of the book, the 24 hours, and who wants to hear of it."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count

from tests.loopback.candles import DAY, MINUTE, Candle, Candles, walked_back
from tests.loopback.clock import VenueClock
from tests.loopback.listings import Listing


@dataclass(slots=True)
class Print:
    """One trade of other people."""

    id: int
    time_ms: int
    price: Decimal
    quantity: Decimal


@dataclass(slots=True)
class Day:
    """The last 24 hours."""

    minute_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    volume: Decimal
    quote_volume: Decimal


@dataclass(slots=True)
class Face:
    """What tickers show of a symbol."""

    time_ms: int
    last: Decimal
    bid: Decimal
    ask: Decimal
    day: Day


@dataclass(slots=True)
class Quote:
    """The state of one symbol."""

    listing: Listing
    last: Decimal
    spread: Decimal
    candles: Candles
    prints: deque[Print] = field(default_factory=lambda: deque(maxlen=1_000))
    frozen: Face | None = None
    day: Day | None = None
    update_id: int = 1
    quote_volume: Decimal | None = None
    """Set it to say what the 24 h quote volume is, for symbol filters."""

    @property
    def bid(self) -> Decimal:
        """The best bid: the last price."""
        return self.last

    @property
    def ask(self) -> Decimal:
        """The best ask: a spread above."""
        return self.last + self.spread


class Market:
    """Every symbol's price. `trade` moves one, and the engines match against it at once."""

    def __init__(
        self,
        listings: dict[str, Listing],
        clock: VenueClock,
        *,
        history_minutes: int = 300,
        seed: int = 1,
    ) -> None:
        self.listings = listings
        self.clock = clock
        self.seed = seed
        self.history_minutes = history_minutes
        self.listeners: list[Callable[[str, Print], None]] = []
        self._quotes: dict[str, Quote] = {}
        self._ids = count(1)

    def quote(self, symbol: str) -> Quote:
        """Return the state of a symbol, made at first use."""
        known = self._quotes.get(symbol)
        if known is None:
            listing = self.listings[symbol]
            candles = Candles(listing.price, self.clock.now_ms())
            candles.load(
                walked_back(
                    listing.price,
                    listing.tick,
                    end_ms=self.clock.now_ms(),
                    minutes=self.history_minutes,
                    seed=f"{self.seed}:{symbol}",
                )
            )
            known = Quote(listing, listing.price, listing.tick, candles)
            self._quotes[symbol] = known
        return known

    def trade(
        self, symbol: str, price: Decimal | str | float, quantity: Decimal | str | int = 1
    ) -> Print:
        """Move a price: other people trade `quantity` there, and resting orders meet it."""
        quote = self.quote(symbol)
        made = Print(
            next(self._ids), self.clock.now_ms(), Decimal(str(price)), Decimal(str(quantity))
        )
        quote.last = made.price
        quote.update_id += 1
        quote.prints.append(made)
        quote.candles.add(made.time_ms, made.price, made.quantity)
        if quote.day is not None:
            _widen(quote.day, made)
        for listener in self.listeners:
            listener(symbol, made)
        return made

    def load_history(self, symbol: str, minutes: Iterable[Candle]) -> None:
        """Replace the generated history by recorded 1m candles."""
        quote = self.quote(symbol)
        quote.candles.forget()
        quote.candles.load(minutes)
        quote.day = None

    def freeze(self, symbol: str) -> None:
        """Let every ticker of a symbol show this moment for good."""
        self.quote(symbol).frozen = self.face(symbol)

    def thaw(self, symbol: str) -> None:
        """Let tickers follow the price again."""
        self.quote(symbol).frozen = None

    def face(self, symbol: str) -> Face:
        """Return what tickers show now."""
        quote = self.quote(symbol)
        if quote.frozen is not None:
            return quote.frozen
        day = self._day(quote)
        return Face(self.clock.now_ms(), quote.last, quote.bid, quote.ask, day)

    def is_listed(self, symbol: str, market: str) -> bool:
        """Say whether a symbol is on `spot` or `swap`."""
        listing = self.listings.get(symbol)
        return listing is not None and market in listing.markets

    def symbols(self, market: str) -> Iterator[str]:
        """Yield what is listed on `spot` or `swap`."""
        for symbol, listing in self.listings.items():
            if market in listing.markets:
                yield symbol

    def _day(self, quote: Quote) -> Day:
        now = self.clock.now_ms()
        minute_ms = now // MINUTE * MINUTE
        if quote.day is None or quote.day.minute_ms != minute_ms:
            total = _sum(quote.candles.series("1m", minute_ms - DAY + MINUTE, now), quote.last)
            quote.day = Day(
                minute_ms, total.open, total.high, total.low, total.volume, total.quote_volume
            )
        if quote.quote_volume is not None:
            quote.day.quote_volume = quote.quote_volume
            quote.day.volume = quote.quote_volume / quote.last
        return quote.day


def _sum(candles: Iterator[Candle], price: Decimal) -> Candle:
    first = next(candles, None)
    if first is None:
        return Candle.flat(0, price)
    total = Candle.flat(first.time_ms, first.open)
    total.absorb(first)
    for candle in candles:
        total.absorb(candle)
    return total


def _widen(day: Day, made: Print) -> None:
    day.high = max(day.high, made.price)
    day.low = min(day.low, made.price)
    day.volume += made.quantity
    day.quote_volume += made.price * made.quantity
