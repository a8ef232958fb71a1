"""Samples of health over time: the verdict and the main figures, one a minute."""

from sqlalchemy import RowMapping, delete, insert, select

from cts_tui.model.health import HealthSample
from cts_tui.model.trading import HealthStatus
from cts_tui.store.database import Transaction
from cts_tui.store.tables import HEALTH_SAMPLES


def add(transaction: Transaction, sample: HealthSample) -> bool:
    """Store a sample; return whether it was one of its own: another program may have been first."""
    known = select(HEALTH_SAMPLES.c.time_ms).where(HEALTH_SAMPLES.c.time_ms == sample.time_ms)
    if transaction.execute(known).first() is not None:
        return False
    transaction.execute(
        insert(HEALTH_SAMPLES).values(
            time_ms=sample.time_ms, status=sample.status, figures=dict(sample.figures)
        )
    )
    return True


def since(
    transaction: Transaction, time_ms: int, *, limit: int | None = None
) -> list[HealthSample]:
    """Return the newest samples since a time, oldest first."""
    row = HEALTH_SAMPLES.c
    query = (
        select(HEALTH_SAMPLES)
        .where(row.time_ms >= time_ms)
        .order_by(row.time_ms.desc())
        .limit(limit)
    )
    found = transaction.execute(query).mappings().all()
    return [_sample(row) for row in reversed(found)]


def prune(transaction: Transaction, before_ms: int) -> int:
    """Delete the samples from before a time; return how many."""
    query = delete(HEALTH_SAMPLES).where(HEALTH_SAMPLES.c.time_ms < before_ms)
    return transaction.execute(query).rowcount


def _sample(row: RowMapping) -> HealthSample:
    figures = row["figures"]
    return HealthSample(
        time_ms=row["time_ms"],
        status=HealthStatus(row["status"]),
        figures=figures if isinstance(figures, dict) else {},
    )
