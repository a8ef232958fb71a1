"""A desk on a folder of the test's own, at a time that stands still, and rows made by hand."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cts_tui.clock import ManualClock, utc_from_ms
from cts_tui.desk.desk import Desk
from cts_tui.model.connection import ConnectionDraft
from cts_tui.model.records import Fill, Order, PositionRecord, Signal
from cts_tui.model.trading import (
    Actor,
    Direction,
    EngineStatus,
    ExitReason,
    OrderStatus,
    OrderType,
    PositionStatus,
    Side,
    SignalKind,
    SignalStatus,
)
from cts_tui.paths import DataFolder
from cts_tui.store import connections
from cts_tui.store.batch import Batch

NOW = datetime(2025, 4, 3, 12, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
MIDNIGHT_MS = NOW_MS - 12 * 3_600_000

_POSITION = PositionRecord(
    key="",
    strategy="sma-cross",
    symbol="BTC/USDT",
    timeframe="1m",
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
    source="simulated",
    is_live=False,
    fees=Decimal("0.2"),
    entered=Decimal("2"),
    entry_cost=Decimal("2") * Decimal("100"),
    exited=Decimal(0),
    exit_value=Decimal(0),
    paid_fees=Decimal("0.2"),
)


def entry_of(record: PositionRecord) -> tuple[Order, Fill]:
    """Return the order and the fill by which a position was entered."""
    side = Side.to_open(record.side)
    order = Order(
        client_order_id=record.key,
        position_key=record.key,
        strategy=record.strategy,
        symbol=record.symbol,
        side=side,
        type=OrderType.MARKET,
        reduce_only=False,
        quantity=record.entered,
        cost=None,
        price=None,
        status=OrderStatus.FILLED,
        created_ms=NOW_MS,
        updated_ms=NOW_MS,
        reason="close > 1",
        filled=record.entered,
        average_price=record.entry_price,
        is_live=record.is_live,
    )
    fill = Fill(
        client_order_id=record.key,
        venue_order_id="",
        venue_trade_id=f"{record.key}-1",
        symbol=record.symbol,
        side=side,
        quantity=record.entered,
        price=record.entry_price,
        fee=record.fees,
        fee_currency="USDT",
        time_ms=NOW_MS,
    )
    return order, fill


class Hand:
    """Writes what engines write."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def batch(self, connection: str = "demo") -> tuple[Batch, int]:
        """Return an empty batch, and the id of a connection."""
        return Batch(), self.connection_id(connection)

    def connection_id(self, name: str) -> int:
        with self._desk.database.read() as transaction:
            setup = connections.find(transaction, name)
        assert setup
        return setup.id

    def write(self, batch: Batch) -> None:
        with self._desk.database.write() as transaction:
            batch.write(transaction)

    def execute(self, statement: str, *values: Any) -> None:
        with self._desk.database.write() as transaction:
            transaction.exec_driver_sql(statement, values)

    def recorded(self, name: str = "replay-x") -> None:
        """Add a connection that holds a replay."""
        draft = ConnectionDraft(name=name, exchange="recorded", symbols=("BTC/USDT",))
        with self._desk.database.write() as transaction:
            connections.add(transaction, draft, NOW)

    def position(
        self, key: str, connection: str = "demo", *, with_order: bool = True, **changes: Any
    ) -> None:
        """Open a position of 2 at 100, with the order that entered it."""
        batch, connection_id = self.batch(connection)
        record = replace(_POSITION, key=key, **changes)
        if with_order:
            order, fill = entry_of(record)
            batch.intent(connection_id, order)
            batch.fill(connection_id, fill)
        batch.position(connection_id, record, NOW_MS)
        self.write(batch)

    def closed(self, key: str, pnl: str, at_ms: int = NOW_MS, connection: str = "demo") -> None:
        """Record a position that was closed with a profit or loss."""
        batch, connection_id = self.batch(connection)
        record = replace(
            _POSITION,
            key=key,
            status=PositionStatus.CLOSED,
            pnl=Decimal(pnl),
            exit_price=Decimal("101"),
            exit_time_ms=at_ms,
            exit_reason=ExitReason.RULE,
        )
        batch.position(connection_id, record, at_ms)
        self.write(batch)

    def price(self, price: str, age_ms: int = 0, symbol: str = "BTC/USDT", **flags: Any) -> None:
        """Record the latest price of a symbol of the demo."""
        batch, connection_id = self.batch()
        batch.latest_price(
            connection_id, symbol, Decimal(price), NOW_MS - age_ms, "simulated", **flags
        )
        self.write(batch)

    def signal(self, time_ms: int) -> None:
        batch, connection_id = self.batch()
        signal = Signal(
            strategy="sma-cross",
            symbol="BTC/USDT",
            timeframe="1m",
            time_ms=time_ms,
            side=Direction.LONG,
            kind=SignalKind.ENTRY,
            price=Decimal("100"),
            reason="close > 1",
            source="simulated",
        )
        batch.signal(connection_id, signal, SignalStatus.EXECUTED, time_ms)
        self.write(batch)

    def engine(
        self,
        status: EngineStatus = EngineStatus.RUNNING,
        age_ms: int = 0,
        connection: str = "demo",
        **changes: Any,
    ) -> None:
        """Have the engine of a connection give a sign of life; it trades one symbol."""
        batch, connection_id = self.batch(connection)
        own = {"processors": changes.pop("processors", []), "symbols": ["BTC/USDT"]}
        figures = own | changes.pop("figures", {})
        said = {"last_error": None, "last_error_ms": None, "feed_source": "simulated"} | changes
        batch.engine_state(
            connection_id,
            status=status,
            heartbeat_ms=NOW_MS - age_ms,
            started_ms=NOW_MS - 3_600_000,
            figures=figures,
            **said,
        )
        self.write(batch)

    def program(self, age_ms: int = 0, uptime_ms: int = 3_600_000, figures: Any = None) -> None:
        """Register an engine program on some other host."""
        times = [utc_from_ms(NOW_MS - ms).isoformat() for ms in (uptime_ms, uptime_ms, age_ms)]
        self.execute(
            "INSERT INTO engine_programs "
            "(owner, pid, host, pid_started_at, started_at, heartbeat_at, figures) "
            "VALUES (?, 7, 'elsewhere', ?, ?, ?, ?)",
            f"elsewhere-{uptime_ms}",
            *times,
            figures,
        )


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW_MS)


@pytest.fixture
def desk(tmp_path: Path, clock: ManualClock) -> Iterator[Desk]:
    """A desk that was just opened for the first time."""
    desk = Desk.open(DataFolder(tmp_path / "data"), Actor.TUI, clock)
    yield desk
    desk.close()


@pytest.fixture
def hand(desk: Desk) -> Hand:
    return Hand(desk)
