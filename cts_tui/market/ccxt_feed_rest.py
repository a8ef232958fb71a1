"""What a feed asks of an exchange's REST: tickers of many symbols, candles page by page."""

from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from cts_tui.errors import (
    CtsError,
    MaintenanceError,
    RateLimitedError,
    RetryableError,
    VenueError,
)
from cts_tui.exchange.limiter import Priority
from cts_tui.exchange.session import ExchangeSession
from cts_tui.market.ccxt_feed_candles import Row
from cts_tui.market.ccxt_feed_tickers import Ticker
from cts_tui.market.clean import clean
from cts_tui.model.columns import CandleColumns
from cts_tui.model.market import timeframe_ms

_TICKERS_AT_ONCE: Final = 100
_TURN: Final = 20
"""Symbols asked one by one in one round, where the exchange tells no more at once."""
_BULK_REST: Final = 60
"""Rounds until many at once are tried again after the exchange refused that."""
PAGE: Final = 500
_FAILURES: Final = 3
"""Symbols in a row that cannot be asked: then it is not the symbol."""
ALL: Final = "*"
"""Stands among the faults for all symbols at once."""
_NAN: Final = float("nan")


class Rest:
    """REST as market data sees it; every call waits its turn behind orders and account."""

    def __init__(self, session: ExchangeSession) -> None:
        self._session = session
        self._turns: deque[str] = deque()
        self._no_bulk = 0
        self.faults: dict[str, str] = {}
        """By symbol, why the exchange refused its last request."""

    async def tickers(self, symbols: Sequence[str]) -> dict[str, Ticker]:
        """Return tickers: of all symbols where one may ask so, else of those whose turn it is.

        Raises RetryableError.
        """
        if self._session.has("fetchTickers") and self._no_bulk <= 0:
            try:
                return await self._bulk(symbols)
            except (RateLimitedError, MaintenanceError):
                raise
            except CtsError as error:  # it may be one bad symbol among many
                self.faults[ALL] = str(error)
                self._no_bulk = _BULK_REST if isinstance(error, VenueError) else 1
        self._no_bulk -= 1
        return await self._one_by_one(symbols)

    async def _bulk(self, symbols: Sequence[str]) -> dict[str, Ticker]:
        found: dict[str, Ticker] = {}
        for start in range(0, len(symbols), _TICKERS_AT_ONCE):
            part = list(symbols[start : start + _TICKERS_AT_ONCE])
            found |= await self._call("fetch_tickers", part) or {}
        self.faults.pop(ALL, None)
        return {symbol: found[symbol] for symbol in symbols if symbol in found}

    async def _one_by_one(self, symbols: Sequence[str]) -> dict[str, Ticker]:
        wanted = set(symbols)
        self._turns = deque(symbol for symbol in self._turns if symbol in wanted)
        self._turns.extend(wanted.difference(self._turns))
        found: dict[str, Ticker] = {}
        failures = 0
        for _ in range(min(_TURN, len(self._turns))):
            symbol = self._turns[0]
            self._turns.rotate(-1)
            try:
                found[symbol] = await self._call("fetch_ticker", symbol)
                self.faults.pop(symbol, None)
                failures = 0
            except VenueError as error:
                self.faults[symbol] = str(error)
            except RetryableError as error:
                self.faults[symbol] = str(error)
                failures += 1
                if failures >= min(_FAILURES, len(wanted)):
                    raise
        return found

    async def candles(self, symbol: str, timeframe: str, since_ms: int, limit: int) -> list[Row]:
        """Return up to `limit` candles from `since_ms` on, the forming one too, as ccxt tells them.

        Raises RetryableError, VenueError where the exchange refuses.
        """
        rows = await self._call("fetch_ohlcv", symbol, timeframe, since_ms, min(limit, PAGE))
        return list(rows or ())

    async def history(
        self, symbol: str, timeframe: str, limit: int, closed_before_ms: int
    ) -> CandleColumns:
        """Return up to `limit` candles that closed before a time, oldest first, cleaned."""
        step_ms = timeframe_ms(timeframe)
        rows = await self._call("fetch_ohlcv", symbol, timeframe, None, min(limit + 2, PAGE))
        rows = _timed(rows)
        while rows and len(rows) < limit:
            first_ms = min(row[0] for row in rows)
            count = min(PAGE, limit - len(rows))
            page = await self._call(
                "fetch_ohlcv", symbol, timeframe, first_ms - count * step_ms, count
            )
            older = [row for row in _timed(page) if row[0] < first_ms]
            if not older:
                break
            rows += older
        closed = [row for row in rows if row[0] + step_ms <= closed_before_ms]
        return clean(_columns(closed), timeframe).columns.slice(-limit)

    async def _call(self, method: str, *args: Any) -> Any:
        answer = await self._session.call(method, *args, priority=Priority.MARKET)
        if answer is None:
            raise RetryableError(f"{self._session.exchange}: {method} was answered by nothing", 1.0)
        return answer


def _timed(rows: Any) -> list[list[Any]]:
    """Return the rows that have a time, of six values each."""
    return [
        [*row[:6], *(_NAN for _ in range(6 - len(row)))]
        for row in rows or ()
        if row and isinstance(row[0], int)
    ]


def _columns(rows: list[list[Any]]) -> CandleColumns:
    """Return rows as columns: what is no number becomes NaN, which cleaning drops."""
    return CandleColumns.from_candles(
        [(row[0], *(_number(value) for value in row[1:])) for row in rows]  # type: ignore[misc]
    )


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return _NAN
