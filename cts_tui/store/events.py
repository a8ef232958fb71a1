"""Events: every change of trading state, with who made it (S13)."""

from datetime import datetime

from sqlalchemy import insert, select

from cts_tui.model.views import EventView
from cts_tui.store.column_types import to_ms
from cts_tui.store.database import Transaction
from cts_tui.store.tables import EVENTS


def add(
    transaction: Transaction,
    *,
    time: datetime,
    who: str,
    kind: str,
    subject: str,
    message: str,
    before: str | None = None,
    after: str | None = None,
) -> None:
    """Insert one event, in the transaction of the change it tells of."""
    transaction.execute(
        insert(EVENTS).values(
            time=time,
            who=who,
            kind=kind,
            subject=subject,
            before=before,
            after=after,
            message=message,
        )
    )


def views(transaction: Transaction, *, limit: int | None = None) -> list[EventView]:
    """Return events, the newest first."""
    query = select(EVENTS).order_by(EVENTS.c.id.desc()).limit(limit)
    return [
        EventView(
            id=row["id"],
            time_ms=to_ms(row["time"]),
            who=row["who"],
            kind=row["kind"],
            subject=row["subject"],
            before=row["before"],
            after=row["after"],
            message=row["message"],
        )
        for row in transaction.execute(query).mappings()
    ]
