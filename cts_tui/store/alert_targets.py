"""Rows of the targets that notices of alerts go to; their addresses are encrypted (S10).

Each blob is bound to its store and name: put into another row it does not open.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from cts_tui.errors import ConfigError, LockedError
from cts_tui.model.alerts import AlertTarget, Delivery, TargetView, scheme_of
from cts_tui.redaction import keep_secret
from cts_tui.store import setting_rows
from cts_tui.store.column_types import to_ms, to_ms_or_none
from cts_tui.store.database import Transaction
from cts_tui.store.key_rows import Opened, use_key
from cts_tui.store.sealing import SealingKey, seal, unseal
from cts_tui.store.tables import ALERT_TARGETS

_ROW = ALERT_TARGETS.c


def add(transaction: Transaction, target: AlertTarget, opened: Opened, now: datetime) -> None:
    """Store a target. Raises ConfigError where one of that name exists already."""
    use_key(transaction, opened, now)
    keep_secret(target.secrets)
    if transaction.execute(select(_ROW.name).where(_ROW.name == target.name)).first():
        raise ConfigError(
            f"there is a target called {target.name} already; first: "
            f"cts-tui alerts targets remove {target.name}"
        )
    transaction.execute(
        insert(ALERT_TARGETS).values(
            name=target.name,
            scheme=scheme_of(target.url),
            blob=_sealed(transaction, target, opened[1], now),
            created_at=now,
            failures=0,
        )
    )


def remove(transaction: Transaction, name: str) -> bool:
    """Delete a target; return whether there was one of that name."""
    return transaction.execute(delete(ALERT_TARGETS).where(_ROW.name == name)).rowcount > 0


def views(transaction: Transaction) -> list[TargetView]:
    """Return the targets as they may be shown, by name."""
    query = select(ALERT_TARGETS).order_by(_ROW.name)
    return [
        TargetView(
            name=row["name"],
            scheme=row["scheme"],
            created_ms=to_ms(row["created_at"]),
            sent_ms=to_ms_or_none(row["sent_at"]),
            failed_ms=to_ms_or_none(row["failed_at"]),
            failures=row["failures"],
            last_error=row["last_error"],
        )
        for row in transaction.execute(query).mappings()
    ]


def read(transaction: Transaction, key: SealingKey) -> list[AlertTarget]:
    """Return the targets with their addresses, by name.

    Raises LockedError where one was encrypted with another key, changed, or moved from elsewhere.
    """
    query = select(_ROW.name, _ROW.blob).order_by(_ROW.name)
    return [_opened(transaction, name, blob, key) for name, blob in transaction.execute(query)]


def state(transaction: Transaction) -> list[tuple[str, int]]:
    """Return the names of the targets and since when each exists: what tells that they changed."""
    query = select(_ROW.name, _ROW.created_at).order_by(_ROW.name)
    return [(name, to_ms(created)) for name, created in transaction.execute(query)]


def count(transaction: Transaction) -> int:
    """Return how many targets there are."""
    return transaction.execute(select(func.count()).select_from(ALERT_TARGETS)).scalar_one()


def note(transaction: Transaction, deliveries: Sequence[Delivery], now: datetime) -> None:
    """Note what became of notices at their targets."""
    for delivery in deliveries:
        values: dict[str, Any] = {"sent_at": now, "failures": 0, "last_error": None}
        if delivery.error:
            values = {
                "failed_at": now,
                "failures": _ROW.failures + 1,
                "last_error": delivery.error,
            }
        transaction.execute(
            update(ALERT_TARGETS).where(_ROW.name == delivery.target).values(**values)
        )


def encrypt_anew(transaction: Transaction, old: SealingKey, new: SealingKey, now: datetime) -> int:
    """Encrypt all targets with another key; return how many. All, or an exception and none."""
    targets = read(transaction, old)
    for target in targets:
        transaction.execute(
            update(ALERT_TARGETS)
            .where(_ROW.name == target.name)
            .values(blob=_sealed(transaction, target, new, now))
        )
    return len(targets)


def forget_all(transaction: Transaction) -> int:
    """Delete all targets; return how many there were."""
    return transaction.execute(delete(ALERT_TARGETS)).rowcount


def _sealed(transaction: Transaction, target: AlertTarget, key: SealingKey, now: datetime) -> bytes:
    store_id = setting_rows.store_id(transaction, now)
    return seal(key.value, target.url.encode(), _bound_to(store_id, target.name))


def _opened(transaction: Transaction, name: str, blob: bytes, key: SealingKey) -> AlertTarget:
    store_id = setting_rows.get(transaction, setting_rows.STORE_ID)
    plain = unseal(key.value, blob, _bound_to(str(store_id), name))
    if plain is None:
        raise LockedError(
            f"the address of the alert target {name} does not open: it was changed, moved here "
            "from elsewhere, or encrypted with another key; remove it and add it again: "
            f"cts-tui alerts targets remove {name}"
        )
    target = AlertTarget(name, plain.decode())
    keep_secret(target.secrets)
    return target


def _bound_to(store_id: str, name: str) -> str:
    return f"alert-target/{store_id}/{name}"
