"""Everything that the master key encrypts, together: counted, encrypted anew, forgotten."""

from datetime import datetime

from cts_tui.store import alert_targets, secrets
from cts_tui.store.database import Transaction
from cts_tui.store.key_rows import KeyRow, forget_key, save_key_row
from cts_tui.store.sealing import SealingKey


def count(transaction: Transaction) -> int:
    """Return how many secrets are stored: credentials and targets of alerts."""
    return secrets.count(transaction) + alert_targets.count(transaction)


def encrypt_anew(
    transaction: Transaction, old: SealingKey, new: SealingKey, row: KeyRow, now: datetime
) -> int:
    """Encrypt every secret with another key; return how many. All, or an exception and none."""
    done = secrets.encrypt_anew(transaction, old, new, now)
    done += alert_targets.encrypt_anew(transaction, old, new, now)
    save_key_row(transaction, row, now)
    return done


def forget_all(transaction: Transaction, now: datetime) -> int:
    """Delete every secret, and the word of its key; return how many there were."""
    forgotten = secrets.forget_all(transaction, now) + alert_targets.forget_all(transaction)
    forget_key(transaction)
    return forgotten
