"""States that cannot be: of connections, their engines, orders and positions.

`moment(n)` is the time `n` seconds from now, as stored.
"""

from typing import Final

from cts_tui.model.health import Gravity
from cts_tui.model.trading import OPEN_POSITION, Mode, OrderStatus, PositionStatus
from cts_tui.model.verification import Consent
from cts_tui.store.verify.check import Check

LIVE_ON_DISABLED: Final = "live-on-disabled"
LIVE_ON_PAPER: Final = "live-on-paper"
NO_ENGINE_STATE: Final = "missing-engine-state"
NO_LEASE: Final = "missing-lease"
LEFT_LEASE: Final = "left-lease"
CLOSED_WITHOUT_EXIT: Final = "closed-without-exit"
OPEN_WITH_EXIT: Final = "open-with-exit"
NO_ENTRY_ORDER: Final = "position-without-entry-order"
STUCK_ORDER: Final = "stuck-order"
FINAL_WITHOUT_END: Final = "filled-order-without-fills"

_STUCK: Final = "moment(-600)"
_LEFT: Final = "moment(-60)"
_FAR: Final = "moment(3600)"
"""No lease is held for so long."""


def _listed(*words: str) -> str:
    return ", ".join(f"'{word}'" for word in words)


_CLOSED: Final = _listed(PositionStatus.CLOSED, PositionStatus.CLOSED_WITH_DUST)
_OPEN: Final = _listed(*OPEN_POSITION)
_ON_ITS_WAY: Final = _listed(OrderStatus.INTENT, OrderStatus.SUBMITTING, OrderStatus.UNKNOWN)
_IS_WORKED_ON: Final = (
    "EXISTS (SELECT 1 FROM leases l WHERE l.connection_id = t.connection_id "
    "AND l.owner IS NOT NULL AND l.expires_at > moment(-6))"
)

STATE_CHECKS: Final = (
    Check(
        kind=LIVE_ON_DISABLED,
        table="connections",
        gravity=Gravity.CRITICAL,
        consent=Consent.NONE,
        one="connection is live though disabled",
        many="connections are live though disabled",
        action="live trading switched off",
        condition="t.live AND NOT t.enabled",
    ),
    Check(
        kind=LIVE_ON_PAPER,
        table="connections",
        gravity=Gravity.CRITICAL,
        consent=Consent.NONE,
        one="connection is live though it trades on paper",
        many="connections are live though they trade on paper",
        action="live trading switched off",
        condition=f"t.live AND t.enabled AND t.mode NOT IN ({_listed(Mode.LIVE, Mode.TESTNET)})",
    ),
    *(
        Check(
            kind=kind,
            table="connections",
            gravity=Gravity.CRITICAL,
            consent=Consent.NONE,
            one=f"connection has no {what}",
            many=f"connections have no {what}",
            action="begun anew",
            condition=f"t.id NOT IN (SELECT connection_id FROM {table})",
            reads=(table,),
        )
        for kind, table, what in (
            (NO_ENGINE_STATE, "engine_states", "engine state"),
            (NO_LEASE, "leases", "lease"),
        )
    ),
    Check(
        kind=LEFT_LEASE,
        table="leases",
        gravity=Gravity.WARNING,
        consent=Consent.NONE,
        one="lease was left by an engine that is gone",
        many="leases were left by engines that are gone",
        action="released",
        condition=f"t.owner IS NOT NULL AND (t.expires_at IS NULL OR t.expires_at < {_LEFT} "
        f"OR t.expires_at > {_FAR})",
    ),
    Check(
        kind=CLOSED_WITHOUT_EXIT,
        table="positions",
        gravity=Gravity.CRITICAL,
        consent=Consent.TRADING,
        one="position is closed without an exit price, time, reason or PnL",
        many="positions are closed without an exit price, time, reason or PnL",
        action="the exit is taken from its fills where these say it; else it is left: look it up "
        "at the venue",
        condition=f"t.status IN ({_CLOSED}) AND (t.exit_price IS NULL OR t.exit_time_ms IS NULL "
        "OR t.exit_reason IS NULL OR t.pnl IS NULL OR t.closed_at IS NULL)",
    ),
    Check(
        kind=OPEN_WITH_EXIT,
        table="positions",
        gravity=Gravity.CRITICAL,
        consent=Consent.TRADING,
        one="position is open and has an exit",
        many="positions are open and have an exit",
        action="closed or its exit emptied, as its fills say; else it is left: look it up at the "
        "venue",
        condition=f"t.status IN ({_OPEN}) AND (t.exit_price IS NOT NULL OR t.exit_time_ms IS NOT "
        "NULL OR t.exit_reason IS NOT NULL OR t.pnl IS NOT NULL OR t.closed_at IS NOT NULL)",
    ),
    Check(
        kind=NO_ENTRY_ORDER,
        table="positions",
        gravity=Gravity.CRITICAL,
        consent=Consent.IMPOSSIBLE,
        one="position has no entry order",
        many="positions have no entry order",
        action="look for it in a backup: cts-tui backups list",
        condition="NOT EXISTS (SELECT 1 FROM orders o WHERE o.client_order_id = t.key)",
        reads=("orders",),
    ),
    Check(
        kind=STUCK_ORDER,
        table="orders",
        gravity=Gravity.CRITICAL,
        consent=Consent.IMPOSSIBLE,
        one="order is on its way since ten minutes and more, and no engine works on it",
        many="orders are on their way since ten minutes and more, and no engine works on them",
        action="enable the connection and let an engine run: it asks the venue what became of it",
        condition=f"t.status IN ({_ON_ITS_WAY}) AND t.updated_at < {_STUCK} "
        f"AND NOT {_IS_WORKED_ON}",
        reads=("leases",),
    ),
    Check(
        kind=FINAL_WITHOUT_END,
        table="orders",
        gravity=Gravity.CRITICAL,
        consent=Consent.IMPOSSIBLE,
        one="order counts as filled, and less than it asked for has filled",
        many="orders count as filled, and less than they asked for has filled",
        action="where it is a real order, an engine that runs asks the venue for the fills",
        condition=f"t.status = '{OrderStatus.FILLED}' AND t.updated_at < {_STUCK} AND "
        "(t.quantity IS NULL OR CAST(t.filled AS REAL) < CAST(t.quantity AS REAL) * 0.999999999)",
    ),
)
