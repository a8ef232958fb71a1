"""`cts-tui verify`: one look through the whole store, now."""

from typing import Any

from cts_tui.cli.options import JsonOption, look_at_desk, print_json
from cts_tui.cli.tables import print_table, say
from cts_tui.clock import iso_from_ms
from cts_tui.model.verification import Finding, Verification

_COLUMNS = {"gravity": "GRAVITY", "count": "COUNT", "table": "TABLE", "what": "WHAT IS WRONG"}


def verify(as_json: JsonOption = False) -> None:
    """Look through the whole store. Exit code: 0 clean, 1 warnings, 2 something critical."""
    with look_at_desk() as desk:
        found = desk.repairs.verify()
    if as_json:
        print_json(verification_row(found))
    else:
        print_verification(found)
    raise SystemExit(2 if found.critical else 1 if found.warnings else 0)


def verification_row(found: Verification) -> dict[str, Any]:
    """Return the JSON document of a verification."""
    return {
        "status": "critical" if found.critical else "warnings" if found.warnings else "clean",
        "started_at": iso_from_ms(found.started_ms),
        "finished_at": iso_from_ms(found.finished_ms),
        "slices": found.slices,
        "rows": dict(found.rows),
        "findings": [finding.to_json() for finding in found.findings],
    }


def print_verification(found: Verification) -> None:
    """Print what was found, the gravest first."""
    seconds = (found.finished_ms - found.started_ms) / 1000
    say(f"{sum(found.rows.values()):,} rows in {seconds:.1f} s")
    if not found.findings:
        say("everything is as it should be")
        return
    say()
    print_table([_row(finding) for finding in found.findings], _COLUMNS, "")
    say()
    say("what can be done about it: cts-tui repair --dry-run")


def _row(finding: Finding) -> dict[str, Any]:
    example = finding.example if finding.example not in finding.message else ""
    return {
        "gravity": finding.gravity,
        "count": finding.count,
        "table": finding.table,
        "what": finding.message + (f" ({example})" if example else ""),
    }
