"""What a feed takes in, whoever brings it: symbols with their candles, prices and signs of life."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cts_tui.clock import Clock
from cts_tui.exchange.session import ExchangeSession
from cts_tui.market.aggregate import bucket_open_ms
from cts_tui.market.ccxt_feed_candles import CandleAssembly, Row
from cts_tui.market.ccxt_feed_liveness import Liveness
from cts_tui.market.ccxt_feed_outbox import Outbox
from cts_tui.market.ccxt_feed_tickers import Ticker, TickerGate, TickRefusal
from cts_tui.model.market import Candle, CandleClosed, Source, Tick, timeframe_ms


@dataclass(frozen=True, slots=True)
class FeedBounds:
    """How long the feed waits for what; seconds."""

    poll_s: float = 5.0
    """Between two rounds of tickers by REST."""
    silent_s: float = 10.0
    """Silence of a stream on a symbol until REST is asked about it."""
    grace_s: float = 2.0
    """After a candle's close, until REST is asked for what the stream has not settled."""


def monotonic_ms() -> float:
    """Return the time of a clock that never jumps, in milliseconds."""
    return time.monotonic() * 1000


class Intake:
    """The symbols of one feed, and the gates through which everything goes out."""

    def __init__(
        self, session: ExchangeSession, timeframe: str, clock: Clock, bounds: FeedBounds
    ) -> None:
        self.session = session
        self.timeframe = timeframe
        self.bounds = bounds
        self.step_ms = timeframe_ms(timeframe)
        self.symbols: tuple[str, ...] = ()
        self.assemblies: dict[str, CandleAssembly] = {}
        self.gate = TickerGate()
        self.liveness = Liveness((), monotonic_ms(), bounds.silent_s * 1000)
        self.outbox = Outbox()
        self.on_no_quotes: Callable[[], None] | None = None
        """Called when the stream's tickers lack bid and ask."""
        self._clock = clock

    def watch(self, symbols: Sequence[str]) -> None:
        """Take in these symbols from now on, and no others."""
        for symbol in set(self.symbols) - set(symbols):
            self.assemblies.pop(symbol, None)
            self.gate.forget(symbol)
        grace_ms = round(self.bounds.grace_s * 1000)
        for symbol in symbols:
            if symbol not in self.assemblies:
                self.assemblies[symbol] = CandleAssembly(self.timeframe, grace_ms=grace_ms)
        self.symbols = tuple(symbols)
        self.liveness.watch(self.symbols, monotonic_ms())

    def begin(self, symbol: str, last: Candle | None = None) -> None:
        """Go on after the candle `last`, or with the one that is forming."""
        assembly = self.assemblies.get(symbol)
        if assembly is None:
            return
        if last is not None:
            assembly.begin_after(last.time_ms, last)
        elif assembly.settled_ms is None:
            forming_ms = bucket_open_ms(self.session.server_now_ms(), self.timeframe)
            assembly.begin_after(forming_ms - self.step_ms)

    def break_off(self) -> None:
        """The streams have broken: what they said of forming candles may not be all."""
        self.gate.forget_quotes()
        for assembly in self.assemblies.values():
            assembly.break_off()

    def take_ticker(self, symbol: str, ticker: Ticker, source: Source) -> None:
        """Pass on what a ticker tells, if anything."""
        tick = self.gate.tick(
            symbol,
            ticker,
            now_ms=self._clock.now_ms(),
            offset_ms=self.session.clock_offset_ms,
            source=source,
        )
        if isinstance(tick, TickRefusal):
            return
        if source is Source.STREAM:
            self.liveness.heard(symbol, monotonic_ms())
        if tick is not None:
            self.outbox.put(tick)
            self._look_for_quotes(tick)

    def _look_for_quotes(self, tick: Tick) -> None:
        if tick.source is Source.STREAM and tick.bid is tick.ask is None and self.on_no_quotes:
            self.on_no_quotes()
            self.on_no_quotes = None

    def take_quote(self, symbol: str, ticker: Ticker, *, is_priced_too: bool) -> None:
        """Pass on a best bid and ask that came apart from the price, with the next one if any."""
        tick = self.gate.quoted(symbol, ticker)
        if tick is not None and not is_priced_too:
            self.outbox.put(tick)

    def take_rows(self, symbol: str, rows: Iterable[Row], now_ms: int) -> None:
        """Look at the stream's newest candles; pass on those that are settled."""
        assembly = self.assemblies[symbol]
        if assembly.observe(rows, now_ms):
            self.liveness.heard(symbol, monotonic_ms())
            self.hand_on(symbol, assembly.take(), Source.STREAM)

    def hand_on(self, symbol: str, candles: Iterable[Candle], source: Source) -> None:
        """Pass on closed candles."""
        for candle in candles:
            self.outbox.put(CandleClosed(symbol, self.timeframe, candle, source))
