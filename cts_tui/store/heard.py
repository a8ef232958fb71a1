"""Connections as they are now: an engine that has fallen silent does not run, whatever it said."""

from dataclasses import replace

from cts_tui.model.connection import RECORDED_EXCHANGE
from cts_tui.model.trading import SILENT_MS, EngineStatus
from cts_tui.model.views import ConnectionView
from cts_tui.store import connections
from cts_tui.store.database import Transaction


def connection_views(
    transaction: Transaction, now_ms: int, *, with_recorded: bool = False
) -> list[ConnectionView]:
    """Return the connections in order of name; those that hold replays only when asked for.

    An engine that was killed could not say that it has stopped: a silent one is shown as stopped.
    """
    return [
        _as_heard(view, now_ms)
        for view in connections.views(transaction)
        if with_recorded or view.exchange != RECORDED_EXCHANGE
    ]


def _as_heard(view: ConnectionView, now_ms: int) -> ConnectionView:
    is_silent = now_ms - (view.heartbeat_ms or 0) > SILENT_MS
    if is_silent and view.status is not EngineStatus.FAILED:
        return replace(view, status=EngineStatus.STOPPED)
    return view
