"""Everything about connections in one reading: rows, engine figures, last tests, stored keys."""

from typing import Any

from cts_tui.model.connection_view import ConnectionDetail
from cts_tui.model.views import ConnectionView
from cts_tui.store import connections, engines
from cts_tui.store.database import Transaction
from cts_tui.store.engine_figures import (
    feed_of,
    filter_error_of,
    not_traded_of,
    session_of,
    universe_of,
)
from cts_tui.store.heard import connection_views


def connection_details(
    transaction: Transaction, now_ms: int, *, with_recorded: bool = False
) -> tuple[ConnectionDetail, ...]:
    """Return the connections in full, in order of name; those of replays only when asked for."""
    figures: dict[str, Any] = {row["name"]: row["figures"] for row in engines.states(transaction)}
    overlays = {setup.name: setup.ccxt_config for setup in connections.setups(transaction)}
    return tuple(
        _detail(view, now_ms, overlays.get(view.name), figures.get(view.name))
        for view in connection_views(transaction, now_ms, with_recorded=with_recorded)
    )


def _detail(
    view: ConnectionView, now_ms: int, overlay: dict[str, Any] | None, figures: object
) -> ConnectionDetail:
    silent_ms = max(now_ms - (view.heartbeat_ms or now_ms), 0)
    return ConnectionDetail(
        view=view,
        read_ms=now_ms,
        overlay=tuple(overlay or ()),
        session=session_of(figures),
        feed=feed_of(figures, silent_ms),
        universe=universe_of(figures),
        not_traded=not_traded_of(figures),
        filter_error=filter_error_of(figures),
    )
