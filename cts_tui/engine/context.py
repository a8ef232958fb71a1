"""What the processors of one engine share: its market, positions, pen, venue and permissions."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from math import inf

from cts_tui.clock import Clock
from cts_tui.engine.account import Account
from cts_tui.engine.book import Holder, LivePosition, PositionBook
from cts_tui.engine.brakes import Brakes
from cts_tui.engine.market_state import MarketState, Series
from cts_tui.engine.recorder import Recorder
from cts_tui.engine.risk import Situation
from cts_tui.engine.working import Working
from cts_tui.market.freshness import is_candle_stale
from cts_tui.model.columns import CandleColumns
from cts_tui.model.connection import ConnectionSetup
from cts_tui.model.instrument import Instrument
from cts_tui.model.limits import RiskLimits
from cts_tui.model.market import Source
from cts_tui.model.money import ZERO
from cts_tui.model.records import Order, Signal
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trade import Trade
from cts_tui.settings import Settings
from cts_tui.venue.venue import Venue


def _no_older(_series: Series, _before_ms: int) -> CandleColumns:
    """There are no candles but those in memory."""
    return CandleColumns.from_candles([])


def _forgotten(_client_order_id: str, _venue_order_id: str) -> Working | None:
    """Nothing is kept of orders that have ended."""
    return None


def _unknown_position(_key: str) -> LivePosition | None:
    """Nothing is kept of positions that have closed."""
    return None


def _ignore(_holder: Holder, _trade: Trade) -> None:
    """Nobody listens."""


def _nothing() -> None:
    """Nobody listens."""


def _never() -> bool:
    """Nothing compares this engine with an exchange."""
    return False


def _no_fill(_symbol: str) -> int | None:
    """Nothing is known of earlier fills."""
    return None


def _no_others(_currency: str, _is_live: bool) -> Decimal:  # noqa: FBT001 - as it is asked for
    """There are no other connections."""
    return ZERO


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
    """Where orders go that move no money: the paper venue."""
    store_id: str
    live_venue: Venue | None = None
    """The exchange, while it can be reached and the connection may trade there."""
    symbols: tuple[str, ...] = ()
    """What is watched now: what may be traded, and what is `blocked` with a position open."""
    blocked: dict[str, str] = field(default_factory=dict)
    """Watched symbols that get no new position, with the reason: dropped, halted, delisted."""
    book: PositionBook = field(default_factory=PositionBook)
    is_gated: bool = True
    """Whether the profit-factor gate decides which rules may trade."""
    older_candles: Callable[[Series, int], CandleColumns] = _no_older
    """Gives the stored candles of a series from before a time: the gate's record begins there."""
    brakes: Brakes = field(default_factory=Brakes)
    """Why nothing may be opened now, whatever the connection."""
    is_killed: bool = False
    is_flattening: bool = False
    """Whether everything of the connection is being closed."""
    limits: RiskLimits = field(default_factory=RiskLimits.none)
    """What every entry is checked against; never in a replay."""
    others_exposure: Callable[[str, bool], Decimal] = _no_others
    """Says what all other connections tie up of a currency, of paper or of real money."""
    lease_until: float = inf
    """Monotonic time until which the lease of the connection is certainly ours (S9)."""
    is_recorded: bool = False
    """Whether this is a replay: its positions are kept, but are no change of trading state."""
    spec_of: Callable[[str], StrategySpec] = StrategySpec
    """Gives the strategy of a name, with the usual levels where it is gone."""
    recall: Callable[[str, str], Working | None] = _forgotten
    """Gives an order that has ended, by client or venue order id, from the store."""
    last_fill_ms: Callable[[str], int | None] = _no_fill
    """Gives the venue's time of the newest live fill on a symbol that is stored."""
    reconciled: Callable[[], bool] = _never
    """Says whether orders and positions were compared with the exchange's a moment ago."""
    recall_position: Callable[[str], LivePosition | None] = _unknown_position
    """Gives a live position that has closed, by its key, from the store."""
    on_trade: Callable[[Holder, Trade], None] = _ignore
    """Hears of every closed trade."""
    on_booked: Callable[[], None] = _nothing
    """Hears that fills were booked: the account holds something else now."""

    @property
    def venues(self) -> tuple[Venue, ...]:
        """Every venue that may tell of orders."""
        return (self.venue,) if self.live_venue is None else (self.venue, self.live_venue)

    def venue_for(self, order: Order) -> Venue | None:
        """Return where an order goes, or rests; None while that cannot be reached."""
        return self.live_venue if order.is_live else self.venue

    def instrument(self, symbol: str) -> Instrument | None:
        """Return the market of a symbol as its venue describes it, None where none does."""
        return (self.live_venue or self.venue).instrument(symbol)

    @property
    def entries_stopped(self) -> str:
        """Why nothing may be opened on this connection, and no entry may rest; else empty."""
        if self.is_killed:
            return "the kill switch is on"
        if self.is_flattening:
            return "everything of this connection is being closed"
        if not self.setup.enabled and not self.is_recorded:
            return "the connection is disabled"
        return ""

    @property
    def is_reconciled(self) -> bool:
        """Whether what we believe of the account was found to be so: else no live entries."""
        return self.reconciled()

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
        return self._situation(signal.symbol, signal, is_live=self.setup.live, is_stale=is_stale)

    def exit_situation(self, position: LivePosition, signal: Signal | None = None) -> Situation:
        """Return what the risk check of an exit looks at; `signal` is that of the rule, if any."""
        symbol = position.symbol
        is_stale = self.market.is_quote_stale(symbol, self.now_ms())
        return self._situation(symbol, signal, is_live=position.is_live, is_stale=is_stale)

    def _situation(
        self, symbol: str, signal: Signal | None, *, is_live: bool, is_stale: bool
    ) -> Situation:
        quote = self.market.quotes.get(symbol)
        is_invented = signal is not None and signal.source == Source.SYNTHETIC
        return Situation(
            is_live=is_live,
            stopped=self.entries_stopped,
            has_lease=self.has_lease,
            is_store_failing=self.recorder.is_failing,
            braked=self.brakes.reason,
            source=quote.source if quote and not is_invented else Source.SYNTHETIC,
            is_stale=is_stale,
            is_reconciled=self.is_reconciled,
            blocked=self.blocked.get(symbol, ""),
        )
