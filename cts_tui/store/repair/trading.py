"""Remedies for orders and positions: fills are the truth, and nothing is made up.

Where the fills do not say what is right, a row stays as it is, and the trader hears of it.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

from cts_tui.model.money import average_price, money_text
from cts_tui.model.repair import Deed
from cts_tui.model.trading import OrderStatus, PositionStatus
from cts_tui.store.repair.aside import Mending
from cts_tui.store.repair.facts import PositionFacts, exit_columns, position_facts
from cts_tui.store.verify.check import Check, Row, label
from cts_tui.store.verify.raw import Key
from cts_tui.store.verify.slices import rows_of
from cts_tui.store.verify.sum_checks import decimal, shares_exits

Changes = dict[str, Any]
Mend = Callable[[Mending, Row], Changes | str]
"""Returns what to change about a row, or in words why nothing tells that."""

_MISSING: Final = "fills are missing"


def mend_rows(mending: Mending, check: Check, keys: Sequence[Key], mend: Mend) -> Deed:
    """Mend rows one by one; each is copied into the quarantine as it was."""
    mended, left = 0, []
    for key, row in rows_of(mending.cursor, check.table, keys):
        found = mend(mending, row)
        if isinstance(found, str):
            left.append(f"{label(check.table, key, row)}: {found}")
        elif found:
            mending.keep_copy(check.kind, check.table, key, row)
            mending.update(check.table, key, {name: _stored(one) for name, one in found.items()})
            mended += 1
    return Deed(check.kind, check.table, mended, 0, tuple(left))


def _stored(value: Any) -> Any:
    return money_text(value) if isinstance(value, Decimal) else value


def raise_to_fills(mending: Mending, row: Row) -> Changes | str:
    """Have an order say what its fills say, where none of them is missing."""
    query = "SELECT quantity, price FROM fills WHERE client_order_id = ? AND connection_id = ?"
    values = (str(row["client_order_id"]), row["connection_id"])
    fills = mending.cursor.execute(query, values).fetchall()
    amounts = [(decimal(quantity), decimal(price)) for quantity, price in fills]
    read = [(quantity, price) for quantity, price in amounts if quantity and price]
    filled = sum((quantity for quantity, _ in read), Decimal(0))
    told = decimal(row["filled"])
    if told is None or filled < told:
        return _MISSING
    value = sum((quantity * price for quantity, price in read), Decimal(0))
    changes: Changes = {"filled": filled, "average_price": average_price(value, filled)}
    asked = decimal(row["quantity"])
    if asked is None or filled >= asked:
        changes["status"] = OrderStatus.FILLED.value
    return changes


def close_by_fills(mending: Mending, row: Row) -> Changes | str:
    """Give a closed position the exit that its fills say."""
    facts = _facts(mending, row)
    if isinstance(facts, str):
        return facts
    if facts.holding.held > 0 and str(row["status"]) == PositionStatus.CLOSED:
        return f"by its fills {facts.holding.held:f} of it is open still"
    changes = exit_columns(facts, row)
    if changes is None:
        return "no fill says at what price it was left, when and why"
    return changes | (_pnl(facts) if row["pnl"] is None else {})


def settle_open(mending: Mending, row: Row) -> Changes | str:
    """Close a position that has an exit, or take the exit away, as its fills say."""
    facts = _facts(mending, row)
    if isinstance(facts, str):
        return facts
    if facts.holding.held > 0:
        if facts.holding.entered < (decimal(row["entered"]) or 0):
            return _MISSING
        return dict.fromkeys(("exit_price", "exit_time_ms", "exit_reason", "closed_at", "pnl"))
    changes = exit_columns(facts, row)
    if changes is None:
        return "no fill says at what price it was left, when and why"
    closed = {"status": PositionStatus.CLOSED.value, "unprotected_since_ms": None}
    return changes | closed | (_pnl(facts) if row["pnl"] is None else {})


def sum_up(mending: Mending, row: Row) -> Changes | str:
    """Have a position be the sum of its fills, where none of them is missing."""
    facts = _facts(mending, row)
    if isinstance(facts, str):
        return facts
    holding = facts.holding
    stored = [decimal(row[column]) for column in ("entered", "exited")]
    if None in stored or holding.entered < (stored[0] or 0) or holding.exited < (stored[1] or 0):
        return _MISSING
    changes: Changes = {
        "quantity": holding.quantity,
        "entry_price": holding.entry_price,
        "fees": holding.fees,
        "entered": holding.entered,
        "entry_cost": holding.entry_cost,
        "exited": holding.exited,
        "exit_value": holding.exit_value,
        "paid_fees": holding.paid_fees,
    }
    if not PositionStatus(str(row["status"])).is_final:
        return changes
    return changes | {"exit_price": holding.exit_price or holding.entry_price} | _pnl(facts)


def realize(mending: Mending, row: Row) -> Changes | str:
    """Compute the PnL of a closed position, where its sums are those of its fills."""
    facts = _facts(mending, row)
    if isinstance(facts, str):
        return facts
    made = facts.holding
    for column, amount in (("entered", made.entered), ("exited", made.exited)):
        if decimal(row[column]) != amount:
            return "its sums are not those of its fills"
    return _pnl(facts)


def _facts(mending: Mending, row: Row) -> PositionFacts | str:
    if shares_exits(row["is_live"], row["symbol"]):
        return "on a swap account its exits may have closed another position: look it up there"
    facts = position_facts(mending, row)
    if facts is None:
        return "one of its fills cannot be read"
    if not facts.holding.entered:
        return "it has no fills"
    if not facts.are_fees_known:
        return "a fee was paid in a currency whose price is not known"
    return facts


def _pnl(facts: PositionFacts) -> Changes:
    return {"pnl": facts.holding.pnl()}
