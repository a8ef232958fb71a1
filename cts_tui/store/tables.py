"""The tables. SQLModel classes are the schema; rows never leave the store attached to a session."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

from cts_tui.store.column_types import DecimalText, Json, UtcTime


def _owner(*, is_key: bool = False) -> Any:
    """Return the column that names the connection a row belongs to and dies with."""
    return Field(
        sa_column=Column(
            Integer,
            ForeignKey("connections.id", ondelete="CASCADE"),
            primary_key=is_key,
            nullable=False,
        )
    )


def _by_time() -> tuple[Any, ...]:
    """Return the key of a table of series, clustered by time.

    One cycle's rows of all symbols then lie side by side: it writes a few pages, not one a symbol.
    """
    key = PrimaryKeyConstraint("connection_id", "timeframe", "time_ms", "symbol")
    return key, {"sqlite_with_rowid": False}


class ConnectionRow(SQLModel, table=True):
    """A connection to a venue: what the trader wants of it (desired state)."""

    __tablename__ = "connections"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    exchange: str
    mode: str
    market: str
    symbols: list[str] = Field(sa_type=Json)
    timeframe: str
    enabled: bool = False
    live: bool = False
    is_predefined: bool = False
    ccxt_config: dict[str, Any] | None = Field(default=None, sa_type=Json)
    last_test: str | None = None
    created_at: datetime = Field(sa_type=UtcTime)
    updated_at: datetime = Field(sa_type=UtcTime)


class EngineStateRow(SQLModel, table=True):
    """What the engine of a connection says of itself (actual state)."""

    __tablename__ = "engine_states"

    connection_id: int = _owner(is_key=True)
    status: str = "stopped"
    heartbeat_at: datetime | None = Field(default=None, sa_type=UtcTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcTime)
    restarts: int = 0
    last_error: str | None = None
    last_error_at: datetime | None = Field(default=None, sa_type=UtcTime)
    feed_source: str | None = None
    figures: dict[str, Any] | None = Field(default=None, sa_type=Json)


class LeaseRow(SQLModel, table=True):
    """Who may run a connection's engine, until when, under which fencing number (S9)."""

    __tablename__ = "leases"

    connection_id: int = _owner(is_key=True)
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
    figures: dict[str, Any] | None = Field(default=None, sa_type=Json)


class CandleRow(SQLModel, table=True):
    """A closed candle. Floats: candles feed indicators and charts, never an amount."""

    __tablename__ = "candles"
    __table_args__ = _by_time()

    connection_id: int = _owner(is_key=True)
    symbol: str = Field(primary_key=True)
    timeframe: str = Field(primary_key=True)
    time_ms: int = Field(primary_key=True, sa_type=BigInteger)
    open: float
    high: float
    low: float
    close: float
    volume: float
    source: str


class LatestPriceRow(SQLModel, table=True):
    """The newest price of a symbol; one row, overwritten. Open positions are valued at it."""

    __tablename__ = "latest_prices"
    __table_args__ = {"sqlite_with_rowid": False}

    connection_id: int = _owner(is_key=True)
    symbol: str = Field(primary_key=True)
    price: Decimal = Field(sa_type=DecimalText)
    time_ms: int = Field(sa_type=BigInteger)
    source: str
    is_stale: bool = False


class IndicationRow(SQLModel, table=True):
    """The values of the indicators at one closed candle."""

    __tablename__ = "indications"
    __table_args__ = _by_time()

    connection_id: int = _owner(is_key=True)
    symbol: str = Field(primary_key=True)
    timeframe: str = Field(primary_key=True)
    time_ms: int = Field(primary_key=True, sa_type=BigInteger)
    values: str
    """JSON object: the indication in the rule language → its value or null."""
    source: str


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
    )

    id: int | None = Field(default=None, primary_key=True)
    connection_id: int = _owner()
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
    __table_args__ = (Index("ix_orders_connection_status", "connection_id", "status"),)

    id: int | None = Field(default=None, primary_key=True)
    client_order_id: str = Field(unique=True)
    venue_order_id: str | None = None
    connection_id: int = _owner()
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
    reason: str = ""
    created_at: datetime = Field(sa_type=UtcTime)
    updated_at: datetime = Field(sa_type=UtcTime)


class FillRow(SQLModel, table=True):
    """A fill, counted once by the venue's trade id."""

    __tablename__ = "fills"
    __table_args__ = (UniqueConstraint("connection_id", "venue_trade_id"),)

    id: int | None = Field(default=None, primary_key=True)
    connection_id: int = _owner()
    client_order_id: str = Field(foreign_key="orders.client_order_id", ondelete="CASCADE")
    venue_trade_id: str
    symbol: str
    side: str
    quantity: Decimal = Field(sa_type=DecimalText)
    price: Decimal = Field(sa_type=DecimalText)
    fee: Decimal = Field(sa_type=DecimalText)
    fee_currency: str
    time_ms: int = Field(sa_type=BigInteger)


class PositionRow(SQLModel, table=True):
    """A position; `key` is the client order id of the entry that opened it."""

    __tablename__ = "positions"
    __table_args__ = (
        Index("ix_positions_status", "status"),
        Index("ix_positions_connection_status", "connection_id", "status"),
        Index("ix_positions_connection_closed_at", "connection_id", "closed_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    connection_id: int = _owner()
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
    pnl: Decimal | None = Field(default=None, sa_type=DecimalText)
    exit_price: Decimal | None = Field(default=None, sa_type=DecimalText)
    exit_time_ms: int | None = Field(default=None, sa_type=BigInteger)
    exit_reason: str | None = None
    closed_at: datetime | None = Field(default=None, sa_type=UtcTime)
    close_requested_at: datetime | None = Field(default=None, sa_type=UtcTime)


class EventRow(SQLModel, table=True):
    """A change of trading state: when, who, before, after (S13)."""

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_time", "time"),)

    id: int | None = Field(default=None, primary_key=True)
    time: datetime = Field(sa_type=UtcTime)
    who: str
    kind: str
    subject: str
    before: str | None = None
    after: str | None = None
    message: str


class SettingRow(SQLModel, table=True):
    """A setting that must survive a restart, such as the kill switch (S11)."""

    __tablename__ = "settings"

    key: str = Field(primary_key=True)
    value: Any = Field(sa_type=Json)
    updated_at: datetime = Field(sa_type=UtcTime)


METADATA = SQLModel.metadata

CONNECTIONS = METADATA.tables["connections"]
ENGINE_STATES = METADATA.tables["engine_states"]
LEASES = METADATA.tables["leases"]
ENGINE_PROGRAMS = METADATA.tables["engine_programs"]
CANDLES = METADATA.tables["candles"]
LATEST_PRICES = METADATA.tables["latest_prices"]
INDICATIONS = METADATA.tables["indications"]
STRATEGIES = METADATA.tables["strategies"]
SIGNALS = METADATA.tables["signals"]
ORDERS = METADATA.tables["orders"]
FILLS = METADATA.tables["fills"]
POSITIONS = METADATA.tables["positions"]
EVENTS = METADATA.tables["events"]
SETTINGS = METADATA.tables["settings"]
