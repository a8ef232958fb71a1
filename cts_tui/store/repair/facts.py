"""What the fills of a position say: the sums they make, and how and when it was left."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from cts_tui.model.holding import Holding, fee_parts
from cts_tui.model.records import Fill
from cts_tui.model.trading import Direction, ExitReason, OrderPurpose, Side
from cts_tui.store.balances import FUNDING
from cts_tui.store.repair.aside import Mending
from cts_tui.store.verify.check import Row
from cts_tui.store.verify.sum_checks import decimal

_FILLS: Final = (
    "SELECT o.purpose, o.reason, o.updated_at, f.client_order_id, f.venue_order_id, "
    "f.venue_trade_id, f.symbol, f.side, f.quantity, f.price, f.fee, f.fee_currency, f.time_ms "
    "FROM orders o CROSS JOIN fills f ON f.client_order_id = o.client_order_id "
    "AND +f.connection_id = o.connection_id WHERE o.position_key = ? AND +o.connection_id = ? "
    "ORDER BY f.time_ms, f.id"
)
_BY_PURPOSE: Final = {
    OrderPurpose.STOP: ExitReason.STOP_LOSS,
    OrderPurpose.TARGET: ExitReason.TAKE_PROFIT,
}


@dataclass(slots=True)
class PositionFacts:
    """A position as its fills make it."""

    holding: Holding
    are_fees_known: bool = True
    """Whether no fee was paid in a third currency, whose price nobody wrote down."""
    exit_ms: int | None = None
    exit_reason: ExitReason | None = None
    closed_at: str | None = None
    """When the order that closed it was last heard of."""


def position_facts(mending: Mending, row: Row) -> PositionFacts | None:
    """Return what the fills of a position say, None where one of them cannot be read."""
    try:
        facts = PositionFacts(Holding(Direction(str(row["side"]))))
        for purpose, reason, heard_at, fill in _fills(mending, row):
            _add(facts, purpose, fill)
            if purpose is not OrderPurpose.ENTRY and fill.quantity:
                facts.exit_ms = fill.time_ms
                facts.exit_reason = _reason(purpose, reason)
                facts.closed_at = heard_at
    except ValueError:
        return None
    return facts


def _fills(mending: Mending, row: Row) -> Iterator[tuple[OrderPurpose, str, str, Fill]]:
    """Yield the fills of a position, oldest first. Raises ValueError."""
    found = mending.cursor.execute(_FILLS, (str(row["key"]), row["connection_id"]))
    for (
        purpose,
        reason,
        heard_at,
        order,
        venue_order,
        trade,
        symbol,
        side,
        *rest,
    ) in found.fetchall():
        *amounts, currency, time_ms = rest
        quantity, price, fee = (decimal(amount) for amount in amounts)
        if quantity is None or price is None or fee is None or not isinstance(time_ms, int):
            raise ValueError("a fill cannot be read")
        fill = Fill(
            client_order_id=str(order),
            venue_order_id=str(venue_order),
            venue_trade_id=str(trade),
            symbol=str(symbol),
            side=Side(str(side)),
            quantity=quantity,
            price=price,
            fee=fee,
            fee_currency=str(currency),
            time_ms=time_ms,
        )
        yield OrderPurpose(str(purpose)), str(reason), str(heard_at), fill


def _add(facts: PositionFacts, purpose: OrderPurpose, fill: Fill) -> None:
    fee = fee_parts(fill)
    facts.are_fees_known = facts.are_fees_known and not (fill.fee and not fee.value)
    if fill.venue_trade_id.startswith(FUNDING):
        facts.holding.charge(fill.fee)
    elif purpose is OrderPurpose.ENTRY:
        facts.holding.enter(fill, fee)
    else:
        facts.holding.leave(fill, fee)


def _reason(purpose: OrderPurpose, reason: str) -> ExitReason | None:
    try:
        return ExitReason(reason)
    except ValueError:
        return _BY_PURPOSE.get(purpose)


def exit_columns(facts: PositionFacts, row: Row) -> dict[str, Any] | None:
    """Return the exit of a position as its fills say it, None where they do not say it all.

    What the row has of its exit stays.
    """
    said: dict[str, Any] = {
        "exit_price": facts.holding.exit_price,
        "exit_time_ms": facts.exit_ms,
        "exit_reason": facts.exit_reason,
        "closed_at": facts.closed_at,
    }
    missing = {column: value for column, value in said.items() if row[column] is None}
    return None if any(value is None for value in missing.values()) else missing
