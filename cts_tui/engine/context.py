"""What the processors of one engine share: its market, positions, pen, venue and permissions."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf

from cts_tui.clock import Clock
from cts_tui.engine.account import Account
from cts_tui.engine.book import Holder, PositionBook
from cts_tui.engine.market_state import MarketState, Series
from cts_tui.engine.recorder import Recorder
from cts_tui.engine.risk import Situation
from cts_tui.market.freshness import is_candle_stale
from cts_tui.model.columns import CandleColumns
from cts_tui.model.connection import ConnectionSetup
from cts_tui.model.market import Source
from cts_tui.model.records import Signal
from cts_tui.model.trade import Trade
from cts_tui.settings import Settings
from cts_tui.venue.venue import Venue


def _no_older(_series: Series, _before_ms: int) -> CandleColumns:
    """There are no candles but those in memory."""
    return CandleColumns.from_candles([])


def _ignore(_holder: Holder, _trade: Trade) -> None:
    """Nobody listens."""


@dataclass(slots=True)
class EngineContext:
    """One event loop fills and reads it: no locks."""

    setup: ConnectionSetup
    settings: Settings
    clock: Clock
    market: MarketState
    account: Account
    recorder: Recorder
    venue: Venue
    store_id: str
    book: PositionBook = field(default_factory=PositionBook)
    is_gated: bool = True
    """Whether the profit-factor gate decides which rules may trade."""
    older_candles: Callable[[Series, int], CandleColumns] = _no_older
    """Gives the stored candles of a series from before a time: the gate's record begins there."""
    is_killed: bool = False
    lease_until: float = inf
    """Monotonic time until which the lease of the connection is certainly ours (S9)."""
    is_recorded: bool = False
    """Whether this is a replay: its positions are kept, but are no change of trading state."""
    on_trade: Callable[[Holder, Trade], None] = _ignore
    """Hears of every closed trade."""

    @property
    def has_lease(self) -> bool:
        """Whether no other engine can have taken over, however long this process was held up."""
        return time.monotonic() < self.lease_until

    def now_ms(self) -> int:
        """Return the engine's time: the wall clock, or the candle's in a replay."""
        return self.clock.now_ms()

    def entry_situation(self, signal: Signal) -> Situation:
        """Return what the risk check of an entry looks at.

        A signal ages with its candle: one that waited, or came in late, is as stale as old data.
        """
        now_ms = self.now_ms()
        is_stale = self.market.is_stale(signal.symbol, signal.timeframe, now_ms) or (
            self.market.has_ticks and is_candle_stale(signal.timeframe, signal.time_ms, now_ms)
        )
        return self._situation(signal.symbol, is_stale, signal)

    def exit_situation(self, symbol: str, signal: Signal | None = None) -> Situation:
        """Return what the risk check of an exit looks at; `signal` is that of the rule, if any."""
        return self._situation(symbol, self.market.is_quote_stale(symbol, self.now_ms()), signal)

    def _situation(self, symbol: str, is_stale: bool, signal: Signal | None) -> Situation:  # noqa: FBT001
        quote = self.market.quotes.get(symbol)
        is_invented = signal is not None and signal.source == Source.SYNTHETIC
        return Situation(
            is_live=self.setup.live,
            is_killed=self.is_killed,
            has_lease=self.has_lease,
            is_store_failing=self.recorder.is_failing,
            source=quote.source if quote and not is_invented else Source.SYNTHETIC,
            is_stale=is_stale,
        )
