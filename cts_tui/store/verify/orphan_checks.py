"""Rows that belong to something that is not there."""

from typing import Final

from cts_tui.model.health import Gravity
from cts_tui.model.verification import Consent
from cts_tui.store.tables import METADATA
from cts_tui.store.verify.check import Check
from cts_tui.store.verify.value_checks import consent_for

ORPHAN: Final = "orphan"
_ASIDE: Final = "set aside in the table quarantine"
_ORDERLESS: Final = "fill-without-order"


def _without_connection(table: str) -> Check:
    consent = consent_for(table)
    is_trading = consent is Consent.TRADING
    return Check(
        kind=ORPHAN,
        table=table,
        gravity=Gravity.CRITICAL if is_trading else Gravity.WARNING,
        consent=consent,
        one=f"row of {table} belongs to no connection",
        many=f"rows of {table} belong to no connection",
        action=_ASIDE,
        condition="t.connection_id NOT IN (SELECT id FROM connections)",
        reads=("connections",),
    )


ORPHAN_CHECKS: Final = (
    *(
        _without_connection(table.name)
        for table in METADATA.sorted_tables
        if "connection_id" in table.c
    ),
    Check(
        kind=_ORDERLESS,
        table="fills",
        gravity=Gravity.CRITICAL,
        consent=Consent.TRADING,
        one="fill belongs to no order",
        many="fills belong to no order",
        action=_ASIDE,
        condition="NOT EXISTS (SELECT 1 FROM orders o WHERE o.client_order_id = t.client_order_id)",
        reads=("orders",),
    ),
)
