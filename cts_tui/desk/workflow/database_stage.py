"""The database: reachable, of this schema, whole, writable, and what its verification found."""

from typing import Any, Final

from cts_tui.desk.workflow.subject import Finding, Subject, summed_up
from cts_tui.errors import StoreError
from cts_tui.store import setting_rows
from cts_tui.store.inspection import inspect_store

_WITHIN_S: Final = 10.0
_VERIFICATION: Final = "verification"
"""The settings row in which the verifier keeps its findings."""
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
    """Add what the engine's verifier found when it last looked, where it has."""
    with subject.store.read() as transaction:
        kept = setting_rows.get(transaction, _VERIFICATION)
    if not isinstance(kept, dict):
        return
    figures["verified_at"] = kept.get("finished_at")
    for one in kept.get("findings") or ():
        if isinstance(one, dict) and one.get("table") not in _OTHERS:
            told = faults if one.get("gravity") == "critical" else warnings
            told.append(f"{one.get('message')}; see what can be mended: cts-tui repair --dry-run")
