"""What the verifier has found, as it is stored, and what of it holds now."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from cts_tui.clock import iso_from_ms, utc_from_ms
from cts_tui.model.health import Gravity
from cts_tui.model.verification import Finding, Verification
from cts_tui.store import setting_rows
from cts_tui.store.column_types import to_ms
from cts_tui.store.database import Transaction
from cts_tui.store.verify.quick import quick_look

VERIFICATION: Final = "verification"
_QUICK_MS: Final = 40.0


def put(transaction: Transaction, verification: Verification) -> None:
    """Store what a pass has found, in place of what the one before did."""
    now = utc_from_ms(verification.finished_ms)
    setting_rows.put(transaction, VERIFICATION, as_json(verification), now)


def as_json(verification: Verification) -> dict[str, Any]:
    """Return a verification as it is stored and as scripts read it."""
    return {
        "started_at": iso_from_ms(verification.started_ms),
        "finished_at": iso_from_ms(verification.finished_ms),
        "whole": verification.is_whole,
        "slices": verification.slices,
        "rows": dict(verification.rows),
        "findings": [finding.to_json() for finding in verification.findings],
    }


def get(transaction: Transaction) -> Verification | None:
    """Return what the last pass has found, None where there was none that can be read."""
    return _read(setting_rows.get(transaction, VERIFICATION))


def _read(stored: Any) -> Verification | None:
    if not isinstance(stored, Mapping):
        return None
    try:
        return Verification(
            started_ms=to_ms(datetime.fromisoformat(stored["started_at"])),
            finished_ms=to_ms(datetime.fromisoformat(stored["finished_at"])),
            slices=int(stored["slices"]),
            findings=tuple(Finding.from_json(one) for one in stored["findings"]),
            rows={str(table): int(count) for table, count in stored["rows"].items()},
            is_whole=bool(stored["whole"]),
        )
    except (LookupError, TypeError, ValueError, AttributeError):
        return None


def current(transaction: Transaction, now_ms: int, *, budget_ms: float = _QUICK_MS) -> Verification:
    """Return what is wrong now, as far as a look of `budget_ms` shows it.

    For what that look does not come to, the findings of the last pass stand. A small store is
    looked at whole. Raises sqlite3.Error or StoreError where the store cannot be read.
    """
    if transaction.dialect.name != "sqlite":
        return Verification(now_ms, now_ms, 0, ())
    quick, covered = quick_look(transaction, now_ms, budget_ms)
    last = None if quick.is_whole else get(transaction)
    if last is None:
        return quick
    older = [finding for finding in last.findings if finding.table not in covered]
    known = {(finding.kind, finding.table) for finding in quick.findings}
    findings = [*quick.findings, *(f for f in older if (f.kind, f.table) not in known)]
    findings.sort(key=lambda finding: finding.gravity is not Gravity.CRITICAL)
    return Verification(
        started_ms=last.started_ms,
        finished_ms=last.finished_ms,
        slices=last.slices + quick.slices,
        findings=tuple(findings),
        rows=last.rows,
        is_whole=last.is_whole,
    )
