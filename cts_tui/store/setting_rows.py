"""Settings that live in the store because they must survive a restart (S11)."""

import secrets
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, insert, select

from cts_tui.store.database import Transaction
from cts_tui.store.tables import SETTINGS

KILL_SWITCH: Final = "kill_switch"
STORE_ID: Final = "store_id"


def get(transaction: Transaction, key: str) -> Any:
    """Return a setting, None when it was never set."""
    return transaction.execute(select(SETTINGS.c.value).where(SETTINGS.c.key == key)).scalar()


def put(transaction: Transaction, key: str, value: Any, now: datetime) -> None:
    """Set a setting."""
    transaction.execute(delete(SETTINGS).where(SETTINGS.c.key == key))
    transaction.execute(insert(SETTINGS).values(key=key, value=value, updated_at=now))


def remove(transaction: Transaction, key: str) -> None:
    """Forget a setting."""
    transaction.execute(delete(SETTINGS).where(SETTINGS.c.key == key))


def store_id(transaction: Transaction, now: datetime) -> str:
    """Return the store's own id, by which orders and credentials of two stores are kept apart."""
    known = get(transaction, STORE_ID)
    if known is None:
        known = secrets.token_hex(8)
        put(transaction, STORE_ID, known, now)
    return str(known)
