"""Tables of what an account holds beside our own orders and positions, and of its limits."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from cts_tui.store.column_types import DecimalText, Json, UtcTime
from cts_tui.store.tables.columns import owner


class ExternalRow(SQLModel, table=True):
    """An order or a position on the account that is not ours: left alone until decided (S7)."""

    __tablename__ = "externals"
    __table_args__ = (UniqueConstraint("connection_id", "kind", "venue_key"),)

    id: int | None = Field(default=None, primary_key=True)
    connection_id: int = owner()
    kind: str
    """`order` or `position`."""
    venue_key: str
    """Venue order id; of a position its symbol and side."""
    symbol: str
    side: str
    quantity: Decimal = Field(sa_type=DecimalText)
    price: Decimal | None = Field(default=None, sa_type=DecimalText)
    status: str = "external"
    """`external`, `ignored`, `adopted` or `gone`."""
    wish: str | None = None
    """What the trader asks for: `adopt` or `ignore`."""
    first_seen_at: datetime = Field(sa_type=UtcTime)
    last_seen_at: datetime = Field(sa_type=UtcTime)


class BalanceRow(SQLModel, table=True):
    """What an account holds of one currency, as last told by the venue; its paper account apart."""

    __tablename__ = "balances"
    __table_args__ = {"sqlite_with_rowid": False}

    connection_id: int = owner(is_key=True)
    is_live: bool = Field(primary_key=True)
    currency: str = Field(primary_key=True)
    free: Decimal = Field(sa_type=DecimalText)
    used: Decimal = Field(sa_type=DecimalText)
    total: Decimal = Field(sa_type=DecimalText)
    updated_at: datetime = Field(sa_type=UtcTime)


class RiskStateRow(SQLModel, table=True):
    """Where a connection's paper or real money stands against its loss limits (S11)."""

    __tablename__ = "risk_states"
    __table_args__ = {"sqlite_with_rowid": False}

    connection_id: int = owner(is_key=True)
    is_live: bool = Field(primary_key=True)
    day: str = ""
    """UTC date to which `day_equity` belongs."""
    day_equity: Decimal | None = Field(default=None, sa_type=DecimalText)
    """Equity, open PnL included, with which the day began."""
    capital: Decimal | None = Field(default=None, sa_type=DecimalText)
    """Equity less all PnL of the desk."""
    peak_equity: Decimal | None = Field(default=None, sa_type=DecimalText)
    halted_at: datetime | None = Field(default=None, sa_type=UtcTime)
    halt_reason: str = ""
    is_halt_daily: bool = False
    """Whether the halt ends with the day."""
    cool_downs: dict[str, Any] | None = Field(default=None, sa_type=Json)
    """Symbol → time in ms until which it gets no entries."""
    reset_requested_at: datetime | None = Field(default=None, sa_type=UtcTime)
