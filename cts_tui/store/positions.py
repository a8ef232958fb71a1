"""Positions: the open ones for the engine, views and figures for the faces."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, RowMapping, Select, String, func, select, type_coerce, update

from cts_tui.model.market import PRICE_STALE_MS
from cts_tui.model.money import ZERO, cash_pnl, notional, percent
from cts_tui.model.records import PositionRecord
from cts_tui.model.trading import OPEN_POSITION, Direction, ExitReason, Mode, PositionStatus
from cts_tui.model.views import PositionView
from cts_tui.store.column_types import to_ms, to_ms_or_none, word
from cts_tui.store.database import Transaction
from cts_tui.store.tables import CONNECTIONS, LATEST_PRICES, POSITIONS

_NEWEST = (POSITIONS.c.closed_at.desc(), POSITIONS.c.id.desc())
_IS_OPEN = POSITIONS.c.status.in_(OPEN_POSITION)
_VALUED = (
    POSITIONS.c.connection_id,
    POSITIONS.c.side,
    POSITIONS.c.quantity,
    POSITIONS.c.entry_price,
    POSITIONS.c.exited,
    POSITIONS.c.exit_value,
    POSITIONS.c.entry_cost,
    POSITIONS.c.paid_fees,
)
"""What the value of an open position follows from."""


class OpenMark(NamedTuple):
    """What an open position is worth now."""

    connection_id: int
    pnl: Decimal
    """Net of the fees paid so far; quote currency."""
    is_stale: bool


def _marked(*columns: ColumnElement[Any]) -> Select[Any]:
    """Return the query of positions, or columns of them, with the latest price of their symbols."""
    is_own_price = (LATEST_PRICES.c.connection_id == POSITIONS.c.connection_id) & (
        LATEST_PRICES.c.symbol == POSITIONS.c.symbol
    )
    return (
        select(
            *(columns or (POSITIONS,)),
            CONNECTIONS.c.name.label("connection"),
            CONNECTIONS.c.mode.label("connection_mode"),
            LATEST_PRICES.c.price.label("mark_price"),
            LATEST_PRICES.c.time_ms.label("mark_time_ms"),
            LATEST_PRICES.c.source.label("mark_source"),
            LATEST_PRICES.c.is_stale.label("is_mark_stale"),
        )
        .join(CONNECTIONS, CONNECTIONS.c.id == POSITIONS.c.connection_id)
        .outerjoin(LATEST_PRICES, is_own_price)
    )


def views(
    transaction: Transaction,
    now_ms: int,
    *,
    is_open: bool | None = None,
    limit: int | None = None,
    connection: str | None = None,
) -> list[PositionView]:
    """Return positions, the open ones first, then the newest first.

    An open one is valued at the latest price of its symbol, at its entry price where there is
    none; `now_ms` tells whether that price is stale.
    """
    query = _marked().order_by(_IS_OPEN.desc(), *_NEWEST).limit(limit)
    if is_open is not None:
        query = query.where(_IS_OPEN if is_open else ~_IS_OPEN)
    if connection is not None:
        query = query.where(CONNECTIONS.c.name == connection)
    return [_view(row, now_ms) for row in transaction.execute(query).mappings()]


def closed_views(
    transaction: Transaction,
    connection_id: int,
    now_ms: int,
    *,
    conditions: Sequence[ColumnElement[bool]] = (),
    since: datetime | None = None,
    limit: int | None = None,
) -> list[PositionView]:
    """Return closed positions of one connection, the last closed first; they come by an index."""
    closed_at = POSITIONS.c.closed_at
    is_closed = closed_at.is_not(None) if since is None else closed_at >= since
    query = (
        _marked()
        .where(POSITIONS.c.connection_id == connection_id, is_closed, *conditions)
        .order_by(*_NEWEST)
        .limit(limit)
    )
    return [_view(row, now_ms) for row in transaction.execute(query).mappings()]


def _view(row: RowMapping, now_ms: int) -> PositionView:
    is_open = row["status"] in OPEN_POSITION
    pnl = open_pnl(row) if row["pnl"] is None else row["pnl"]
    return PositionView(
        id=row["id"],
        connection=row["connection"],
        symbol=row["symbol"],
        strategy=row["strategy"],
        timeframe=row["timeframe"],
        side=word(Direction, row["side"]),
        quantity=row["quantity"],
        entry_price=row["entry_price"],
        mark_price=row["mark_price"] if is_open else row["exit_price"],
        pnl=pnl,
        pnl_pct=percent(pnl, row["quantity"] * row["entry_price"]),
        stop_price=row["stop_price"],
        target_price=row["target_price"],
        status=word(PositionStatus, row["status"]),
        opened_at_ms=to_ms(row["opened_at"]),
        closed_at_ms=to_ms_or_none(row["closed_at"]),
        exit_price=row["exit_price"],
        exit_reason=row["exit_reason"],
        fees=row["fees"],
        source=(row["mark_source"] if is_open else None) or row["source"],
        is_stale=is_open and _is_stale(row, now_ms),
        is_live=row["is_live"],
        exited=row["exited"],
        stop_order_id=row["stop_order_id"],
        unprotected_since_ms=row["unprotected_since_ms"],
        is_test_money=row["is_live"] and row["connection_mode"] == Mode.TESTNET,
    )


def open_marks(transaction: Transaction, now_ms: int) -> list[OpenMark]:
    """Return what the open positions are worth: as their views say, at a fraction of the cost."""
    query = _marked(*_VALUED).where(_IS_OPEN)
    return [
        OpenMark(row["connection_id"], open_pnl(row), _is_stale(row, now_ms))
        for row in transaction.execute(query).mappings()
    ]


def _is_stale(row: RowMapping, now_ms: int) -> bool:
    """Return whether the price of an open position is missing, flagged, or too old."""
    time_ms = row["mark_time_ms"]
    return time_ms is None or row["is_mark_stale"] or now_ms - time_ms > PRICE_STALE_MS


def open_pnl(row: RowMapping) -> Decimal:
    """Return the PnL of an open position row at its mark, net of the fees paid so far.

    What a part has already realized is in it.
    """
    mark = row["mark_price"] or row["entry_price"]
    paid: Decimal = row["paid_fees"]
    value = row["exit_value"] + notional(row["quantity"] - row["exited"], mark)
    return cash_pnl(word(Direction, row["side"]), row["entry_cost"], value) - paid


def open_records(transaction: Transaction, connection_id: int) -> list[PositionRecord]:
    """Return the positions an engine has to take up again, oldest first."""
    is_own = POSITIONS.c.connection_id == connection_id
    query = select(POSITIONS).where(is_own, _IS_OPEN).order_by(POSITIONS.c.id)
    return [_record(row) for row in transaction.execute(query).mappings()]


def record_of(transaction: Transaction, connection_id: int, key: str) -> PositionRecord | None:
    """Return one position of a connection by its key, None where there is none."""
    is_it = (POSITIONS.c.connection_id == connection_id) & (POSITIONS.c.key == key)
    row = transaction.execute(select(POSITIONS).where(is_it)).mappings().first()
    return None if row is None else _record(row)


def _record(row: RowMapping) -> PositionRecord:
    own = {"id", "connection_id", "opened_at", "closed_at", "close_requested_at"}
    plain = {key: value for key, value in row.items() if key not in own}
    reason = row["exit_reason"]
    return PositionRecord(
        **plain
        | {
            "side": word(Direction, row["side"]),
            "status": word(PositionStatus, row["status"]),
            "exit_reason": word(ExitReason, reason) if reason else None,
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


def find(transaction: Transaction, position_id: int, now_ms: int) -> PositionView | None:
    """Return one position by its id."""
    query = _marked().where(POSITIONS.c.id == position_id)
    row = transaction.execute(query).mappings().first()
    return None if row is None else _view(row, now_ms)


def count_open(transaction: Transaction, connection_id: int) -> int:
    """Return how many positions of a connection are open."""
    query = select(func.count()).where(POSITIONS.c.connection_id == connection_id, _IS_OPEN)
    return transaction.execute(query).scalar_one()


def live_counts(transaction: Transaction) -> dict[int, tuple[int, int]]:
    """Return by connection id how many positions of real money are open, and how many unprotected.

    Unprotected ones have no stop that the exchange has confirmed (S6).
    """
    row = POSITIONS.c
    query = (
        select(row.connection_id, func.count(), func.count(row.unprotected_since_ms))
        .where(_IS_OPEN, row.is_live)
        .group_by(row.connection_id)
    )
    return {key: (held, bare) for key, held, bare in transaction.execute(query)}


def closed_extent(transaction: Transaction, connection_id: int) -> tuple[int, datetime | None]:
    """Return how many positions of a connection have closed, and when the last one did."""
    closed_at = POSITIONS.c.closed_at
    is_own = POSITIONS.c.connection_id == connection_id
    count = select(func.count()).where(is_own, closed_at.is_not(None))
    last = select(func.max(closed_at)).where(is_own)  # by itself it is one look into the index
    return transaction.execute(count).scalar_one(), transaction.execute(last).scalar()


def realized_pnl(
    transaction: Transaction,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    connection_id: int | None = None,
    is_live: bool | None = None,
) -> tuple[Decimal, int, int]:
    """Return realized PnL in quote currency, trades and wins of closed positions.

    `since` counts itself, `until` does not.
    """
    # one text of all amounts: a row each would take longer than adding them up
    amounts = func.aggregate_strings(func.coalesce(type_coerce(POSITIONS.c.pnl, String), "0"), " ")
    query = select(amounts).where(POSITIONS.c.closed_at.is_not(None))
    if since is not None:
        query = query.where(POSITIONS.c.closed_at >= since)
    if until is not None:
        query = query.where(POSITIONS.c.closed_at < until)
    if connection_id is not None:
        query = query.where(POSITIONS.c.connection_id == connection_id)
    if is_live is not None:
        query = query.where(POSITIONS.c.is_live == is_live)
    profits = list(map(Decimal, (transaction.execute(query).scalar() or "").split()))
    return sum(profits, ZERO), len(profits), sum(map(ZERO.__lt__, profits))
