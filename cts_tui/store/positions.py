"""Positions: the open ones for the engine, views and figures for the faces."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import RowMapping, func, select, update

from cts_tui.model.money import ZERO, gross_pnl, percent
from cts_tui.model.records import PositionRecord
from cts_tui.model.trading import Direction, ExitReason, PositionStatus
from cts_tui.model.views import PositionView
from cts_tui.store.column_types import to_ms, to_ms_or_none
from cts_tui.store.database import Transaction
from cts_tui.store.tables import CONNECTIONS, POSITIONS

_IS_OPEN = POSITIONS.c.status != PositionStatus.CLOSED


def views(
    transaction: Transaction,
    *,
    is_open: bool | None = None,
    limit: int | None = None,
    connection: str | None = None,
) -> list[PositionView]:
    """Return positions, the open ones first, then the newest first."""
    query = (
        select(POSITIONS, CONNECTIONS.c.name.label("connection"))
        .join(CONNECTIONS, CONNECTIONS.c.id == POSITIONS.c.connection_id)
        .order_by(_IS_OPEN.desc(), POSITIONS.c.id.desc())
        .limit(limit)
    )
    if is_open is not None:
        query = query.where(_IS_OPEN if is_open else ~_IS_OPEN)
    if connection is not None:
        query = query.where(CONNECTIONS.c.name == connection)
    return [_view(row) for row in transaction.execute(query).mappings()]


def _view(row: RowMapping) -> PositionView:
    pnl = open_pnl(row) if row["pnl"] is None else row["pnl"]
    return PositionView(
        id=row["id"],
        connection=row["connection"],
        symbol=row["symbol"],
        strategy=row["strategy"],
        timeframe=row["timeframe"],
        side=Direction(row["side"]),
        quantity=row["quantity"],
        entry_price=row["entry_price"],
        mark_price=row["mark_price"],
        pnl=pnl,
        pnl_pct=percent(pnl, row["quantity"] * row["entry_price"]),
        stop_price=row["stop_price"],
        target_price=row["target_price"],
        status=PositionStatus(row["status"]),
        opened_at_ms=to_ms(row["opened_at"]),
        closed_at_ms=to_ms_or_none(row["closed_at"]),
        exit_price=row["exit_price"],
        exit_reason=row["exit_reason"],
        fees=row["fees"],
        source=row["source"],
        is_stale=row["is_stale"],
        is_live=row["is_live"],
    )


def open_pnl(row: RowMapping) -> Decimal:
    """Return the unrealized PnL of a position row at its mark, net of the fees paid so far."""
    mark = row["mark_price"] or row["entry_price"]
    fees: Decimal = row["fees"]
    side = Direction(row["side"])
    return gross_pnl(side, row["quantity"], row["entry_price"], mark) - fees


def open_records(transaction: Transaction, connection_id: int) -> list[PositionRecord]:
    """Return the positions an engine has to take up again."""
    query = select(POSITIONS).where(POSITIONS.c.connection_id == connection_id, _IS_OPEN)
    return [_record(row) for row in transaction.execute(query).mappings()]


def _record(row: RowMapping) -> PositionRecord:
    own = {"id", "connection_id", "opened_at", "closed_at", "close_requested_at"}
    plain = {key: value for key, value in row.items() if key not in own}
    reason = row["exit_reason"]
    return PositionRecord(
        **plain
        | {
            "side": Direction(row["side"]),
            "status": PositionStatus(row["status"]),
            "exit_reason": ExitReason(reason) if reason else None,
        }
    )


def request_close(transaction: Transaction, position_id: int, now: datetime) -> None:
    """Ask the engine to close a position."""
    transaction.execute(
        update(POSITIONS).where(POSITIONS.c.id == position_id).values(close_requested_at=now)
    )


def close_requests(transaction: Transaction) -> dict[int, set[str]]:
    """Return the keys of open positions that somebody asked to close, by connection id."""
    query = select(POSITIONS.c.connection_id, POSITIONS.c.key).where(
        _IS_OPEN, POSITIONS.c.close_requested_at.is_not(None)
    )
    requests: dict[int, set[str]] = {}
    for connection_id, key in transaction.execute(query):
        requests.setdefault(connection_id, set()).add(key)
    return requests


def find(transaction: Transaction, position_id: int) -> PositionView | None:
    """Return one position by its id."""
    query = (
        select(POSITIONS, CONNECTIONS.c.name.label("connection"))
        .join(CONNECTIONS, CONNECTIONS.c.id == POSITIONS.c.connection_id)
        .where(POSITIONS.c.id == position_id)
    )
    row = transaction.execute(query).mappings().first()
    return None if row is None else _view(row)


def count_open(transaction: Transaction, connection_id: int) -> int:
    """Return how many positions of a connection are open."""
    query = select(func.count()).where(POSITIONS.c.connection_id == connection_id, _IS_OPEN)
    return transaction.execute(query).scalar_one()


def realized_pnl(
    transaction: Transaction, *, since: datetime | None = None, connection_id: int | None = None
) -> tuple[Decimal, int, int]:
    """Return realized PnL in quote currency, trades and wins of closed positions."""
    query = select(POSITIONS.c.pnl).where(~_IS_OPEN, POSITIONS.c.pnl.is_not(None))
    if since is not None:
        query = query.where(POSITIONS.c.closed_at >= since)
    if connection_id is not None:
        query = query.where(POSITIONS.c.connection_id == connection_id)
    profits = list(transaction.execute(query).scalars())
    return sum(profits, ZERO), len(profits), sum(pnl > 0 for pnl in profits)


def total_open_pnl(transaction: Transaction) -> tuple[Decimal, int, int]:
    """Return the unrealized PnL of all open positions, their number and how many are stale."""
    columns = POSITIONS.c
    query = select(
        columns.side,
        columns.quantity,
        columns.entry_price,
        columns.mark_price,
        columns.fees,
        columns.is_stale,
    ).where(_IS_OPEN)
    rows = list(transaction.execute(query).mappings())
    total = sum((open_pnl(row) for row in rows), ZERO)
    return total, len(rows), sum(row["is_stale"] for row in rows)
