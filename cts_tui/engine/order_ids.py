"""Client order ids: derived from what the order is for, so that no order can be made twice.

The same signal on the same store always gives the same id, and the store refuses a second intent
of that id. Eighteen characters of [a-z0-9], which the strictest venues (Kraken, OKX) accept: 75
bits, so that two of a million orders meet once in a hundred billion stores.
"""

import base64
import hashlib
import re
from typing import Final

from cts_tui.model.records import Order, Signal

ADOPTED: Final = "adopted-"
"""How the strategies of adopted orders and positions begin: each is a holder of its own."""
_PREFIX: Final = "cts"
_OURS: Final = re.compile(r"cts[a-z2-7]{15}|cts-.+")
"""The second form: ids of the first version."""


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


def moved_id(position_key: str, attempt: int) -> str:
    """Return the client order id of an entry that is sent again, for the `attempt`-th time."""
    return _id(position_key, "moved", str(attempt))


def stop_id(position_key: str, attempt: int) -> str:
    """Return the client order id of the `attempt`-th stop (from 1) of a position at its venue."""
    return _id(position_key, "stop", str(attempt))


def target_id(position_key: str, attempt: int) -> str:
    """Return the client order id of the `attempt`-th target (from 1) of a position at its venue."""
    return _id(position_key, "target", str(attempt))


def foreign_id(position_key: str, venue_order_id: str) -> str:
    """Return our id for an order of others that has closed a position, or a part of it."""
    return _id(position_key, "foreign", venue_order_id)


def adopted_id(store_id: str, connection: str, venue_key: str, time_ms: int) -> str:
    """Return our id for an order or a position of others that the trader adopts."""
    return _id(store_id, connection, "adopted", venue_key, str(time_ms))


def is_adopted(order: Order) -> bool:
    """Return whether an order was placed by others and adopted."""
    return order.strategy.startswith(ADOPTED)


def is_ours(client_order_id: str) -> bool:
    """Return whether an order bears an id of this program, of this store or another."""
    return _OURS.fullmatch(client_order_id) is not None


def _id(*parts: str) -> str:
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return _PREFIX + base64.b32encode(digest)[:15].decode().lower()
