"""What is mended at every start, by itself: the schema, and what is safe of a few small tables.

Candles and indications are too many to be looked at before the first frame; the engine's verifier
comes to them.
"""

from typing import Final

from cts_tui.model.repair import Deed
from cts_tui.model.verification import Consent
from cts_tui.store.database import Database
from cts_tui.store.repair.apply import apply_repairs, unguarded_write
from cts_tui.store.verify.check import Check
from cts_tui.store.verify.passes import Depth, VerifyPass

_TABLES: Final = ("connections", "engine_states", "leases", "latest_prices")


def mend_at_start(database: Database, now_ms: int) -> list[str]:
    """Mend what is safe; return a line for each thing that was. Raises StoreError."""
    if not database.is_sqlite or not _has_something(database, now_ms):
        return []
    with unguarded_write(database) as transaction:
        deeds, notes, _ = apply_repairs(transaction, now_ms, {Consent.NONE}, tables=_TABLES)
    return [*told(deeds), *notes]


def told(deeds: list[Deed]) -> list[str]:
    """Return a line for each deed that changed anything."""
    return [f"repaired: {deed.line}" for deed in deeds if deed.is_done]


def _has_something(database: Database, now_ms: int) -> bool:
    """Return whether anything is to be mended, without a lock."""
    found = VerifyPass(now_ms, depth=Depth.ROWS, keep_hits=1, tables=_TABLES, only=_is_safe)
    found.run(database)
    return any(finding.safe for finding in found.result(now_ms).findings)


def _is_safe(check: Check) -> bool:
    return check.consent is Consent.NONE
