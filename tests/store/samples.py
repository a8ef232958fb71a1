"""One of everything that is stored."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from cts_tui.model.connection import ConnectionDraft
from cts_tui.model.market import Candle
from cts_tui.model.records import Fill, Order, PositionRecord, Signal
from cts_tui.model.trading import (
    Direction,
    OrderStatus,
    OrderType,
    PositionStatus,
    Side,
    SignalKind,
)
from cts_tui.store import connections
from cts_tui.store.batch import Batch
from cts_tui.store.database import Database
from cts_tui.store.tables import METADATA

NOW = datetime(2025, 4, 3, 17, 5, tzinfo=UTC)
NOW_MS = 1_743_699_900_000

CANDLE = Candle(NOW_MS, 100.0, 103.0, 99.5, 101.25, 12.5)

SIGNAL = Signal(
    strategy="sma-cross",
    symbol="BTC/USDT",
    timeframe="5m",
    time_ms=NOW_MS,
    side=Direction.LONG,
    kind=SignalKind.ENTRY,
    price=Decimal("101.25"),
    reason="close > 100",
    source="csv",
)

ORDER = Order(
    client_order_id="cts-entry",
    position_key="cts-entry",
    strategy="sma-cross",
    symbol="BTC/USDT",
    side=Side.BUY,
    type=OrderType.MARKET,
    reduce_only=False,
    quantity=None,
    cost=Decimal("100"),
    price=None,
    status=OrderStatus.INTENT,
    created_ms=NOW_MS,
    updated_ms=NOW_MS,
    reason="close > 100",
)

FILL = Fill(
    client_order_id="cts-entry",
    venue_order_id="venue-1",
    venue_trade_id="trade-1",
    symbol="BTC/USDT",
    side=Side.BUY,
    quantity=Decimal("0.987654321012"),
    price=Decimal("101.25"),
    fee=Decimal("0.1"),
    fee_currency="USDT",
    time_ms=NOW_MS,
)

POSITION = PositionRecord(
    key="cts-entry",
    strategy="sma-cross",
    symbol="BTC/USDT",
    timeframe="5m",
    side=Direction.LONG,
    status=PositionStatus.OPEN,
    quantity=Decimal("2"),
    entry_price=Decimal("100"),
    entry_time_ms=NOW_MS,
    stop_price=Decimal("98"),
    target_price=Decimal("103"),
    is_trailing=False,
    best_close=None,
    trailing_stop_pct=Decimal("0"),
    source="csv",
    is_live=False,
    fees=Decimal("0.2"),
    entered=Decimal("2"),
    entry_cost=Decimal("2") * Decimal("100"),
    exited=Decimal(0),
    exit_value=Decimal(0),
    paid_fees=Decimal("0.2"),
)


def order(client_order_id: str, **changes: Any) -> Order:
    return replace(ORDER, client_order_id=client_order_id, **changes)


def position(key: str, **changes: Any) -> PositionRecord:
    return replace(POSITION, key=key, **changes)


def add_connection(database: Database, name: str = "paper", **draft: Any) -> int:
    """Add a connection; return its id."""
    values = {"exchange": "simulated", "symbols": ("BTC/USDT",), **draft}
    with database.write() as transaction:
        return connections.add(transaction, ConnectionDraft(name=name, **values), NOW)


def write(database: Database, batch: Batch) -> None:
    """Write a batch in a transaction of its own."""
    with database.write() as transaction:
        batch.write(transaction)


def rows(database: Database, table: str) -> list[Mapping[str, Any]]:
    """Return every row of a table, in the order in which they were inserted."""
    with database.read() as transaction:
        return list(transaction.execute(select(METADATA.tables[table])).mappings())
