"""`cts-tui repair`: the plan, the repair, and undoing it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cts_tui.cli.backups import backup_row
from cts_tui.cli.options import JsonOption, current_folder, print_json
from cts_tui.cli.salvage import print_salvage, salvage_row
from cts_tui.cli.tables import say
from cts_tui.clock import iso_from_ms

if TYPE_CHECKING:
    from cts_tui.model.repair import Deed, RepairReport


def repair(
    is_dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done; change nothing.")
    ] = False,
    with_trading: Annotated[
        bool, typer.Option("--trading", help="Mend orders, fills and positions too.")
    ] = False,
    is_undo: Annotated[
        bool, typer.Option("--undo", help="Put the backup of before the last repair back.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Mend the store after a verified backup; of a damaged file, recover what can be read."""
    from cts_tui.desk import mending
    from cts_tui.model.trading import Actor

    if is_undo:
        if is_dry_run or with_trading:
            raise typer.BadParameter("--undo stands alone: it takes neither of the other options")
        _undo(as_json=as_json)
        return
    do = mending.plan_repair if is_dry_run else mending.repair
    report = do(current_folder(), Actor.CLI, with_trading=with_trading)
    if as_json:
        print_json(report_row(report, is_dry_run=is_dry_run))
    else:
        print_report(report, is_dry_run=is_dry_run)


def _undo(*, as_json: bool) -> None:
    from cts_tui.desk import mending
    from cts_tui.model.trading import Actor

    done = mending.undo_repair(current_folder(), Actor.CLI)
    replaced = None if done.replaced is None else str(done.replaced)
    if as_json:
        print_json(backup_row(done.backup) | {"replaced": replaced, "notes": list(done.notes)})
        return
    say(f"the repair is undone: {done.backup.file} is the database again")
    for line in (*([f"what it replaced is kept: {replaced}"] if replaced else []), *done.notes):
        say(line)


def report_row(report: "RepairReport", *, is_dry_run: bool) -> dict[str, Any]:
    """Return the JSON document of a repair, or of its plan."""
    return {
        "dry_run": is_dry_run,
        "time": iso_from_ms(report.at_ms),
        "backup": None if report.backup is None else str(report.backup),
        "repairs": [_deed_row(deed) for deed in report.deeds],
        "notes": list(report.notes),
        "remaining": [finding.to_json() for finding in report.remaining],
        "salvage": None if report.salvage is None else salvage_row(report.salvage),
    }


def _deed_row(deed: "Deed") -> dict[str, Any]:
    return {
        "kind": deed.kind,
        "table": deed.table,
        "what": deed.was,
        "action": deed.action,
        "mended": deed.mended,
        "set_aside": deed.set_aside,
        "left": list(deed.left),
        "note": deed.note,
    }


def print_report(report: "RepairReport", *, is_dry_run: bool) -> None:
    """Print what was done, or would be, and what is left for the trader."""
    done = [deed for deed in report.deeds if deed.is_done]
    if report.salvage is not None:
        print_salvage(report.salvage, is_dry_run=is_dry_run)
    elif not (done or report.remaining or report.notes):
        say("there is nothing to repair")
        return
    if done:
        say("would be done:" if is_dry_run else "done:")
    for deed in done:
        say(f"- {deed.line}: {_count(deed)}")
    for note in report.notes:
        say(f"- {note}")
    if report.backup is not None:
        say(f"the database of before is kept: {report.backup}; cts-tui repair --undo puts it back")
    if report.remaining:
        say("left as it is:")
    for finding in report.remaining:
        say(f"- {finding.message}; {finding.action or _word_for(finding.consent)}")


def _count(deed: "Deed") -> str:
    parts = [f"{deed.mended} mended" * bool(deed.mended)]
    parts.append(f"{deed.set_aside} set aside in the table quarantine" * bool(deed.set_aside))
    return ", ".join(filter(None, parts))


def _word_for(consent: str) -> str:
    return "cts-tui repair --trading mends it" if consent == "trading" else "the trader must look"
