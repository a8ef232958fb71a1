"""Client order ids: derived from what the order is for, so that no order can be made twice.

The same signal on the same store always gives the same id, and the store refuses a second intent
of that id. At most 36 characters of [a-z0-9-], which the strictest common venues accept.
"""

import base64
import hashlib

from cts_tui.model.records import Signal


def entry_id(store_id: str, connection: str, signal: Signal) -> str:
    """Return the client order id of the entry that `signal` asks for."""
    return _id(
        store_id,
        connection,
        signal.strategy,
        signal.symbol,
        signal.timeframe,
        str(signal.time_ms),
        signal.side,
    )


def exit_id(position_key: str, attempt: int) -> str:
    """Return the client order id of the `attempt`-th exit (from 1) of a position."""
    return _id(position_key, "exit", str(attempt))


def _id(*parts: str) -> str:
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return "cts-" + base64.b32encode(digest[:20]).decode().lower()
