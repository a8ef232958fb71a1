"""Trading: strategies, their signals, orders, fills, positions."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from cts_tui.store.column_types import DecimalText, Json, UtcTime, Words
from cts_tui.store.tables.columns import owner


class StrategyRow(SQLModel, table=True):
    """A strategy, field by field as in its TOML file."""

    __tablename__ = "strategies"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    enabled: bool = False
    is_builtin: bool = False
    description: str = ""
    timeframe: str
    entry_long: str = ""
    exit_long: str = ""
    entry_short: str = ""
    exit_short: str = ""
    stop_loss_pct: Decimal = Field(sa_type=DecimalText)
    take_profit_pct: Decimal = Field(sa_type=DecimalText)
    trailing_stop_pct: Decimal = Field(sa_type=DecimalText)
    min_profit_factor: float
    gate_trades: int
    gate_min_trades: int
    size_kind: str
    size_amount: Decimal = Field(sa_type=DecimalText)
    symbols: list[str] = Field(sa_type=Json)
    updated_at: datetime = Field(sa_type=UtcTime)


class SignalRow(SQLModel, table=True):
    """A strategy's wish at the close of one candle; a second one like it is impossible."""

    __tablename__ = "signals"
    __table_args__ = (
        UniqueConstraint("connection_id", "strategy", "symbol", "timeframe", "time_ms", "side"),
        Index("ix_signals_time", "time_ms"),
        Index("ix_signals_status", "status"),
    )

    id: int | None = Field(default=None, primary_key=True)
    connection_id: int = owner()
    strategy: str
    symbol: str
    timeframe: str
    time_ms: int = Field(sa_type=BigInteger)
    side: str
    kind: str
    price: Decimal = Field(sa_type=DecimalText)
    reason: str
    status: str
    source: str
    created_at: datetime = Field(sa_type=UtcTime)


class OrderRow(SQLModel, table=True):
    """An order, from intent to end."""

    __tablename__ = "orders"
    __table_args__ = (
        Index("ix_orders_connection_status", "connection_id", "status"),
        Index("ix_orders_connection_venue_order_id", "connection_id", "venue_order_id"),
        Index("ix_orders_position_key", "position_key"),
    )

    id: int | None = Field(default=None, primary_key=True)
    client_order_id: str = Field(unique=True)
    venue_order_id: str | None = None
    connection_id: int = owner()
    position_key: str
    strategy: str
    symbol: str
    side: str
    type: str
    reduce_only: bool = False
    quantity: Decimal | None = Field(default=None, sa_type=DecimalText)
    cost: Decimal | None = Field(default=None, sa_type=DecimalText)
    price: Decimal | None = Field(default=None, sa_type=DecimalText)
    status: str
    filled: Decimal = Field(sa_type=DecimalText)
    average_price: Decimal | None = Field(default=None, sa_type=DecimalText)
    fees: Decimal = Field(sa_type=DecimalText)
    reason: str = Field(default="", sa_type=Words)
    time_in_force: str = "gtc"
    purpose: str = "entry"
    timeframe: str = ""
    is_live: bool = False
    answer: str = Field(default="", sa_type=Words)
    created_at: datetime = Field(sa_type=UtcTime)
    updated_at: datetime = Field(sa_type=UtcTime)


class FillRow(SQLModel, table=True):
    """A fill, counted once by the venue's trade id."""

    __tablename__ = "fills"
    __table_args__ = (
        UniqueConstraint("connection_id", "symbol", "venue_trade_id", "client_order_id"),
        Index("ix_fills_client_order_id", "client_order_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    connection_id: int = owner()
    client_order_id: str = Field(foreign_key="orders.client_order_id", ondelete="CASCADE")
    venue_trade_id: str
    symbol: str
    side: str
    quantity: Decimal = Field(sa_type=DecimalText)
    price: Decimal = Field(sa_type=DecimalText)
    fee: Decimal = Field(sa_type=DecimalText)
    fee_currency: str
    venue_order_id: str = ""
    time_ms: int = Field(sa_type=BigInteger)


class PositionRow(SQLModel, table=True):
    """A position; `key` is the client order id of the entry that opened it."""

    __tablename__ = "positions"
    __table_args__ = (
        Index("ix_positions_status", "status"),
        Index("ix_positions_connection_status", "connection_id", "status"),
        Index("ix_positions_connection_closed_at", "connection_id", "closed_at"),
        Index("ix_positions_realized", "connection_id", "closed_at", "is_live", "pnl"),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    connection_id: int = owner()
    strategy: str
    symbol: str
    timeframe: str
    side: str
    status: str
    quantity: Decimal = Field(sa_type=DecimalText)
    entry_price: Decimal = Field(sa_type=DecimalText)
    entry_time_ms: int = Field(sa_type=BigInteger)
    opened_at: datetime = Field(sa_type=UtcTime)
    stop_price: Decimal | None = Field(default=None, sa_type=DecimalText)
    target_price: Decimal | None = Field(default=None, sa_type=DecimalText)
    is_trailing: bool = False
    best_close: Decimal | None = Field(default=None, sa_type=DecimalText)
    trailing_stop_pct: Decimal = Field(sa_type=DecimalText)
    source: str
    is_live: bool = False
    fees: Decimal = Field(sa_type=DecimalText)
    entered: Decimal = Field(sa_type=DecimalText)
    entry_cost: Decimal = Field(sa_type=DecimalText)
    exited: Decimal = Field(sa_type=DecimalText)
    exit_value: Decimal = Field(sa_type=DecimalText)
    paid_fees: Decimal = Field(sa_type=DecimalText)
    stop_order_id: str | None = None
    unprotected_since_ms: int | None = Field(default=None, sa_type=BigInteger)
    pnl: Decimal | None = Field(default=None, sa_type=DecimalText)
    exit_price: Decimal | None = Field(default=None, sa_type=DecimalText)
    exit_time_ms: int | None = Field(default=None, sa_type=BigInteger)
    exit_reason: str | None = None
    closed_at: datetime | None = Field(default=None, sa_type=UtcTime)
    close_requested_at: datetime | None = Field(default=None, sa_type=UtcTime)
