"""Rows of encrypted credentials, and the row that says with which key they are encrypted.

Each blob is bound to its store and connection: put into another row it does not open.
"""

import json
import secrets as random
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, func, insert, select, update

from cts_tui.errors import ConfigError, LockedError
from cts_tui.model.credentials import Credentials
from cts_tui.model.vault import KeySource, StoredCredentials
from cts_tui.redaction import keep_secret
from cts_tui.store import setting_rows
from cts_tui.store.column_types import to_ms
from cts_tui.store.database import Transaction
from cts_tui.store.sealing import SealingKey, new_salt, seal, unseal
from cts_tui.store.tables import CONNECTIONS, CREDENTIALS

_MASTER_KEY: Final = "master_key"
_CHECKED: Final = b"cts-tui"


@dataclass(frozen=True, slots=True)
class KeyRow:
    """Which key the credentials are encrypted with; the key itself is never in the store."""

    source: KeySource
    key_id: str
    salt: bytes
    check: bytes = b""
    """Something encrypted with the key, by which a wrong one is known."""

    @classmethod
    def new(cls, source: KeySource) -> "KeyRow":
        """Return the row of a key that is to be made."""
        return cls(source, random.token_hex(8), new_salt())

    def sealed_by(self, value: bytes) -> "KeyRow":
        """Return the row with its check."""
        return KeyRow(self.source, self.key_id, self.salt, seal(value, _CHECKED, self._bound_to))

    def fits(self, value: bytes) -> bool:
        """Return whether `value` is the key that this row speaks of."""
        return unseal(value, self.check, self._bound_to) == _CHECKED

    @property
    def _bound_to(self) -> str:
        return f"check/{self.key_id}"


def key_row(transaction: Transaction) -> KeyRow | None:
    """Return which key is in use, None before the first credentials. Raises LockedError."""
    stored = setting_rows.get(transaction, _MASTER_KEY)
    if stored is None:
        return None
    try:
        return KeyRow(
            KeySource(stored["source"]),
            stored["key_id"],
            b64decode(stored["salt"]),
            b64decode(stored["check"]),
        )
    except (KeyError, TypeError, ValueError):
        raise LockedError(
            "the row that says how credentials are encrypted is damaged: restore a backup, or "
            "start over with: cts-tui secrets use SOURCE --forget"
        ) from None


def save_key_row(transaction: Transaction, row: KeyRow, now: datetime) -> None:
    """Say which key is in use from now on."""
    stored = {
        "source": str(row.source),
        "key_id": row.key_id,
        "salt": b64encode(row.salt).decode(),
        "check": b64encode(row.check).decode(),
    }
    setting_rows.put(transaction, _MASTER_KEY, stored, now)


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
    stored = key_row(transaction)
    if stored is None:
        save_key_row(transaction, row, now)
    elif stored.key_id != key.id:
        raise ConfigError("the master key was changed by another process just now: try again")
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


def encrypt_anew(
    transaction: Transaction, old: SealingKey, new: SealingKey, row: KeyRow, now: datetime
) -> int:
    """Encrypt all credentials with another key; return how many. All, or an exception and none."""
    blobs = transaction.execute(select(CREDENTIALS.c.connection_id, CREDENTIALS.c.blob)).all()
    for connection_id, blob in blobs:
        credentials = _opened(transaction, connection_id, blob, old)
        sealed = _sealed(transaction, connection_id, credentials, new, now)
        ours = CREDENTIALS.c.connection_id == connection_id
        transaction.execute(update(CREDENTIALS).where(ours).values(blob=sealed))
    save_key_row(transaction, row, now)
    return len(blobs)


def forget_all(transaction: Transaction, now: datetime) -> int:
    """Delete all credentials, and the word of their key; who traded live no longer does."""
    holders = CONNECTIONS.c.id.in_(select(CREDENTIALS.c.connection_id))
    transaction.execute(
        update(CONNECTIONS).where(holders).values(live=False, last_test=None, updated_at=now)
    )
    setting_rows.remove(transaction, _MASTER_KEY)
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
