"""Risk: limits as a setting, states of loss limits and requests to flatten, as rows (S11)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import RowMapping, func, select, update

from cts_tui.model.limits import LimitBook, RiskState, Written
from cts_tui.model.money import ZERO, notional, settle_currency
from cts_tui.model.trading import OPEN_POSITION, OrderPurpose, OrderStatus
from cts_tui.store import setting_rows
from cts_tui.store.column_types import to_ms, to_ms_or_none
from cts_tui.store.database import Transaction
from cts_tui.store.tables import CONNECTIONS, ORDERS, POSITIONS, RISK_STATES

RISK_LIMITS: Final = "risk_limits"
_UNFINISHED: Final = tuple(status for status in OrderStatus if not status.is_final)


def limit_book(transaction: Transaction) -> LimitBook:
    """Return the limits of all connections."""
    return book_of(setting_rows.get(transaction, RISK_LIMITS))


def book_of(stored: Any) -> LimitBook:
    """Return the limits that a settings row holds; what is none is left out."""
    if not isinstance(stored, Mapping):
        return LimitBook()
    own = stored.get("connections")
    return LimitBook(
        common=_written(stored.get("common")),
        own={
            int(key): _written(limits)
            for key, limits in (own.items() if isinstance(own, Mapping) else ())
            if str(key).isdigit()
        },
    )


def _written(stored: Any) -> Written:
    if not isinstance(stored, Mapping):
        return {}
    return {str(key): None if value is None else str(value) for key, value in stored.items()}


def put_limits(transaction: Transaction, book: LimitBook, now: datetime) -> None:
    """Store the limits."""
    own = {str(key): dict(limits) for key, limits in book.own.items() if limits}
    stored = {"common": dict(book.common), "connections": own}
    setting_rows.put(transaction, RISK_LIMITS, stored, now)


def forget_limits(transaction: Transaction, connection_id: int) -> None:
    """Forget what a connection has instead of the common limits: its id may be used again."""
    book = limit_book(transaction)
    if connection_id in book.own:
        own = {key: limits for key, limits in book.own.items() if key != connection_id}
        put_limits(transaction, LimitBook(book.common, own), datetime.now(UTC))


def states(transaction: Transaction) -> dict[int, list[RiskState]]:
    """Return where every connection stands, by connection id."""
    found: dict[int, list[RiskState]] = {}
    query = select(RISK_STATES).order_by(RISK_STATES.c.connection_id, RISK_STATES.c.is_live)
    for row in transaction.execute(query).mappings():
        found.setdefault(row["connection_id"], []).append(_state(row))
    return found


def _state(row: RowMapping) -> RiskState:
    return RiskState(
        is_live=row["is_live"],
        day=row["day"],
        capital=row["capital"],
        day_equity=row["day_equity"],
        peak_equity=row["peak_equity"],
        halted_ms=to_ms_or_none(row["halted_at"]),
        halt_reason=row["halt_reason"],
        is_halt_daily=row["is_halt_daily"],
        cool_downs={str(key): int(until) for key, until in (row["cool_downs"] or {}).items()},
        is_reset_asked=row["reset_requested_at"] is not None,
    )


def request_reset(transaction: Transaction, connection_id: int, now: datetime) -> int:
    """Ask that a connection begins anew against its loss limits; return how many states it has."""
    return transaction.execute(
        update(RISK_STATES)
        .where(RISK_STATES.c.connection_id == connection_id)
        .values(reset_requested_at=now)
    ).rowcount


def reset_requests(transaction: Transaction) -> dict[int, int]:
    """Return by connection id when the trader asked to begin anew."""
    query = select(RISK_STATES.c.connection_id, RISK_STATES.c.reset_requested_at).where(
        RISK_STATES.c.reset_requested_at.is_not(None)
    )
    return {row[0]: to_ms(row[1]) for row in transaction.execute(query)}


def request_flatten(transaction: Transaction, connection_id: int, now: datetime) -> None:
    """Ask that everything of a connection is closed; a request that waits stays as it is."""
    transaction.execute(
        update(CONNECTIONS)
        .where(CONNECTIONS.c.id == connection_id, CONNECTIONS.c.flatten_requested_at.is_(None))
        .values(flatten_requested_at=now)
    )


def flatten_requests(transaction: Transaction) -> dict[int, int]:
    """Return by connection id when the trader asked to close everything."""
    query = select(CONNECTIONS.c.id, CONNECTIONS.c.flatten_requested_at).where(
        CONNECTIONS.c.flatten_requested_at.is_not(None)
    )
    return {row[0]: to_ms(row[1]) for row in transaction.execute(query)}


def unfinished_entries(transaction: Transaction, connection_id: int) -> int:
    """Return how many entries of a connection have not ended."""
    query = select(func.count()).where(
        ORDERS.c.connection_id == connection_id,
        ORDERS.c.status.in_(_UNFINISHED),
        ORDERS.c.purpose == OrderPurpose.ENTRY,
    )
    return transaction.execute(query).scalar_one()


def unknown_orders(transaction: Transaction, connection_id: int) -> list[str]:
    """Return the symbols of live orders whose outcome is not known."""
    query = select(ORDERS.c.symbol).where(
        ORDERS.c.connection_id == connection_id,
        ORDERS.c.status == OrderStatus.UNKNOWN,
        ORDERS.c.is_live,
    )
    return sorted(transaction.execute(query).scalars())


def exposures(transaction: Transaction) -> dict[tuple[int, bool, str], Decimal]:
    """Return what open positions cost, by connection id, whether it is real money, and currency."""
    row = POSITIONS.c
    columns = (row.connection_id, row.is_live, row.symbol, row.quantity, row.exited)
    query = select(*columns, row.entry_price).where(row.status.in_(OPEN_POSITION))
    found: dict[tuple[int, bool, str], Decimal] = {}
    for connection_id, is_live, symbol, quantity, exited, price in transaction.execute(query):
        key = (connection_id, is_live, settle_currency(symbol))
        found[key] = found.get(key, ZERO) + notional(quantity - exited, price)
    return found
