"""Every check there is, by table, in the order in which a quick look should come to them."""

from collections.abc import Iterable
from functools import cache
from typing import Final

from cts_tui.store.tables import METADATA
from cts_tui.store.verify.check import Check
from cts_tui.store.verify.orphan_checks import ORPHAN_CHECKS
from cts_tui.store.verify.state_checks import STATE_CHECKS
from cts_tui.store.verify.sum_checks import SUM_CHECKS
from cts_tui.store.verify.value_checks import VALUE_CHECKS

CHECKS: Final[tuple[Check, ...]] = (*STATE_CHECKS, *SUM_CHECKS, *ORPHAN_CHECKS, *VALUE_CHECKS)
_FIRST: Final = (
    "connections",
    "engine_states",
    "leases",
    "settings",
    "strategies",
    "credentials",
    "risk_states",
    "balances",
    "latest_prices",
    "positions",
    "orders",
    "fills",
    "externals",
)
_LAST: Final = ("signals", "candles", "events", "indications")

TABLES: Final = (
    *_FIRST,
    *(name for name in METADATA.tables if name not in (*_FIRST, *_LAST)),
    *_LAST,
)
"""Small and grave ones first."""


@cache
def checks_of(table: str) -> tuple[Check, ...]:
    """Return the checks of the rows of a table."""
    return tuple(check for check in CHECKS if check.table == table)


def possible(checks: Iterable[Check], unreadable: frozenset[str]) -> list[Check]:
    """Return the checks that need no table which is missing or lacks columns."""
    return [one for one in checks if unreadable.isdisjoint((one.table, *one.reads))]
