"""What was ordered, filled and earned, newest first, for the journal. Replays are left out.

Whatever is asked for, the rows come by an index and no more are read than are shown.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from heapq import merge
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, String, func, or_, select, type_coerce

from cts_tui.model.connection import RECORDED_EXCHANGE
from cts_tui.model.journal import FillView
from cts_tui.model.trading import OrderPurpose, Side
from cts_tui.model.views import OrderView, PositionView
from cts_tui.store import orders, positions
from cts_tui.store.column_types import to_ms, word
from cts_tui.store.database import Transaction
from cts_tui.store.tables import CONNECTIONS, FILLS, ORDERS, POSITIONS


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the journal is asked for."""

    limit: int | None = None
    connection: str | None = None
    """Only this one; None: all but those that hold replays."""
    since: datetime | None = None
    contains: str = ""
    """Only rows with this text in their words (symbol, strategy, side, status, reason)."""

    def of(self) -> ColumnElement[bool]:
        """Return the condition for the connections."""
        if self.connection is not None:
            return CONNECTIONS.c.name == self.connection
        return CONNECTIONS.c.exchange != RECORDED_EXCHANGE

    def words(self, *columns: ColumnElement[Any]) -> list[ColumnElement[bool]]:
        """Return the condition for the words, none where no text is asked for."""
        if not self.contains:
            return []
        named = (*columns, CONNECTIONS.c.name)
        return [or_(*(column.icontains(self.contains, autoescape=True) for column in named))]


def connection_ids(transaction: Transaction, wanted: Wanted) -> list[int]:
    """Return the connections that are asked for."""
    query = select(CONNECTIONS.c.id).where(wanted.of()).order_by(CONNECTIONS.c.id)
    return list(transaction.execute(query).scalars())


def trades(transaction: Transaction, wanted: Wanted, now_ms: int) -> list[PositionView]:
    """Return closed positions, the last closed first."""
    found = [
        positions.closed_views(
            transaction,
            connection_id,
            now_ms,
            conditions=wanted.words(
                POSITIONS.c.symbol, POSITIONS.c.strategy, POSITIONS.c.side, POSITIONS.c.exit_reason
            ),
            since=wanted.since,
            limit=wanted.limit,
        )
        for connection_id in connection_ids(transaction, wanted)
    ]
    newest = merge(*found, key=lambda view: (view.closed_at_ms or 0, view.id), reverse=True)
    return list(islice(newest, wanted.limit))


def order_views(transaction: Transaction, wanted: Wanted) -> list[OrderView]:
    """Return orders, the newest first."""
    conditions = wanted.words(
        ORDERS.c.symbol, ORDERS.c.strategy, ORDERS.c.side, ORDERS.c.type, ORDERS.c.status,
        ORDERS.c.purpose, ORDERS.c.reason, ORDERS.c.answer,
    )  # fmt: skip
    if wanted.since is not None:
        conditions.append(ORDERS.c.created_at >= wanted.since)
    return orders.order_views(
        transaction, limit=wanted.limit, conditions=[wanted.of(), *conditions]
    )


def fills(transaction: Transaction, wanted: Wanted) -> list[FillView]:
    """Return fills, the newest first."""
    query: Select[Any] = (
        select(
            FILLS,
            CONNECTIONS.c.name.label("connection"),
            ORDERS.c.strategy,
            ORDERS.c.purpose,
            ORDERS.c.is_live,
        )
        .join(CONNECTIONS, CONNECTIONS.c.id == FILLS.c.connection_id)
        .join(ORDERS, ORDERS.c.client_order_id == FILLS.c.client_order_id)
        .where(
            wanted.of(),
            *wanted.words(FILLS.c.symbol, ORDERS.c.strategy, FILLS.c.side, ORDERS.c.purpose),
        )
        .order_by(FILLS.c.id.desc())
        .limit(wanted.limit)
    )
    if wanted.since is not None:
        query = query.where(FILLS.c.time_ms >= to_ms(wanted.since))
    return [_fill_view(row) for row in transaction.execute(query).mappings()]


def _fill_view(row: RowMapping) -> FillView:
    return FillView(
        id=row["id"],
        time_ms=row["time_ms"],
        connection=row["connection"],
        symbol=row["symbol"],
        strategy=row["strategy"],
        purpose=word(OrderPurpose, row["purpose"]),
        side=word(Side, row["side"]),
        quantity=row["quantity"],
        price=row["price"],
        fee=row["fee"],
        fee_currency=row["fee_currency"],
        client_order_id=row["client_order_id"],
        venue_trade_id=row["venue_trade_id"],
        is_live=row["is_live"],
    )


Profit = tuple[str, str, str, Decimal, Decimal]
"""Day, strategy, symbol, PnL and fees of one closed position."""


def profits(
    transaction: Transaction,
    connection_id: int,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterable[Profit]:
    """Yield what every closed position made; `since` counts itself, `until` does not.

    The texts are made numbers here: through the column types it takes three times as long.
    """
    closed = POSITIONS.c.closed_at
    query = select(
        func.substr(type_coerce(closed, String), 1, 10),
        POSITIONS.c.strategy,
        POSITIONS.c.symbol,
        type_coerce(POSITIONS.c.pnl, String),
        type_coerce(POSITIONS.c.fees, String),
    ).where(POSITIONS.c.connection_id == connection_id, closed.is_not(None))
    if since is not None:
        query = query.where(closed >= since)
    if until is not None:
        query = query.where(closed < until)
    rows: Sequence[Any] = transaction.execute(query).all()
    for day, strategy, symbol, pnl, fees in rows:
        yield day, strategy, symbol, Decimal(pnl or 0), Decimal(fees)
