"""Connections: what the trader wants of them, and what their engines say of themselves."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, delete, func, insert, select, update

from cts_tui.model.connection import ConnectionDraft, ConnectionSetup
from cts_tui.model.connection_test import ConnectionTest
from cts_tui.model.trading import OPEN_POSITION, EngineStatus, MarketType, Mode
from cts_tui.model.vault import StoredCredentials
from cts_tui.model.views import ConnectionView
from cts_tui.store import risk, secrets
from cts_tui.store.column_types import to_ms_or_none, word
from cts_tui.store.database import Transaction
from cts_tui.store.schema import initialise_engine
from cts_tui.store.tables import (
    CANDLES,
    CONNECTIONS,
    CREDENTIALS,
    ENGINE_STATES,
    FILLS,
    INDICATIONS,
    LATEST_PRICES,
    ORDERS,
    POSITIONS,
    SIGNALS,
)

_SETUPS: Final = select(CONNECTIONS, CREDENTIALS.c.updated_at.label("credentials_at")).outerjoin(
    CREDENTIALS, CREDENTIALS.c.connection_id == CONNECTIONS.c.id
)
_BELONGINGS: Final = (FILLS, ORDERS, POSITIONS, SIGNALS, INDICATIONS, CANDLES, LATEST_PRICES)


def views(transaction: Transaction) -> list[ConnectionView]:
    """Return every connection with its engine's state, in order of name."""
    open_positions = (
        select(POSITIONS.c.connection_id, func.count().label("open_positions"))
        .where(POSITIONS.c.status.in_(OPEN_POSITION))
        .group_by(POSITIONS.c.connection_id)
        .subquery()
    )
    query = (
        select(CONNECTIONS, ENGINE_STATES, open_positions.c.open_positions)
        .outerjoin(ENGINE_STATES, ENGINE_STATES.c.connection_id == CONNECTIONS.c.id)
        .outerjoin(open_positions, open_positions.c.connection_id == CONNECTIONS.c.id)
        .order_by(CONNECTIONS.c.name)
    )
    kept = secrets.stored(transaction)
    return [_view(row, kept) for row in transaction.execute(query).mappings()]


def _view(row: RowMapping, kept: Mapping[int, StoredCredentials]) -> ConnectionView:
    return ConnectionView(
        name=row["name"],
        exchange=row["exchange"],
        mode=Mode(row["mode"]),
        market=word(MarketType, row["market"]),
        symbols=tuple(row["symbols"]),
        timeframe=row["timeframe"],
        enabled=row["enabled"],
        live=row["live"],
        status=word(EngineStatus, row["status"] or EngineStatus.STOPPED),
        last_test=_test(row["last_test"]),
        last_error=row["last_error"],
        heartbeat_ms=to_ms_or_none(row["heartbeat_at"]),
        restarts=row["restarts"] or 0,
        feed_source=row["feed_source"],
        open_positions=row["open_positions"] or 0,
        is_predefined=row["is_predefined"],
        symbols_filter=row["symbols_filter"],
        credentials=kept.get(row["id"]),
    )


def _test(stored: Any) -> ConnectionTest | None:
    """Return a stored test; one that cannot be read was never made."""
    try:
        return None if stored is None else ConnectionTest.from_json(stored)
    except (KeyError, TypeError, ValueError):
        return None


def setups(transaction: Transaction) -> list[ConnectionSetup]:
    """Return the desired state of every connection."""
    return [_setup(row) for row in transaction.execute(_SETUPS).mappings()]


def find(transaction: Transaction, name: str) -> ConnectionSetup | None:
    """Return the connection called `name`, None when there is none."""
    row = transaction.execute(_SETUPS.where(CONNECTIONS.c.name == name)).mappings().first()
    return None if row is None else _setup(row)


def _setup(row: RowMapping) -> ConnectionSetup:
    return ConnectionSetup(
        id=row["id"],
        name=row["name"],
        exchange=row["exchange"],
        mode=Mode(row["mode"]),
        market=word(MarketType, row["market"]),
        symbols=tuple(row["symbols"]),
        timeframe=row["timeframe"],
        enabled=row["enabled"],
        live=row["live"],
        ccxt_config=row["ccxt_config"],
        symbols_filter=row["symbols_filter"],
        credentials_ms=to_ms_or_none(row["credentials_at"]),
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
            symbols_filter=draft.symbols_filter,
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


def record_test(
    transaction: Transaction, connection_id: int, test: ConnectionTest, now: datetime
) -> None:
    """Store the newest test of a connection in place of the one before."""
    change(transaction, connection_id, now, last_test=test.to_json())


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
    removed["credentials"] = int(secrets.remove(transaction, connection_id))
    risk.forget_limits(transaction, connection_id)
    transaction.execute(delete(CONNECTIONS).where(CONNECTIONS.c.id == connection_id))
    return removed
