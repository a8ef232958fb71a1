"""The desk itself: events and settings that outlive a restart, and rows that were set aside."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from cts_tui.store.column_types import Json, UtcTime, Words


class EventRow(SQLModel, table=True):
    """A change of trading state: when, who, before, after (S13)."""

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_time", "time"),)

    id: int | None = Field(default=None, primary_key=True)
    time: datetime = Field(sa_type=UtcTime)
    who: str
    kind: str
    subject: str
    before: str | None = Field(default=None, sa_type=Words)
    after: str | None = Field(default=None, sa_type=Words)
    message: str = Field(sa_type=Words)


class SettingRow(SQLModel, table=True):
    """A setting that must survive a restart, such as the kill switch (S11)."""

    __tablename__ = "settings"

    key: str = Field(primary_key=True)
    value: Any = Field(sa_type=Json)
    updated_at: datetime = Field(sa_type=UtcTime)


class QuarantineRow(SQLModel, table=True):
    """A row that had to go, whole: a repair has moved it here, and says so."""

    __tablename__ = "quarantine"

    id: int | None = Field(default=None, primary_key=True)
    time: datetime = Field(sa_type=UtcTime)
    kind: str
    """Name of the check that found it, like `orphan`."""
    origin: str
    """The table it was in."""
    key: str
    """Its key there."""
    content: str
    """JSON object: column → value as it was stored; bytes as `{"hex": …}`."""
