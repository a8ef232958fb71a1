"""Rows of encrypted credentials.

Each blob is bound to its store and connection: put into another row it does not open.
"""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from cts_tui.errors import LockedError
from cts_tui.model.credentials import Credentials
from cts_tui.model.vault import StoredCredentials
from cts_tui.redaction import keep_secret
from cts_tui.store import setting_rows
from cts_tui.store.column_types import to_ms
from cts_tui.store.database import Transaction
from cts_tui.store.key_rows import KeyRow, use_key
from cts_tui.store.sealing import SealingKey, seal, unseal
from cts_tui.store.tables import CONNECTIONS, CREDENTIALS


def put(
    transaction: Transaction,
    connection_id: int,
    credentials: Credentials,
    key: SealingKey,
    row: KeyRow,
    now: datetime,
) -> None:
    """Store the credentials of a connection in place of those it had.

    `row` tells of `key`, and is stored with the first credentials. Raises ConfigError when another
    process has changed the key meanwhile.
    """
    use_key(transaction, (row, key), now)
    keep_secret(credentials.secrets)
    values: dict[str, Any] = {
        "fields": list(credentials.given),
        "blob": _sealed(transaction, connection_id, credentials, key, now),
        "updated_at": now,
    }
    ours = CREDENTIALS.c.connection_id == connection_id
    if not transaction.execute(update(CREDENTIALS).where(ours).values(**values)).rowcount:
        values |= {"connection_id": connection_id, "created_at": now}
        transaction.execute(insert(CREDENTIALS).values(**values))


def read(transaction: Transaction, connection_id: int, key: SealingKey) -> Credentials | None:
    """Return the credentials of a connection, None when it has none.

    From now on they are masked in whatever this process writes. Raises LockedError where they were
    encrypted with another key, changed, or moved here from another row.
    """
    query = select(CREDENTIALS.c.blob).where(CREDENTIALS.c.connection_id == connection_id)
    blob = transaction.execute(query).scalar()
    return None if blob is None else _opened(transaction, connection_id, blob, key)


def remove(transaction: Transaction, connection_id: int) -> bool:
    """Delete the credentials of a connection; return whether it had any."""
    query = delete(CREDENTIALS).where(CREDENTIALS.c.connection_id == connection_id)
    return transaction.execute(query).rowcount > 0


def stored(transaction: Transaction) -> dict[int, StoredCredentials]:
    """Return which connections have credentials, by connection id."""
    columns = (CREDENTIALS.c.connection_id, CREDENTIALS.c.fields, CREDENTIALS.c.updated_at)
    return {
        row.connection_id: StoredCredentials(tuple(row.fields), to_ms(row.updated_at))
        for row in transaction.execute(select(*columns))
    }


def count(transaction: Transaction) -> int:
    """Return how many connections have credentials."""
    return transaction.execute(select(func.count()).select_from(CREDENTIALS)).scalar_one()


def encrypt_anew(transaction: Transaction, old: SealingKey, new: SealingKey, now: datetime) -> int:
    """Encrypt all credentials with another key; return how many. All, or an exception and none."""
    blobs = transaction.execute(select(CREDENTIALS.c.connection_id, CREDENTIALS.c.blob)).all()
    for connection_id, blob in blobs:
        credentials = _opened(transaction, connection_id, blob, old)
        sealed = _sealed(transaction, connection_id, credentials, new, now)
        ours = CREDENTIALS.c.connection_id == connection_id
        transaction.execute(update(CREDENTIALS).where(ours).values(blob=sealed))
    return len(blobs)


def forget_all(transaction: Transaction, now: datetime) -> int:
    """Delete all credentials; who traded live no longer does. Return how many there were."""
    holders = CONNECTIONS.c.id.in_(select(CREDENTIALS.c.connection_id))
    transaction.execute(
        update(CONNECTIONS).where(holders).values(live=False, last_test=None, updated_at=now)
    )
    return transaction.execute(delete(CREDENTIALS)).rowcount


def _sealed(
    transaction: Transaction,
    connection_id: int,
    credentials: Credentials,
    key: SealingKey,
    now: datetime,
) -> bytes:
    plain = json.dumps(credentials.as_ccxt()).encode()
    store_id = setting_rows.store_id(transaction, now)
    return seal(key.value, plain, _bound_to(store_id, connection_id))


def _opened(
    transaction: Transaction, connection_id: int, blob: bytes, key: SealingKey
) -> Credentials:
    store_id = setting_rows.get(transaction, setting_rows.STORE_ID)
    plain = unseal(key.value, blob, _bound_to(str(store_id), connection_id))
    if plain is None:
        raise LockedError(
            "stored credentials do not open: they were changed, moved here from elsewhere, or "
            "encrypted with another key; enter them again with: "
            "cts-tui connections edit NAME --credentials-stdin"
        )
    credentials = Credentials.from_ccxt(json.loads(plain))
    keep_secret(credentials.secrets)
    return credentials


def _bound_to(store_id: str, connection_id: int) -> str:
    return f"credentials/{store_id}/{connection_id}"
