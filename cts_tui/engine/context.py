"""What the processors of one engine share: its market, positions, pen, venue and permissions."""

from collections.abc import Callable
from dataclasses import dataclass, field

from cts_tui.clock import Clock
from cts_tui.engine.account import Account
from cts_tui.engine.book import Holder, PositionBook
from cts_tui.engine.market_state import MarketState
from cts_tui.engine.recorder import Recorder
from cts_tui.engine.risk import Situation
from cts_tui.model.connection import ConnectionSetup
from cts_tui.model.market import Source
from cts_tui.model.trade import Trade
from cts_tui.settings import Settings
from cts_tui.venue.venue import Venue


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
    is_killed: bool = False
    has_lease: bool = True
    on_trade: Callable[[Holder, Trade], None] = _ignore
    """Hears of every closed trade."""

    def now_ms(self) -> int:
        """Return the engine's time: the wall clock, or the candle's in a replay."""
        return self.clock.now_ms()

    def entry_situation(self, symbol: str, timeframe: str) -> Situation:
        """Return what the risk check of an entry looks at."""
        return self._situation(symbol, self.market.is_stale(symbol, timeframe, self.now_ms()))

    def exit_situation(self, symbol: str) -> Situation:
        """Return what the risk check of an automatic exit looks at."""
        return self._situation(symbol, self.market.is_quote_stale(symbol, self.now_ms()))

    def _situation(self, symbol: str, is_stale: bool) -> Situation:  # noqa: FBT001
        quote = self.market.quotes.get(symbol)
        return Situation(
            is_live=self.setup.live,
            is_killed=self.is_killed,
            has_lease=self.has_lease,
            is_store_failing=self.recorder.is_failing,
            source=quote.source if quote else Source.SYNTHETIC,
            is_stale=is_stale,
        )
