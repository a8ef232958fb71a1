"""The database: reachable, of this schema, whole, writable, and what its verification found."""

from typing import Any, Final

from cts_tui.clock import iso_from_ms
from cts_tui.desk.workflow.subject import Finding, Subject, summed_up
from cts_tui.errors import StoreError
from cts_tui.model.health import Gravity
from cts_tui.store.inspection import inspect_store
from cts_tui.store.verify import results
from cts_tui.store.verify.orphan_checks import ORPHAN
from cts_tui.store.verify.schema_checks import OF_SCHEMA

_WITHIN_S: Final = 10.0
_LOOK_MS: Final = 2_000.0
"""How long the verifier looks now; a small store is done in some 50 ms."""
_OTHERS: Final = frozenset(
    ("connections", "strategies", "credentials", "engine_states", "engine_programs", "leases")
)
"""Tables that the stages after this one judge: what is wrong with them is said there."""


def judge(subject: Subject) -> Finding:
    """Judge the store, and keep the other stages from a store that cannot be used."""
    if subject.unusable:
        reason, subject.unusable = subject.unusable, _unusable()
        raise StoreError(reason)
    try:
        found = inspect_store(subject.store, within_s=_WITHIN_S)
        if not found.faults:  # else there is nothing that could be relied on
            _add_verification(subject, found.faults, found.warnings, found.figures)
    except StoreError:
        subject.unusable = _unusable()
        raise
    if found.faults:
        subject.unusable = _unusable()
    size = found.figures.get("size_bytes")
    passed = f"schema {found.figures['schema']}, whole and writable"
    if size is not None:
        passed += f", {size / 1e6:.1f} MB"
    return summed_up(found.faults, found.warnings, passed, figures=found.figures)


def _unusable() -> str:
    return "the database is not in order, see above"


def _add_verification(
    subject: Subject, faults: list[str], warnings: list[str], figures: dict[str, Any]
) -> None:
    """Add what the verifier finds now, and of what it does not come to, what it found last."""
    with subject.store.read() as transaction:
        found = results.current(transaction, subject.clock.now_ms(), budget_ms=_LOOK_MS)
    figures["verified_at"] = iso_from_ms(found.finished_ms)
    for one in found.findings:
        if one.kind not in OF_SCHEMA and (one.table not in _OTHERS or one.kind == ORPHAN):
            (faults if one.gravity is Gravity.CRITICAL else warnings).append(one.line)
