"""Connections: what the trader wants of them, and what their engines say of themselves."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, delete, func, insert, select, update

from cts_tui.model.connection import ConnectionDraft, ConnectionSetup
from cts_tui.model.trading import EngineStatus, MarketType, Mode, PositionStatus
from cts_tui.model.views import ConnectionView
from cts_tui.store.column_types import to_ms_or_none
from cts_tui.store.database import Transaction
from cts_tui.store.schema import initialise_engine
from cts_tui.store.tables import (
    CANDLES,
    CONNECTIONS,
    ENGINE_STATES,
    FILLS,
    INDICATIONS,
    LATEST_PRICES,
    ORDERS,
    POSITIONS,
    SIGNALS,
)

_BELONGINGS: Final = (FILLS, ORDERS, POSITIONS, SIGNALS, INDICATIONS, CANDLES, LATEST_PRICES)


def views(transaction: Transaction) -> list[ConnectionView]:
    """Return every connection with its engine's state, in order of name."""
    open_positions = (
        select(POSITIONS.c.connection_id, func.count().label("open_positions"))
        .where(POSITIONS.c.status != PositionStatus.CLOSED)
        .group_by(POSITIONS.c.connection_id)
        .subquery()
    )
    query = (
        select(CONNECTIONS, ENGINE_STATES, open_positions.c.open_positions)
        .outerjoin(ENGINE_STATES, ENGINE_STATES.c.connection_id == CONNECTIONS.c.id)
        .outerjoin(open_positions, open_positions.c.connection_id == CONNECTIONS.c.id)
        .order_by(CONNECTIONS.c.name)
    )
    return [_view(row) for row in transaction.execute(query).mappings()]


def _view(row: RowMapping) -> ConnectionView:
    return ConnectionView(
        name=row["name"],
        exchange=row["exchange"],
        mode=Mode(row["mode"]),
        market=MarketType(row["market"]),
        symbols=tuple(row["symbols"]),
        timeframe=row["timeframe"],
        enabled=row["enabled"],
        live=row["live"],
        status=EngineStatus(row["status"] or EngineStatus.STOPPED),
        last_test=row["last_test"],
        last_error=row["last_error"],
        heartbeat_ms=to_ms_or_none(row["heartbeat_at"]),
        restarts=row["restarts"] or 0,
        feed_source=row["feed_source"],
        open_positions=row["open_positions"] or 0,
        is_predefined=row["is_predefined"],
    )


def setups(transaction: Transaction) -> list[ConnectionSetup]:
    """Return the desired state of every connection."""
    return [_setup(row) for row in transaction.execute(select(CONNECTIONS)).mappings()]


def find(transaction: Transaction, name: str) -> ConnectionSetup | None:
    """Return the connection called `name`, None when there is none."""
    query = select(CONNECTIONS).where(CONNECTIONS.c.name == name)
    row = transaction.execute(query).mappings().first()
    return None if row is None else _setup(row)


def _setup(row: RowMapping) -> ConnectionSetup:
    return ConnectionSetup(
        id=row["id"],
        name=row["name"],
        exchange=row["exchange"],
        mode=Mode(row["mode"]),
        market=MarketType(row["market"]),
        symbols=tuple(row["symbols"]),
        timeframe=row["timeframe"],
        enabled=row["enabled"],
        live=row["live"],
        ccxt_config=row["ccxt_config"],
    )


def add(
    transaction: Transaction,
    draft: ConnectionDraft,
    now: datetime,
    *,
    is_predefined: bool = False,
    enabled: bool = False,
) -> int:
    """Insert a connection, not live, with its engine state and lease; return its id."""
    result = transaction.execute(
        insert(CONNECTIONS).values(
            name=draft.name,
            exchange=draft.exchange,
            mode=draft.mode,
            market=draft.market,
            symbols=list(draft.symbols),
            timeframe=draft.timeframe,
            ccxt_config=draft.ccxt_config,
            enabled=enabled,
            live=False,
            is_predefined=is_predefined,
            created_at=now,
            updated_at=now,
        )
    )
    key = result.inserted_primary_key
    assert key is not None  # noqa: S101 - an insert of one row always has a key
    connection_id = int(key[0])
    initialise_engine(transaction, connection_id)
    return connection_id


def change(transaction: Transaction, connection_id: int, now: datetime, **values: Any) -> None:
    """Set columns of a connection."""
    transaction.execute(
        update(CONNECTIONS)
        .where(CONNECTIONS.c.id == connection_id)
        .values(**values, updated_at=now)
    )


def clear(transaction: Transaction, connection_id: int) -> dict[str, int]:
    """Delete all that a connection has recorded; return the rows deleted by table."""
    return {
        table.name: transaction.execute(
            delete(table).where(table.c.connection_id == connection_id)
        ).rowcount
        for table in _BELONGINGS
    }


def remove(transaction: Transaction, connection_id: int) -> dict[str, int]:
    """Delete a connection and all that belongs to it; return the rows deleted by table."""
    removed = clear(transaction, connection_id)
    transaction.execute(delete(CONNECTIONS).where(CONNECTIONS.c.id == connection_id))
    return removed
