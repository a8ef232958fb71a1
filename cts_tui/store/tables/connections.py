"""Connections: what the trader wants of them, their engines, leases and encrypted credentials."""

from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary
from sqlmodel import Field, SQLModel

from cts_tui.store.column_types import Figures, Json, UtcTime, Words
from cts_tui.store.tables.columns import owner


class ConnectionRow(SQLModel, table=True):
    """A connection to a venue: what the trader wants of it (desired state)."""

    __tablename__ = "connections"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    exchange: str
    mode: str
    market: str
    symbols: list[str] = Field(sa_type=Json)
    symbols_filter: str | None = None
    timeframe: str
    enabled: bool = False
    live: bool = False
    is_predefined: bool = False
    ccxt_config: dict[str, Any] | None = Field(default=None, sa_type=Json)
    last_test: dict[str, Any] | None = Field(default=None, sa_type=Figures)
    """A `model.connection_test.ConnectionTest`."""
    flatten_requested_at: datetime | None = Field(default=None, sa_type=UtcTime)
    created_at: datetime = Field(sa_type=UtcTime)
    updated_at: datetime = Field(sa_type=UtcTime)


class EngineStateRow(SQLModel, table=True):
    """What the engine of a connection says of itself (actual state)."""

    __tablename__ = "engine_states"

    connection_id: int = owner(is_key=True)
    status: str = "stopped"
    heartbeat_at: datetime | None = Field(default=None, sa_type=UtcTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcTime)
    restarts: int = 0
    last_error: str | None = Field(default=None, sa_type=Words)
    last_error_at: datetime | None = Field(default=None, sa_type=UtcTime)
    feed_source: str | None = None
    figures: dict[str, Any] | None = Field(default=None, sa_type=Figures)


class LeaseRow(SQLModel, table=True):
    """Who may run a connection's engine, until when, under which fencing number (S9)."""

    __tablename__ = "leases"

    connection_id: int = owner(is_key=True)
    owner: str | None = None
    fence: int = 0
    expires_at: datetime | None = Field(default=None, sa_type=UtcTime)


class EngineProgramRow(SQLModel, table=True):
    """A process that runs engines on this store."""

    __tablename__ = "engine_programs"

    owner: str = Field(primary_key=True)
    pid: int
    pid_started_at: datetime = Field(sa_type=UtcTime)
    host: str
    started_at: datetime = Field(sa_type=UtcTime)
    heartbeat_at: datetime = Field(sa_type=UtcTime)
    stop_requested_at: datetime | None = Field(default=None, sa_type=UtcTime)
    figures: dict[str, Any] | None = Field(default=None, sa_type=Figures)


class CredentialRow(SQLModel, table=True):
    """The API key of a connection, encrypted and bound to it (S10)."""

    __tablename__ = "credentials"

    connection_id: int = owner(is_key=True)
    fields: list[str] = Field(sa_type=Json)
    """Which fields there are, as ccxt spells them; never what they hold."""
    blob: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=UtcTime)
    updated_at: datetime = Field(sa_type=UtcTime)
