"""What a feed asks of REST: prices while no stream tells them, closed candles that none settled.

And the check: every symbol of which the stream is silent is looked up, so that a quiet market is
told from a stream that has stalled.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from cts_tui.errors import CtsError, VenueError
from cts_tui.market.ccxt_feed_candles import Row
from cts_tui.market.ccxt_feed_intake import Intake, monotonic_ms
from cts_tui.market.ccxt_feed_plan import Kind
from cts_tui.market.ccxt_feed_rest import PAGE, Rest
from cts_tui.market.ccxt_feed_streams import Backoff, Streams
from cts_tui.model.market import Source

_DUE_EVERY_S: Final = 0.5
_CHECK_EVERY_S: Final = 1.0
_ALIVE_EVERY_S: Final = 1.0
_CANDLES_AT_ONCE: Final = 8


class Polls:
    """The three loops that ask REST; each backs off by itself."""

    def __init__(self, intake: Intake, streams: Streams) -> None:
        self.rest = Rest(intake.session)
        self.stalls = 0
        """Streams that were found to have missed something."""
        self.last_error: str | None = None
        self._intake = intake
        self._streams = streams
        self._now = asyncio.Event()

    def wake(self) -> None:
        """Ask for prices now."""
        self._now.set()

    async def run_tickers(self) -> None:
        """Ask for tickers where no stream tells them: all of them while the streams are down."""
        backoff = Backoff()
        while True:
            self._now.clear()
            try:
                await self._poll(self._unstreamed())
            except CtsError as error:
                self.last_error = str(error)
                await asyncio.sleep(backoff.next_s(error))
                continue
            backoff.reset()
            try:
                async with asyncio.timeout(self._intake.bounds.poll_s):
                    await self._now.wait()
            except TimeoutError:
                continue

    def _unstreamed(self) -> list[str]:
        """Return the symbols whose tickers no stream tells at the moment."""
        symbols, streams = self._intake.symbols, self._streams
        if not streams.is_up:
            return list(symbols)
        return [one for one in symbols if not streams.streams(Kind.TICKERS, one)]

    async def _poll(self, symbols: Sequence[str]) -> None:
        """Ask REST for tickers, and pass on what is new."""
        tickers = await self.rest.tickers(symbols) if symbols else {}
        for symbol, ticker in tickers.items():
            self._intake.take_ticker(symbol, ticker, Source.REST)
            self._intake.liveness.checked(symbol, monotonic_ms(), has_moved=False)

    async def run_candles(self) -> None:
        """Ask for the candles that have closed and that no stream has settled."""
        backoff = Backoff()
        while True:
            wait_s = _DUE_EVERY_S
            now_ms = self._intake.session.server_now_ms()
            assemblies = self._intake.assemblies
            due = [one for one in self._intake.symbols if assemblies[one].due(now_ms) is not None]
            try:
                await self._ask_for_candles(due)
                backoff.reset()
            except CtsError as error:
                self.last_error = str(error)
                wait_s = max(backoff.next_s(error), wait_s)
            await asyncio.sleep(wait_s)

    async def _ask_for_candles(self, symbols: Sequence[str]) -> None:
        """Ask for what is due, some symbols at a time. Raises the first RetryableError."""
        for start in range(0, len(symbols), _CANDLES_AT_ONCE):
            part = symbols[start : start + _CANDLES_AT_ONCE]
            asked = (self._ask(symbol) for symbol in part)
            for result in await asyncio.gather(*asked, return_exceptions=True):
                if isinstance(result, BaseException):
                    raise result

    async def _ask(self, symbol: str) -> None:
        """Ask for one symbol's candles; what the exchange refuses is noted and asked for later."""
        intake = self._intake
        assembly = intake.assemblies.get(symbol)
        asked_ms = intake.session.server_now_ms()
        since_ms = None if assembly is None else assembly.due(asked_ms)
        if assembly is None or since_ms is None:
            return
        limit = min(PAGE, (asked_ms - since_ms) // intake.step_ms + 3)
        rows: list[Row] = []
        try:
            rows = await self.rest.candles(symbol, intake.timeframe, since_ms - 1, limit)
            self.rest.faults.pop(symbol, None)
        except VenueError as error:
            self.rest.faults[symbol] = str(error)
        lost = assembly.contradicted
        intake.hand_on(symbol, assembly.settle(rows, since_ms, asked_ms), Source.REST)
        if assembly.contradicted > lost and self._streams.is_up:
            self._distrust(f"REST tells a candle of {symbol} that the stream did not tell so")

    async def run_check(self) -> None:
        """Ask REST about silent symbols; replace a stream that missed something."""
        backoff, told_ms = Backoff(), 0.0
        liveness = self._intake.liveness
        while True:
            wait_s = min(_CHECK_EVERY_S, self._intake.bounds.silent_s / 2)
            if self._streams.is_up:
                try:
                    await self._verify(liveness.silent(monotonic_ms()))
                    backoff.reset()
                except CtsError as error:
                    self.last_error = str(error)
                    wait_s = max(wait_s, backoff.next_s(error))
                if self._streams.is_up and (stalled := liveness.stalled(monotonic_ms())):
                    self._distrust(f"the stream is silent of {', '.join(stalled[:5])}, which moved")
            now_ms = monotonic_ms()
            if liveness.is_alive(now_ms) and now_ms - told_ms >= _ALIVE_EVERY_S * 1000:
                told_ms = now_ms
                self._intake.outbox.wake()
            await asyncio.sleep(wait_s)

    async def _verify(self, symbols: Sequence[str]) -> None:
        """Ask REST what happened to the symbols of which the stream is silent."""
        if not symbols:
            return
        intake, asked_ms = self._intake, monotonic_ms()
        tickers = await self.rest.tickers(symbols)
        unheard = set(intake.liveness.unheard(asked_ms))
        for symbol, ticker in tickers.items():
            if symbol not in unheard:  # the stream has spoken meanwhile
                continue
            known, price = intake.gate.last(symbol), intake.gate.price(ticker)
            has_moved = known is not None and price is not None and float(known.price) != price
            intake.take_ticker(symbol, ticker, Source.REST)
            intake.liveness.checked(symbol, monotonic_ms(), has_moved=has_moved)

    def _distrust(self, reason: str) -> None:
        """Go by REST at once, and have the streams started anew."""
        self.stalls += 1
        self.last_error = reason
        self._streams.restart(reason)
