"""The account's trades at an exchange, complete: in windows of days, and page by page (note 9)."""

from collections.abc import Iterator
from typing import Any, Final

from cts_tui.exchange.limiter import Priority
from cts_tui.exchange.session import ExchangeSession
from cts_tui.model.records import Fill
from cts_tui.venue.ccxt_abilities import Abilities
from cts_tui.venue.ccxt_reading import Reader

_DAY_MS: Final = 86_400_000
_UNKNOWN_PAGE: Final = 20
"""A page with fewer rows is taken for the last one where ccxt does not say how many it holds."""
_MOST_REQUESTS: Final = 1_000
_AHEAD_MS: Final = 60_000
"""Windows end a minute in the future: a trade may carry a time a little ahead of the clock."""


class Trades:
    """Asks for trades since a time, whichever end of a time span the exchange gives first."""

    def __init__(self, session: ExchangeSession, abilities: Abilities, reader: Reader) -> None:
        self._session = session
        self._abilities = abilities
        self._reader = reader

    async def since(self, symbol: str, since_ms: int) -> list[Fill]:
        """Return every fill on a symbol since a time, oldest first. Raises kinds of CtsError."""
        found: dict[str, Fill] = {}
        for start_ms, end_ms in self._windows(since_ms):
            await self._collect(symbol, start_ms, end_ms, found)
        fills = [fill for fill in found.values() if fill.time_ms >= since_ms]
        return sorted(fills, key=lambda fill: (fill.time_ms, fill.venue_trade_id))

    def _windows(self, since_ms: int) -> Iterator[tuple[int, int | None]]:
        """Yield spans that one request may cover; an open end where none can be given."""
        days = self._abilities.trades_window_days
        if not days:
            yield since_ms, None
            return
        step_ms = int(days * _DAY_MS)
        last_ms = self._session.server_now_ms() + _AHEAD_MS
        start_ms = min(since_ms, last_ms)
        while start_ms <= last_ms:
            yield start_ms, min(start_ms + step_ms, last_ms)
            start_ms += step_ms + 1

    async def _collect(
        self, symbol: str, start_ms: int, end_ms: int | None, found: dict[str, Fill]
    ) -> None:
        """Add the trades of a span; a full page leaves what lies before and after it to ask for."""
        spans = [(start_ms, end_ms)]
        for _ in range(_MOST_REQUESTS):
            if not spans:
                return
            since_ms, until_ms = spans.pop()
            rows = await self._page(symbol, since_ms, until_ms)
            new = [
                fill
                for row in rows
                if (fill := self._reader.fill(row)) is not None and fill.venue_trade_id not in found
            ]
            found.update((fill.venue_trade_id, fill) for fill in new)
            if not new or len(rows) < (self._abilities.trades_page or _UNKNOWN_PAGE):
                continue
            times = [fill.time_ms for fill in new]
            if until_ms is not None and min(times) > since_ms:
                spans.append((since_ms, min(times)))
            spans.append((max(times), until_ms))

    async def _page(self, symbol: str, since_ms: int, until_ms: int | None) -> list[Any]:
        params = {} if until_ms is None else {"until": until_ms}
        rows: list[Any] = await self._session.call(
            "fetch_my_trades",
            symbol,
            since_ms,
            self._abilities.trades_page,
            priority=Priority.ACCOUNT,
            params=params,
        )
        return rows
