"""Lets an engine wait a tenth of what it waits otherwise, so that a run of faults takes a second.

Only for processes of their own: nothing is put back.
"""

import importlib
from typing import Any

from cts_tui.exchange.limiter import Limiter

QUICK = 0.1
_SCALED = {
    "cts_tui.engine.beside": ("_PATIENCE_S",),
    "cts_tui.engine.clearance": ("_ARRIVAL_MS", "_VAGUE_MS", "_AGAIN_MS"),
    "cts_tui.engine.book": ("_FIRST_WAIT_MS", "_LONGEST_WAIT_MS"),
    "cts_tui.engine.execution": ("_SOON_S",),
    "cts_tui.engine.guard": ("_RETRY_MS", "_LONGEST_RETRY_MS"),
    "cts_tui.engine.holding_check": ("_AGREED_MS", "_GUARD_MS", "_ESTIMATE_MS", "_PATIENCE_MS"),
    "cts_tui.engine.live_link": ("_AGAIN_S",),
    "cts_tui.engine.missed_fills": ("_NEWS_MS",),
    "cts_tui.engine.order_check": ("_SETTLING_MS",),
    "cts_tui.engine.processor": ("_LONGEST_BACKOFF_S",),
    "cts_tui.engine.reconcile": ("_EVERY_S", "_AGAIN_S", "_LASTS_MS", "_REPEATED_MS"),
    "cts_tui.engine.resolution": ("_FIRST_WAIT_MS", "_LONGEST_WAIT_MS", "_RESTING_SILENCE_MS"),
    "cts_tui.exchange.breaker": ("FIRST_WAIT_S", "LONGEST_WAIT_S", "URGENT_WAIT_S"),
    "cts_tui.exchange.faults": (
        "DIAL_WAIT_S",
        "MAINTENANCE_WAIT_S",
        "NETWORK_WAIT_S",
        "RATE_LIMIT_WAIT_S",
    ),
    "cts_tui.exchange.watching": ("FIRST_WAIT_S", "LONGEST_WAIT_S"),
    "cts_tui.exchange.wire": ("UNSAID_WAIT_S",),
    "cts_tui.venue.ccxt_inbox": ("_PATIENCE_S",),
    "cts_tui.venue.ccxt_order_stream": ("_QUIET_S", "_POLL_S", "_POLL_BESIDE_STREAM_S"),
}
ABSENCE_S = 0.8
"""How long an order may still turn up; most late ones of a run do within it."""


def hasten() -> None:
    """Shorten every wait of this process; a name that is gone is an error."""
    for name, constants in _SCALED.items():
        module = importlib.import_module(name)
        for constant in constants:
            _scale(module, constant)
    from cts_tui.engine import resolution, sessions
    from cts_tui.engine.guard import Guard
    from cts_tui.engine.resolution import Resolver
    from cts_tui.exchange import session
    from cts_tui.venue import ccxt_abilities

    for kind in (Guard, Resolver):
        kind.interval_s *= QUICK
    resolution._SILENCE_MS.update(  # type: ignore[attr-defined]
        {kind: int(value * QUICK) for kind, value in resolution._SILENCE_MS.items()}
    )
    sessions._BACKOFF_S = tuple(value * QUICK for value in sessions._BACKOFF_S)  # type: ignore[misc]
    ccxt_abilities._ABSENCE_WINDOW_S = ABSENCE_S  # type: ignore[misc]
    session.limiter_of = lambda *_args, **_more: Limiter(interval_ms=0.01)  # type: ignore[assignment]


def _scale(module: Any, constant: str) -> None:
    value = getattr(module, constant) * QUICK
    setattr(module, constant, int(value) if constant.endswith("_MS") else value)
