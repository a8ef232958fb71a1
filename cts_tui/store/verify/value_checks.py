"""Values that cannot be, one check a table: what no column may hold, and candles that are none."""

from collections.abc import Callable
from typing import Final

from cts_tui.model.health import Gravity
from cts_tui.model.verification import Consent
from cts_tui.store.tables import METADATA
from cts_tui.store.verify.check import Check, Row
from cts_tui.store.verify.columns import rules

BAD_VALUE: Final = "bad-value"
HIGH_BELOW_LOW: Final = "high-below-low"
_ASIDE: Final = "set aside in the table quarantine"
_TRADING: Final = ("orders", "fills", "positions")
_GRAVE: Final = (
    *_TRADING,
    "balances",
    "connections",
    "credentials",
    "risk_states",
    "settings",
    "strategies",
)
_ASKED: Final = (
    "balances",
    "connections",
    "credentials",
    "externals",
    "risk_states",
    "settings",
    "signals",
    "strategies",
)
"""Tables whose rows leave only on the trader's word."""
_ACTIONS: Final = {
    "connections": "disabled, live off, what cannot be read emptied; the row as it was is kept in "
    "the table quarantine",
    "engine_states": "begun anew; the row as it was is kept in the table quarantine",
    "leases": "begun anew; the row as it was is kept in the table quarantine",
    "candles": f"{_ASIDE}; the feed's history fills the gap",
    "indications": f"{_ASIDE}; computed anew from the candles",
    "latest_prices": f"{_ASIDE}; the next price takes its place",
    "settings": f"{_ASIDE}; where the kill switch or limits are lost, the kill switch goes on",
    "risk_states": f"{_ASIDE}; the kill switch goes on, a halt may be lost",
    "positions": "summed up from its fills where these say it all, else set aside whole",
}


def consent_for(table: str) -> Consent:
    """Return whose word it takes to remove rows of a table."""
    if table in _TRADING:
        return Consent.TRADING
    return Consent.REPAIR if table in _ASKED else Consent.NONE


def gravity_of(table: str) -> Gravity:
    """Return how bad it is when rows of a table cannot be."""
    return Gravity.CRITICAL if table in _GRAVE else Gravity.WARNING


def bad_values(table: str) -> Check:
    """Return the check of every value of a table."""
    suspicions = [
        rule.condition(column, is_nullable=is_nullable)
        for column, (rule, is_nullable) in rules(table).items()
    ]
    return Check(
        kind=BAD_VALUE,
        table=table,
        gravity=gravity_of(table),
        consent=consent_for(table),
        one=f"row of {table} holds what cannot be read",
        many=f"rows of {table} hold what cannot be read",
        action=_ACTIONS.get(table, _ASIDE),
        condition=" OR ".join(f"({suspicion})" for suspicion in suspicions),
        judge=_judge(table),
    )


def _judge(table: str) -> Callable[[Row], str | None]:
    def judge(row: Row) -> str | None:
        faults = faulty_columns(table, row)
        return "; ".join(f"{column} {fault}" for column, fault in faults.items()) or None

    return judge


def faulty_columns(table: str, row: Row) -> dict[str, str]:
    """Return by column what is wrong with the raw values of a row."""
    found = {}
    for column, (rule, is_nullable) in rules(table).items():
        value = row[column]
        if value is None and not is_nullable:
            found[column] = "is missing"
        elif value is not None and (fault := rule.fault(value)):
            found[column] = fault
    return found


VALUE_CHECKS: Final = (
    *(bad_values(table) for table in METADATA.tables if table != "quarantine"),
    Check(
        kind=HIGH_BELOW_LOW,
        table="candles",
        gravity=Gravity.WARNING,
        consent=Consent.NONE,
        one="candle has its high below its low",
        many="candles have their high below their low",
        action=_ACTIONS["candles"],
        condition="t.high < t.low",
    ),
)
