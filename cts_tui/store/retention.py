"""Pruning: old candles, indications and events are deleted by age and count."""

from datetime import datetime

from sqlalchemy import Table, delete, func, select

from cts_tui.store.database import Transaction
from cts_tui.store.tables import CANDLES, EVENTS, INDICATIONS

_DAY_MS = 86_400_000


def prune_candles(transaction: Transaction, *, keep: int, keep_days: int) -> int:
    """Delete candles beyond `keep` per series, and older than `keep_days` before its newest."""
    return _prune_series(transaction, CANDLES, keep, keep_days)


def prune_indications(transaction: Transaction, *, keep: int, keep_days: int) -> int:
    """Delete indications beyond `keep` per series, and older than `keep_days` before its newest."""
    return _prune_series(transaction, INDICATIONS, keep, keep_days)


def prune_events(transaction: Transaction, *, before: datetime) -> int:
    """Delete events older than `before`."""
    return transaction.execute(delete(EVENTS).where(EVENTS.c.time < before)).rowcount


def _prune_series(transaction: Transaction, table: Table, keep: int, keep_days: int) -> int:
    series = (table.c.connection_id, table.c.symbol, table.c.timeframe)
    newest = select(*series, func.max(table.c.time_ms)).group_by(*series)
    removed = 0
    for *key, last_ms in transaction.execute(newest).all():
        is_own = [column == value for column, value in zip(series, key, strict=True)]
        by_count = (
            select(table.c.time_ms).where(*is_own).order_by(table.c.time_ms.desc()).offset(keep)
        ).limit(1)
        first_beyond = transaction.execute(by_count).scalar()
        bound = max(last_ms - keep_days * _DAY_MS, -1 if first_beyond is None else first_beyond + 1)
        removed += transaction.execute(
            delete(table).where(*is_own, table.c.time_ms < bound)
        ).rowcount
    return removed
