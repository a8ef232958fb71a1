"""The market as one engine sees it: candle buffers, latest prices, and what moved since."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from cts_tui.market.aggregate import CandleAggregator
from cts_tui.market.candles import CandleBuffer
from cts_tui.market.freshness import is_candle_stale, is_tick_stale
from cts_tui.model.columns import CandleColumns
from cts_tui.model.market import Candle, CandleClosed, MarketEvent, Source, Tick, timeframe_ms
from cts_tui.model.money import exact

Series = tuple[str, str]
"""Symbol and timeframe."""


@dataclass(slots=True)
class Quote:
    """The latest price of a symbol."""

    price: Decimal
    time_ms: int
    source: Source
    received_ms: int
    bid: Decimal | None = None
    ask: Decimal | None = None


@dataclass(slots=True)
class Move:
    """How far a symbol's price went since the last look; floats, for comparisons only."""

    open: float
    high: float
    low: float
    last: float
    time_ms: int
    source: Source
    bid: Decimal | None = None
    ask: Decimal | None = None
    """Bid and ask at `open`."""


@dataclass(slots=True)
class MarketState:
    """Filled by the feed, read by the processors; one event loop, no locks."""

    capacity: int
    tick_stale_s: float
    has_ticks: bool = True
    """False where a candle's own open, high and low stand for the ticks between candles."""
    buffers: dict[Series, CandleBuffer] = field(default_factory=dict)
    quotes: dict[str, Quote] = field(default_factory=dict)
    real_quotes: dict[str, Quote] = field(default_factory=dict)
    """The latest price of each symbol that was not invented."""
    moves: dict[str, Move] = field(default_factory=dict)
    """By symbol, since the realtime processor last looked."""
    closed: deque[CandleClosed] = field(default_factory=deque)
    """Candles that wait for the indication processor."""
    closes: deque[CandleClosed] = field(default_factory=deque)
    """Candles behind whose closes the realtime processor has yet to trail."""
    _base: str = ""
    _coarser: list[str] = field(default_factory=list)
    _aggregators: dict[Series, CandleAggregator] = field(default_factory=dict)
    refused: int = 0
    """Prices that were no prices (S12)."""

    def buffer(self, symbol: str, timeframe: str) -> CandleBuffer:
        """Return the buffer of a series, made when first asked for."""
        key = (symbol, timeframe)
        buffer = self.buffers.get(key)
        if buffer is None:
            buffer = self.buffers[key] = CandleBuffer(timeframe, self.capacity)
        return buffer

    def settled(self, series: Series, ready: Iterable[CandleClosed] = ()) -> CandleColumns:
        """Return the candles of a series, less those in `closed` and `ready`: they are to come."""
        waiting = sum(event[:2] == series for queue in (self.closed, ready) for event in queue)
        columns = self.buffer(*series).columns()
        return columns.slice(0, max(0, len(columns) - waiting))

    def warm(self, symbol: str, timeframe: str, history: CandleColumns) -> None:
        """Fill the buffer of a series with its history."""
        self.buffer(symbol, timeframe).extend(history)

    def aggregate_to(self, base: str, timeframes: set[str]) -> None:
        """Make candles of coarser `timeframes` from those of `base`, from here on and so far."""
        self._base, self._coarser = base, sorted(timeframes, key=timeframe_ms)
        self._aggregators = {}
        for (symbol, timeframe), buffer in list(self.buffers.items()):
            if timeframe == base:
                for coarser in self._coarser:
                    self._aggregate_history(symbol, coarser, buffer.columns())

    def _aggregate_history(self, symbol: str, coarser: str, history: CandleColumns) -> None:
        """Fill the buffer of a coarser series, and leave its aggregator where history ends."""
        aggregator = self._aggregators[symbol, coarser] = CandleAggregator(self._base, coarser)
        buffer = self.buffer(symbol, coarser)
        buffer.clear()
        for candle in history:
            for whole in aggregator.add(candle):
                buffer.append(whole)

    def apply(self, events: Iterable[MarketEvent], received_ms: int) -> None:
        """Take a batch of events in the order in which they happened."""
        for event in events:
            if isinstance(event, Tick):
                self._apply_tick(event, received_ms)
            else:
                self._apply_candle(event, received_ms)

    def _apply_tick(self, tick: Tick, received_ms: int) -> None:
        price = tick.price
        if not price.is_finite() or price <= 0:
            self.refused += 1
            return
        quote = self.quotes[tick.symbol] = Quote(
            price, tick.time_ms, tick.source, received_ms, tick.bid, tick.ask
        )
        if tick.source is not Source.SYNTHETIC:
            self.real_quotes[tick.symbol] = quote
        value = float(price)
        move = self.moves.get(tick.symbol)
        if move is None:
            self.moves[tick.symbol] = Move(
                value, value, value, value, tick.time_ms, tick.source, tick.bid, tick.ask
            )
            return
        move.high = max(move.high, value)
        move.low = min(move.low, value)
        move.last = value
        move.time_ms = tick.time_ms
        move.source = tick.source

    def _apply_candle(self, event: CandleClosed, received_ms: int) -> None:
        symbol, timeframe, candle, source = event
        buffer = self.buffer(symbol, timeframe)
        if not buffer.append(candle):
            self.refused += 1
            return
        candle = buffer.last or candle
        self._announce(CandleClosed(symbol, timeframe, candle, source))
        for coarser in self._coarser if timeframe == self._base else ():
            self._add_to(coarser, symbol, candle, source)
        if not self.has_ticks:
            quote = Quote(exact(candle.close), candle.time_ms, source, received_ms)
            self.quotes[symbol] = quote
            if source is not Source.SYNTHETIC:
                self.real_quotes[symbol] = quote
            self.moves[symbol] = Move(
                candle.open, candle.high, candle.low, candle.close, candle.time_ms, source
            )

    def _announce(self, event: CandleClosed) -> None:
        self.closed.append(event)
        self.closes.append(event)

    def _add_to(self, coarser: str, symbol: str, candle: Candle, source: Source) -> None:
        """Add a candle to the one of a coarser timeframe; announce what that completes."""
        key = (symbol, coarser)
        aggregator = self._aggregators.get(key)
        if aggregator is None:
            aggregator = self._aggregators[key] = CandleAggregator(self._base, coarser)
        for whole in aggregator.add(candle):
            if self.buffer(symbol, coarser).append(whole):
                self._announce(CandleClosed(symbol, coarser, whole, source))

    def is_stale(self, symbol: str, timeframe: str, now_ms: int) -> bool:
        """Return whether a symbol's data is too old to enter on (S8)."""
        buffer = self.buffers.get((symbol, timeframe))
        last = buffer.last if buffer else None
        if is_candle_stale(timeframe, last.time_ms if last else None, now_ms):
            return True
        return self.has_ticks and self.is_quote_stale(symbol, now_ms)

    def is_quote_stale(self, symbol: str, now_ms: int) -> bool:
        """Return whether a symbol's latest price is older than its bound."""
        quote = self.quotes.get(symbol)
        if quote is None:
            return True
        if not self.has_ticks:
            return False
        return is_tick_stale(self.tick_stale_s, quote.time_ms, now_ms)
