"""What must not come back with a backup: live trading, programs and requests of that time."""

from datetime import datetime

from sqlalchemy import Inspector, delete, inspect, select, update

from cts_tui.model.trading import EventKind
from cts_tui.store import events, setting_rows
from cts_tui.store.database import Database, Transaction
from cts_tui.store.tables import CONNECTIONS, ENGINE_PROGRAMS, EVENTS, LEASES, POSITIONS, SETTINGS


def settle(
    database: Database, *, now: datetime, who: str, source: str, is_killed: bool
) -> list[str]:
    """Prepare a restored store for its first opening; return a line for each thing changed.

    `is_killed` is the kill switch of the store it replaces: it stays on. The store may be of any
    schema. Leaves an event that names `source` (S13).
    """
    told: list[str] = []
    with database.write() as transaction:
        found = inspect(transaction)
        present = set(found.get_table_names())
        if ENGINE_PROGRAMS.name in present:
            transaction.execute(delete(ENGINE_PROGRAMS))
        if LEASES.name in present:
            transaction.execute(update(LEASES).values(owner=None, expires_at=None))
        if CONNECTIONS.name in present:
            told += end_live_trading(transaction, now)
        told += _withdraw_requests(transaction, found, present)
        if is_killed and SETTINGS.name in present:
            setting_rows.put(transaction, setting_rows.KILL_SWITCH, value=True, now=now)
            told.append("the kill switch stays on")
        if EVENTS.name in present:
            events.add(
                transaction,
                time=now,
                who=who,
                kind=EventKind.STORE,
                subject="database",
                message="; ".join([f"restored from {source}", *told]),
            )
    return told


def end_live_trading(transaction: Transaction, now: datetime) -> list[str]:
    """Turn live trading off: it was armed for what was known then, not now (S2)."""
    is_live = CONNECTIONS.c.live.is_(True)
    names = transaction.execute(select(CONNECTIONS.c.name).where(is_live)).scalars().all()
    transaction.execute(update(CONNECTIONS).where(is_live).values(live=False, updated_at=now))
    return [f"live trading of {', '.join(names)} is off, arm it again"] if names else []


def _withdraw_requests(transaction: Transaction, found: Inspector, present: set[str]) -> list[str]:
    """Withdraw what the trader had asked to be closed then: it was, or is to be asked anew."""
    count = 0
    for table, name in ((CONNECTIONS, "flatten_requested_at"), (POSITIONS, "close_requested_at")):
        if table.name not in present:
            continue
        if name in {column["name"] for column in found.get_columns(table.name)}:
            asked = table.c[name].is_not(None)
            count += transaction.execute(update(table).where(asked).values({name: None})).rowcount
    return [f"{count} requests to close, of that time, are withdrawn"] if count else []
