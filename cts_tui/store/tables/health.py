"""How the desk was: its health over time, and the alerts it raised."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from cts_tui.store.column_types import Figures, UtcTime, Words


class AlertRow(SQLModel, table=True):
    """Something the trader should know of; it stands until its cause is gone for certain."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index("ix_alerts_cleared_at", "cleared_at"),
        UniqueConstraint("rule", "subject", "raised_at", name="uq_alerts"),
    )

    id: int | None = Field(default=None, primary_key=True)
    rule: str
    """Name of the rule that raised it, like `feed-stale`."""
    subject: str
    """What it is about, like `binance-1/BTC/USDT`."""
    severity: str
    """`warning` or `critical`."""
    message: str = Field(sa_type=Words)
    raised_at: datetime = Field(sa_type=UtcTime)
    seen_at: datetime = Field(sa_type=UtcTime)
    """When its cause was last seen."""
    cleared_at: datetime | None = Field(default=None, sa_type=UtcTime)
    notified_at: datetime | None = Field(default=None, sa_type=UtcTime)
    """When a target last took a notice of it."""
    acked_at: datetime | None = Field(default=None, sa_type=UtcTime)
    """When the trader said that it is known."""


class AlertTargetRow(SQLModel, table=True):
    """Where notices of alerts go. The address holds tokens: it is there as a sealed blob only."""

    __tablename__ = "alert_targets"

    name: str = Field(primary_key=True)
    scheme: str
    """The service, which is no secret: `ntfys`, `tgram`."""
    blob: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=UtcTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcTime)
    failed_at: datetime | None = Field(default=None, sa_type=UtcTime)
    failures: int = 0
    """Failures since it last took a notice."""
    last_error: str | None = Field(default=None, sa_type=Words)


class HealthSampleRow(SQLModel, table=True):
    """The verdict and the main figures at one time, for the history of health."""

    __tablename__ = "health_samples"
    __table_args__ = {"sqlite_with_rowid": False}

    time_ms: int = Field(primary_key=True, sa_type=BigInteger)
    status: str
    figures: dict[str, Any] = Field(sa_type=Figures)
