"""RealtimeProcessor: marks open positions and closes those whose stop or target was touched."""

import time
from typing import Final

from cts_tui.engine.book import LivePosition
from cts_tui.engine.context import EngineContext
from cts_tui.engine.execution import Execution
from cts_tui.engine.market_state import Move, Quote
from cts_tui.engine.processor import CycleReport, Processor
from cts_tui.engine.requests import ExitRequest
from cts_tui.engine.risk import check_automatic_exit
from cts_tui.model.market import timeframe_ms
from cts_tui.model.money import exact
from cts_tui.model.trading import ExitReason

_STORE_EVERY_S: Final = 1.0


class RealtimeProcessor(Processor):
    """Looks at every price once: fills what rests, tests the levels, trails behind closes."""

    name = "realtime"
    interval_s = 1.0
    patience_s = 30.0

    def __init__(self, context: EngineContext, execution: Execution) -> None:
        super().__init__()
        self._context = context
        self._execution = execution
        self._stored_at = 0.0
        self._marked: dict[str, tuple[Quote, bool]] = {}
        self.held_back = 0
        """Touched levels that an invented or old price was not allowed to act on (S3)."""

    async def cycle(self) -> CycleReport:
        """Handle what moved since the last cycle; store the marks at most once a second."""
        moves, self._context.market.moves = self._context.market.moves, {}
        if moves:
            self._match(moves)
            if await self._execution.reverse():  # at the same open as the exit
                self._match(moves)
            await self._close_touched(moves)
        self._trail()
        now = time.monotonic()
        if now - self._stored_at >= _STORE_EVERY_S:
            self._stored_at = now
            self.mark()
            self._context.recorder.flush_when_full()
        return CycleReport(len(moves))

    def _match(self, moves: dict[str, Move]) -> None:
        """Let a venue that matches by itself fill at the first price of each move."""
        for symbol, move in moves.items():
            self._context.venue.observe(
                symbol, exact(move.open), move.time_ms, bid=move.bid, ask=move.ask
            )
        self._execution.book_fills()

    async def _close_touched(self, moves: dict[str, Move]) -> None:
        """Close what was touched, all in one go."""
        book = self._context.book
        if not len(book):
            return
        lows = {symbol: move.low for symbol, move in moves.items()}
        highs = {symbol: move.high for symbol, move in moves.items()}
        exits = [
            request
            for position in book.touched(lows, highs)
            if (request := self._exit(position, moves[position.symbol])) is not None
        ]
        if exits:
            await self._execution.carry_out(exits)
            self._execution.book_fills()

    def _exit(self, position: LivePosition, move: Move) -> ExitRequest | None:
        """Return the exit of a position whose level lies in `move`, None where it stays open."""
        touch = position.protection.touched(move.open, move.high, move.low)
        if touch is None:
            return None
        if check_automatic_exit(self._context.exit_situation(position)) is not None:
            self.held_back += 1
            return None
        if position.is_live and self._is_venue_acting(position, touch.reason):
            return None
        return ExitRequest(position, touch.reason, touch.price)

    def _is_venue_acting(self, position: LivePosition, reason: ExitReason) -> bool:
        """Return whether a guard at the venue is to close a position, and is not late yet (S6)."""
        is_target = reason is ExitReason.TAKE_PROFIT
        guard = position.target_order_id if is_target else position.stop_order_id
        if guard is None:
            return False
        now_ms = self._context.now_ms()
        if position.touched_since_ms is None:
            position.touched_since_ms = now_ms
        return now_ms - position.touched_since_ms < self._context.settings.venue_stop_grace_s * 1000

    def _trail(self) -> None:
        """Move trailing stops behind the closes since the last cycle."""
        closes = self._context.market.closes
        while closes:
            event = closes.popleft()
            for position in self._context.book.on_series(event.symbol, event.timeframe):
                is_own_candle = event.candle.time_ms >= self._candle_of(position)
                if is_own_candle and position.protection.closed(event.candle.close):
                    self._context.book.protect(position)
                    self._context.recorder.batch.position(
                        self._context.setup.id, position.record(), self._context.now_ms()
                    )

    def _candle_of(self, position: LivePosition) -> int:
        """Return the open time of the candle in which a position was entered."""
        step_ms = timeframe_ms(position.timeframe)
        return position.entry_time_ms - position.entry_time_ms % step_ms

    def mark(self) -> None:
        """Record the price of every symbol that changed: what open positions are valued at.

        A live connection is shown no invented price: its last real one stays, marked stale.
        """
        context = self._context
        now_ms = context.now_ms()
        market = context.market
        quotes = market.real_quotes if context.setup.live else market.quotes
        for symbol, quote in quotes.items():
            is_stale = quote is not market.quotes[symbol] or market.is_quote_stale(symbol, now_ms)
            known = self._marked.get(symbol)
            if known is not None and known[0] is quote and known[1] == is_stale:
                continue
            self._marked[symbol] = (quote, is_stale)
            context.recorder.batch.latest_price(
                context.setup.id,
                symbol,
                quote.price,
                quote.time_ms,
                quote.source,
                is_stale=is_stale,
            )
