"""The row that says with which master key secrets are encrypted; never the key itself (S10)."""

import secrets as random
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cts_tui.errors import ConfigError, LockedError
from cts_tui.model.vault import KeySource
from cts_tui.store import setting_rows
from cts_tui.store.database import Transaction
from cts_tui.store.sealing import SealingKey, new_salt, seal, unseal

_MASTER_KEY: Final = "master_key"
_CHECKED: Final = b"cts-tui"


@dataclass(frozen=True, slots=True)
class KeyRow:
    """Which key secrets are encrypted with; the key itself is never in the store."""

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
    """Return which key is in use, None before the first secret. Raises LockedError."""
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


Opened = tuple[KeyRow, SealingKey]
"""A key with the row that tells of it."""


def use_key(transaction: Transaction, opened: Opened, now: datetime) -> None:
    """Make sure that a key is the one in use; its row is stored with the first secret.

    Raises ConfigError when another process has changed the key meanwhile.
    """
    row, key = opened
    stored = key_row(transaction)
    if stored is None:
        save_key_row(transaction, row, now)
    elif stored.key_id != key.id:
        raise ConfigError("the master key was changed by another process just now: try again")


def forget_key(transaction: Transaction) -> None:
    """Forget which key is in use: nothing is encrypted with it any more."""
    setting_rows.remove(transaction, _MASTER_KEY)
