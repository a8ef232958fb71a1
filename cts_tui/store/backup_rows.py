"""What the store knows of its backups: the last one, and why the last attempt failed."""

from datetime import datetime
from typing import Any, Final

from cts_tui.clock import iso_from_ms
from cts_tui.model.backup import Backup
from cts_tui.model.trading import EventKind
from cts_tui.store import events, setting_rows
from cts_tui.store.column_types import to_ms
from cts_tui.store.database import Database, Transaction

_KEY: Final = "last_backup"
_MB: Final = 1_000_000


def last_backup(transaction: Transaction) -> dict[str, Any] | None:
    """Return what is known of the last backup, None before the first attempt.

    `file`, `made_at`, `made_ms`, `reason`, `size_bytes`, `rows` and `seconds` are of the last one
    that was made, null where there was none; `error` and `failed_at` of an attempt since.
    """
    found = setting_rows.get(transaction, _KEY)
    return found if isinstance(found, dict) else None


def record(database: Database, backup: Backup, *, who: str, removed: int = 0) -> None:
    """Record a backup that was made, and how many old ones were removed. Raises StoreError."""
    row = {
        "file": backup.file.name,
        "made_at": _iso(backup.made_at),
        "made_ms": to_ms(backup.made_at),
        "reason": backup.reason,
        "size_bytes": backup.size_bytes,
        "rows": backup.rows,
        "seconds": None if backup.seconds is None else round(backup.seconds, 3),
        "error": None,
        "failed_at": None,
    }
    gone = f"; {removed} old ones removed" if removed else ""
    message = f"backup made: {backup.file.name}, {backup.size_bytes / _MB:,.1f} MB{gone}"
    with database.write() as transaction:
        setting_rows.put(transaction, _KEY, row, backup.made_at)
        _tell(transaction, backup.made_at, who, message)


def record_failure(database: Database, reason: str, *, who: str, now: datetime) -> None:
    """Record why a backup could not be made; told once while the reason stays the same.

    Raises StoreError.
    """
    with database.write() as transaction:
        known = last_backup(transaction) or dict.fromkeys(
            ("file", "made_at", "made_ms", "reason", "size_bytes", "rows", "seconds")
        )
        is_news = known.get("error") != reason
        row = known | {"error": reason, "failed_at": _iso(now)}
        setting_rows.put(transaction, _KEY, row, now)
        if is_news:
            _tell(transaction, now, who, reason)


def _tell(transaction: Transaction, now: datetime, who: str, message: str) -> None:
    events.add(
        transaction, time=now, who=who, kind=EventKind.STORE, subject="backup", message=message
    )


def _iso(at: datetime) -> str:
    return iso_from_ms(to_ms(at))
