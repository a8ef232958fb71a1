"""The feeds symbol by symbol: the latest price as it is stored, and what the engine says of it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from cts_tui.engine.health.engine_readings import EngineReading
from cts_tui.model.connection_view import SymbolFeed
from cts_tui.model.market import PRICE_STALE_MS
from cts_tui.model.views import ConnectionView, FeedView
from cts_tui.store import history
from cts_tui.store.database import Transaction
from cts_tui.store.engine_figures import not_traded_of, symbol_feeds_of, universe_of

_UNTOLD: Final = SymbolFeed("", "-")


def feed_views(
    transaction: Transaction,
    connections: Sequence[ConnectionView],
    engines: Mapping[str, EngineReading],
    now_ms: int,
) -> list[FeedView]:
    """Return the symbols that enabled connections trade now, not those that they once did."""
    prices = {(row["connection"], row["symbol"]): row for row in history.latest_prices(transaction)}
    return [
        feed
        for view in connections
        if view.enabled
        for feed in _feeds(view, engines.get(view.name), prices, now_ms)
    ]


def _feeds(
    view: ConnectionView,
    engine: EngineReading | None,
    prices: Mapping[tuple[str, str], Any],
    now_ms: int,
) -> Iterator[FeedView]:
    """Yield the feeds of a connection; one without any price yet once its engine has settled."""
    figures = {} if engine is None else engine.figures
    told, others = symbol_feeds_of(figures)
    left_out = {symbol for symbol, _ in not_traded_of(figures)}
    is_settled = engine is not None and engine.is_settled(now_ms)
    for symbol in sorted({*(universe_of(figures) or view.symbols)} - left_out):
        price = prices.get((view.name, symbol))
        if price is not None or is_settled:
            yield _feed(view, symbol, price, told.get(symbol, others or _UNTOLD), now_ms)


def _feed(view: ConnectionView, symbol: str, price: Any, told: SymbolFeed, now_ms: int) -> FeedView:
    age_ms = None if price is None else max(0, now_ms - price["time_ms"])
    return FeedView(
        connection=view.name,
        symbol=symbol,
        source=price["source"] if price is not None else view.feed_source or "-",
        price=None if price is None else price["price"],
        age_ms=age_ms,
        is_stale=age_ms is None or price["is_stale"] or age_ms > PRICE_STALE_MS,
        state=told.state,
        candle_age_ms=told.candle_age_ms,
        note=told.note,
    )
