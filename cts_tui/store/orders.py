"""Orders and fills: what an engine takes up again, what became of an order, views for faces."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, func, select

from cts_tui.model.records import GIVEN_UP, Fill, Order
from cts_tui.model.trading import OrderPurpose, OrderStatus, OrderType, Side, TimeInForce
from cts_tui.model.views import OrderView
from cts_tui.store.column_types import to_ms, word
from cts_tui.store.database import Transaction
from cts_tui.store.tables import CONNECTIONS, FILLS, ORDERS, POSITIONS

_UNFINISHED = tuple(status for status in OrderStatus if not status.is_final)


def order_views(
    transaction: Transaction,
    *,
    limit: int | None = None,
    connection: str | None = None,
    conditions: Sequence[ColumnElement[bool]] = (),
) -> list[OrderView]:
    """Return orders that fit the conditions, the newest first."""
    query = (
        select(ORDERS, CONNECTIONS.c.name.label("connection"))
        .join(CONNECTIONS, CONNECTIONS.c.id == ORDERS.c.connection_id)
        .where(*conditions)
        .order_by(ORDERS.c.id.desc())
        .limit(limit)
    )
    if connection is not None:
        query = query.where(CONNECTIONS.c.name == connection)
    return [_order_view(row) for row in transaction.execute(query).mappings()]


def _order_view(row: RowMapping) -> OrderView:
    return OrderView(
        client_order_id=row["client_order_id"],
        venue_order_id=row["venue_order_id"],
        connection=row["connection"],
        symbol=row["symbol"],
        side=word(Side, row["side"]),
        type=word(OrderType, row["type"]),
        quantity=row["quantity"],
        cost=row["cost"],
        price=row["price"],
        status=word(OrderStatus, row["status"]),
        filled=row["filled"],
        average_price=row["average_price"],
        fees=row["fees"],
        reason=row["answer"] or row["reason"],
        created_at_ms=to_ms(row["created_at"]),
        purpose=word(OrderPurpose, row["purpose"]),
        answer=row["answer"],
        is_live=row["is_live"],
        time_in_force=word(TimeInForce, row["time_in_force"]),
        reduce_only=row["reduce_only"],
        strategy=row["strategy"],
        position_key=row["position_key"],
        updated_at_ms=to_ms(row["updated_at"]),
    )


def of_position(transaction: Transaction, position_id: int) -> list[OrderView]:
    """Return the orders of a position, the newest first: entry, stops, targets, exits."""
    query = (
        select(ORDERS, CONNECTIONS.c.name.label("connection"))
        .join(CONNECTIONS, CONNECTIONS.c.id == ORDERS.c.connection_id)
        .join(
            POSITIONS,
            (POSITIONS.c.connection_id == ORDERS.c.connection_id)
            & (POSITIONS.c.key == ORDERS.c.position_key),
        )
        .where(POSITIONS.c.id == position_id)
        .order_by(ORDERS.c.id.desc())
    )
    return [_order_view(row) for row in transaction.execute(query).mappings()]


def fills_of(transaction: Transaction, client_order_id: str) -> list[Fill]:
    """Return the fills of an order, oldest first."""
    query = (
        select(FILLS)
        .where(FILLS.c.client_order_id == client_order_id)
        .order_by(FILLS.c.time_ms, FILLS.c.id)
    )
    own = {"id", "connection_id"}
    rows = transaction.execute(query).mappings()
    plain = [{key: value for key, value in row.items() if key not in own} for row in rows]
    return [Fill(**row | {"side": word(Side, row["side"])}) for row in plain]


def unfinished_orders(transaction: Transaction, connection_id: int) -> list[Order]:
    """Return the orders of a connection that have not ended."""
    query = select(ORDERS).where(
        ORDERS.c.connection_id == connection_id, ORDERS.c.status.in_(_UNFINISHED)
    )
    return [_order(row) for row in transaction.execute(query).mappings()]


def exit_attempts(transaction: Transaction, connection_id: int) -> dict[str, int]:
    """Return how many exit orders each position has had, by position key."""
    query = (
        select(ORDERS.c.position_key, func.count())
        .where(ORDERS.c.connection_id == connection_id, ORDERS.c.purpose == OrderPurpose.EXIT)
        .group_by(ORDERS.c.position_key)
    )
    return {row.position_key: row[1] for row in transaction.execute(query)}


def _order(row: RowMapping) -> Order:
    own = {"id", "connection_id", "created_at", "updated_at"}
    plain: dict[str, Any] = {key: value for key, value in row.items() if key not in own}
    return Order(
        **plain
        | {
            "side": word(Side, row["side"]),
            "type": word(OrderType, row["type"]),
            "status": word(OrderStatus, row["status"]),
            "time_in_force": word(TimeInForce, row["time_in_force"]),
            "purpose": word(OrderPurpose, row["purpose"]),
            "created_ms": to_ms(row["created_at"]),
            "updated_ms": to_ms(row["updated_at"]),
        }
    )


def find_order(
    transaction: Transaction, connection_id: int, client_order_id: str, venue_order_id: str
) -> Order | None:
    """Return the order of our id, or of the venue's where ours is empty."""
    is_it = (
        ORDERS.c.client_order_id == client_order_id
        if client_order_id
        else ORDERS.c.venue_order_id == venue_order_id
    )
    query = select(ORDERS).where(ORDERS.c.connection_id == connection_id, is_it).limit(1)
    row = transaction.execute(query).mappings().first()
    return None if row is None else _order(row)


def trade_ids(transaction: Transaction, client_order_id: str) -> set[str]:
    """Return the venue's ids of the fills that were booked of an order."""
    query = select(FILLS.c.venue_trade_id).where(FILLS.c.client_order_id == client_order_id)
    return set(transaction.execute(query).scalars())


def stop_attempts(transaction: Transaction, connection_id: int) -> dict[str, int]:
    """Return how many stops and targets each position has had at its venue, by position key."""
    query = (
        select(ORDERS.c.position_key, func.count())
        .where(
            ORDERS.c.connection_id == connection_id,
            ORDERS.c.purpose.in_((OrderPurpose.STOP, OrderPurpose.TARGET)),
        )
        .group_by(ORDERS.c.position_key)
    )
    return {row.position_key: row[1] for row in transaction.execute(query)}


def given_up_since(transaction: Transaction, connection_id: int, since: datetime) -> list[Order]:
    """Return the live orders that were given up at or after a time: they may come in late."""
    query = select(ORDERS).where(
        ORDERS.c.connection_id == connection_id,
        ORDERS.c.status.in_((OrderStatus.REJECTED, OrderStatus.CANCELLED)),
        ORDERS.c.is_live,
        ORDERS.c.updated_at >= since,
        ORDERS.c.answer.startswith(GIVEN_UP, autoescape=True),
    )
    return [_order(row) for row in transaction.execute(query).mappings()]


def last_fill_ms(transaction: Transaction, connection_id: int, symbol: str) -> int | None:
    """Return the venue's time of the newest live fill on a symbol; None before the first."""
    query = (
        select(func.max(FILLS.c.time_ms))
        .join(ORDERS, ORDERS.c.client_order_id == FILLS.c.client_order_id)
        .where(FILLS.c.connection_id == connection_id, FILLS.c.symbol == symbol, ORDERS.c.is_live)
    )
    newest: int | None = transaction.execute(query).scalar_one()
    return newest
