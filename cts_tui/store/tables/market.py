"""Market data: candles, latest prices, indications."""

from decimal import Decimal

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from cts_tui.store.column_types import DecimalText
from cts_tui.store.tables.columns import by_time, owner


class CandleRow(SQLModel, table=True):
    """A closed candle. Floats: candles feed indicators and charts, never an amount."""

    __tablename__ = "candles"
    __table_args__ = by_time()

    connection_id: int = owner(is_key=True)
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

    connection_id: int = owner(is_key=True)
    symbol: str = Field(primary_key=True)
    price: Decimal = Field(sa_type=DecimalText)
    time_ms: int = Field(sa_type=BigInteger)
    source: str
    is_stale: bool = False


class IndicationRow(SQLModel, table=True):
    """The values of the indicators at one closed candle."""

    __tablename__ = "indications"
    __table_args__ = by_time()

    connection_id: int = owner(is_key=True)
    symbol: str = Field(primary_key=True)
    timeframe: str = Field(primary_key=True)
    time_ms: int = Field(primary_key=True, sa_type=BigInteger)
    values: str
    """JSON object: the indication in the rule language → its value or null."""
    source: str
