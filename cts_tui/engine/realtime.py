"""RealtimeProcessor: marks open positions and closes those whose stop or target was touched."""

import time
from typing import Final

from cts_tui.engine.book import LivePosition
from cts_tui.engine.context import EngineContext
from cts_tui.engine.execution import Execution, ExitRequest
from cts_tui.engine.market_state import Move, Quote
from cts_tui.engine.processor import CycleReport, Processor
from cts_tui.engine.risk import check_automatic_exit
from cts_tui.errors import StoreError
from cts_tui.model.market import Source, timeframe_ms
from cts_tui.model.money import exact
from cts_tui.model.records import Mark
from cts_tui.model.trading import PositionStatus

_STORE_EVERY_S: Final = 1.0


class RealtimeProcessor(Processor):
    """Looks at every price once: fills what rests, tests the levels, trails behind closes."""

    name = "realtime"
    interval_s = 1.0

    def __init__(self, context: EngineContext, execution: Execution) -> None:
        super().__init__()
        self._context = context
        self._execution = execution
        self._stored_at = 0.0
        self.held_back = 0
        """Touched levels that an invented or old price was not allowed to act on (S3)."""

    async def cycle(self) -> CycleReport:
        """Handle what moved since the last cycle; store the marks at most once a second."""
        moves, self._context.market.moves = self._context.market.moves, {}
        if moves:
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
            self._context.venue.observe(symbol, exact(move.open), move.time_ms)
        self._execution.book_fills()

    async def _close_touched(self, moves: dict[str, Move]) -> None:
        """Close what was touched; a close that fails does not stop another."""
        book = self._context.book
        if not len(book):
            return
        lows = {symbol: move.low for symbol, move in moves.items()}
        highs = {symbol: move.high for symbol, move in moves.items()}
        for position in book.touched(lows, highs):
            if position.status is PositionStatus.CLOSING:
                continue
            try:
                await self._close(position, moves[position.symbol])
            except StoreError as error:
                position.status = PositionStatus.OPEN
                self.figures.record_error(error, self._context.now_ms())
        self._execution.book_fills()

    async def _close(self, position: LivePosition, move: Move) -> None:
        touch = position.protection.touched(move.open, move.high, move.low)
        if touch is None:
            return
        if check_automatic_exit(self._context.exit_situation(position.symbol)) is not None:
            self.held_back += 1
            return
        await self._execution.exit(ExitRequest(position, touch.reason, touch.price))

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
        """Record the marks that have changed since they were last recorded."""
        now_ms = self._context.now_ms()
        market = self._context.market
        marks: list[LivePosition] = []
        stale: dict[str, bool] = {}
        for position in self._context.book:
            quote = market.quotes.get(position.symbol)
            if quote is None:
                continue
            is_stale = stale.get(position.symbol)
            if is_stale is None:
                is_stale = stale[position.symbol] = market.is_quote_stale(position.symbol, now_ms)
            if _mark(position, quote, is_stale=is_stale):
                marks.append(position)
        self._context.recorder.batch.marks(map(_row, marks))


def _mark(position: LivePosition, quote: Quote, *, is_stale: bool) -> bool:
    """Value a position at a quote; return whether that changed it.

    A live position is never valued at an invented price: it keeps its last real one, as stale.
    """
    before = position.mark_price, position.is_stale, position.source
    if position.is_live and quote.source is Source.SYNTHETIC:
        position.is_stale = True
    else:
        position.mark_price, position.mark_time_ms = quote.price, quote.time_ms
        position.source, position.is_stale = quote.source, is_stale
    return before != (position.mark_price, position.is_stale, position.source)


def _row(position: LivePosition) -> Mark:
    return Mark(
        key=position.key,
        price=position.mark_price or position.entry_price,
        time_ms=position.mark_time_ms or position.entry_time_ms,
        source=position.source,
        is_stale=position.is_stale,
    )
