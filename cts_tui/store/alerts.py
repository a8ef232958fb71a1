"""Rows of alerts: what the keeper writes, what faces read, and whose turn it is to keep them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import RowMapping, delete, func, or_, select, update

from cts_tui.clock import utc_from_ms
from cts_tui.model.alerts import VERDICT_RULE, Alert, AlertCounts
from cts_tui.model.health import Gravity
from cts_tui.store import setting_rows
from cts_tui.store.column_types import to_ms, to_ms_or_none
from cts_tui.store.database import Transaction
from cts_tui.store.statements import upsert
from cts_tui.store.tables import ALERTS, ENGINE_PROGRAMS

KEEPER: Final = "alert_keeper"
"""The setting that names the program which raises alerts for all of them."""
_SAVE: Final = upsert(ALERTS, "rule,subject,raised_at", "acked_at")
TURN_S: Final = 30.0
"""How long a turn lasts that is not renewed."""
_OF_LATE_MS: Final = 86_400_000
_ROW: Final = ALERTS.c


def save(transaction: Transaction, alerts: Iterable[Alert]) -> None:
    """Write alerts, new ones and changed ones; what the trader acknowledged stays so."""
    rows = [_as_row(alert) for alert in alerts]
    if rows:
        transaction.execute(_SAVE[transaction.dialect.name], rows)


def forget_acks(transaction: Transaction, alerts: Iterable[Alert]) -> None:
    """Take back that alerts are known: they have become graver since."""
    for alert in alerts:
        transaction.execute(
            update(ALERTS)
            .where(
                _ROW.rule == alert.rule,
                _ROW.subject == alert.subject,
                _ROW.raised_at == utc_from_ms(alert.raised_ms),
            )
            .values(acked_at=None)
        )


def of_late(transaction: Transaction, now_ms: int) -> list[Alert]:
    """Return the alerts that stand, and those that were cleared within a day; oldest first."""
    since = utc_from_ms(now_ms - _OF_LATE_MS)
    query = (
        select(ALERTS)
        .where(or_(_ROW.cleared_at.is_(None), _ROW.cleared_at >= since))
        .order_by(_ROW.id)
    )
    return _alerts(transaction.execute(query).mappings().all())


def acked(transaction: Transaction) -> list[Alert]:
    """Return the standing alerts that the trader has acknowledged."""
    query = select(ALERTS).where(_ROW.cleared_at.is_(None), _ROW.acked_at.is_not(None))
    return _alerts(transaction.execute(query).mappings().all())


def listed(
    transaction: Transaction, *, is_standing: bool = False, limit: int | None = None
) -> list[Alert]:
    """Return alerts, the newest first: all of them, or those that stand."""
    query = select(ALERTS).order_by(_ROW.id.desc()).limit(limit)
    if is_standing:
        query = query.where(_ROW.cleared_at.is_(None))
    return _alerts(transaction.execute(query).mappings().all())


def standing_keys(transaction: Transaction) -> frozenset[tuple[str, str]]:
    """Return rule and subject of every alert that stands."""
    query = select(_ROW.rule, _ROW.subject).where(_ROW.cleared_at.is_(None))
    return frozenset((row.rule, row.subject) for row in transaction.execute(query))


def prune(transaction: Transaction, *, before: datetime) -> int:
    """Delete alerts that were cleared before a time; those that stand stay, however old."""
    query = delete(ALERTS).where(_ROW.cleared_at.is_not(None), _ROW.cleared_at < before)
    return transaction.execute(query).rowcount


def find(transaction: Transaction, alert_id: int) -> Alert | None:
    """Return one alert, None where there is none of that id."""
    query = select(ALERTS).where(_ROW.id == alert_id)
    found = _alerts(transaction.execute(query).mappings().all())
    return found[0] if found else None


def ack(transaction: Transaction, alert_id: int, now: datetime) -> None:
    """Note that the trader knows of an alert."""
    transaction.execute(update(ALERTS).where(_ROW.id == alert_id).values(acked_at=now))


def counts(transaction: Transaction) -> AlertCounts:
    """Return how many alerts stand that the trader has not acknowledged."""
    query = (
        select(_ROW.severity, func.count())
        .where(_ROW.cleared_at.is_(None), _ROW.acked_at.is_(None), _ROW.rule != VERDICT_RULE)
        .group_by(_ROW.severity)
    )
    found = {row.severity: row[1] for row in transaction.execute(query)}
    return AlertCounts(found.get(Gravity.CRITICAL, 0), found.get(Gravity.WARNING, 0))


def is_turn_of_another(transaction: Transaction, owner: str, now: datetime) -> bool:
    """Return whether another program that is registered keeps the alerts now."""
    holder = setting_rows.get(transaction, KEEPER)
    if not isinstance(holder, dict) or holder.get("owner") in (None, owner):
        return False
    known = select(ENGINE_PROGRAMS.c.owner).where(ENGINE_PROGRAMS.c.owner == holder["owner"])
    if transaction.execute(known).first() is None:
        return False
    latest = now + timedelta(seconds=2 * TURN_S)  # beyond that the clock was wrong
    return _stamp(now) < str(holder.get("until")) <= _stamp(latest)


def take_turn(transaction: Transaction, owner: str, now: datetime) -> bool:
    """Take or renew the turn to keep the alerts; False where another program has it."""
    if is_turn_of_another(transaction, owner, now):
        return False
    until = _stamp(now + timedelta(seconds=TURN_S))
    setting_rows.put(transaction, KEEPER, {"owner": owner, "until": until}, now)
    return True


def _stamp(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds")


def _as_row(alert: Alert) -> dict[str, Any]:
    return {
        "rule": alert.rule,
        "subject": alert.subject,
        "severity": str(alert.severity),
        "message": alert.message,
        "raised_at": utc_from_ms(alert.raised_ms),
        "seen_at": utc_from_ms(alert.seen_ms),
        "cleared_at": None if alert.cleared_ms is None else utc_from_ms(alert.cleared_ms),
        "notified_at": None if alert.notified_ms is None else utc_from_ms(alert.notified_ms),
        "acked_at": None,
    }


def _alerts(rows: Sequence[RowMapping]) -> list[Alert]:
    return [
        Alert(
            rule=row["rule"],
            subject=row["subject"],
            severity=_gravity(row["severity"]),
            message=row["message"],
            raised_ms=to_ms(row["raised_at"]),
            seen_ms=to_ms(row["seen_at"]),
            cleared_ms=to_ms_or_none(row["cleared_at"]),
            notified_ms=to_ms_or_none(row["notified_at"]),
            acked_ms=to_ms_or_none(row["acked_at"]),
            id=row["id"],
        )
        for row in rows
    ]


def _gravity(stored: str) -> Gravity:
    """Return a severity as stored; what is none is taken for the graver one."""
    return Gravity.WARNING if stored == Gravity.WARNING else Gravity.CRITICAL
