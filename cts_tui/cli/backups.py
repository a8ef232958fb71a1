"""`cts-tui backup`, `cts-tui backups …` and `cts-tui restore`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cts_tui.cli.options import JsonOption, current_folder, open_desk, print_json
from cts_tui.cli.tables import headings, print_table, say, short_time
from cts_tui.clock import iso_from_ms

if TYPE_CHECKING:
    from cts_tui.model.backup import Backup

app = typer.Typer(no_args_is_help=True, help="Backups of the database: list, verify.")

FileArgument = Annotated[
    str, typer.Argument(metavar="FILE", help="A name from `backups list`, or a path.")
]


def backup(
    to: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="FILE", help="A new file anywhere, compressed if it ends in .gz."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Back the database up now, verified; an engine may go on meanwhile."""
    with open_desk() as desk:
        made = desk.backups.make() if to is None else desk.backups.make_at(Path(to))
    if as_json:
        print_json(backup_row(made) | {"seconds": round(made.seconds or 0, 3)})
    else:
        say(f"backed up {_rows(made)} into {made.file} ({_size(made.size_bytes)}), verified")


@app.command("list")
def list_backups(as_json: JsonOption = False) -> None:
    """List backups, newest first; the database need not open."""
    from cts_tui.desk.backups import backups_in

    rows = [backup_row(found) for found in backups_in(current_folder())]
    if as_json:
        print_json(rows)
        return
    columns = headings("file", "made_at", "reason", "schema", "rows", "size", "verified")
    cells = [
        row | {"made_at": short_time(row["made_at"]), "size": _size(row["size_bytes"])}
        for row in rows
    ]
    print_table(cells, columns, "no backups yet; make one with: cts-tui backup")


@app.command("verify")
def verify(file: FileArgument, as_json: JsonOption = False) -> None:
    """Unpack a backup and check every page of it."""
    from cts_tui.desk.backups import verify_backup

    found = verify_backup(current_folder(), file)
    if as_json:
        print_json(backup_row(found))
    else:
        say(f"{found.file} is whole: schema {found.schema}, {_rows(found)}")


def restore(file: FileArgument, as_json: JsonOption = False) -> None:
    """Put a backup in the place of the database, which is kept; no engine may run."""
    from cts_tui.desk.restoring import restore_backup
    from cts_tui.model.trading import Actor

    done = restore_backup(current_folder(), file, Actor.CLI)
    if as_json:
        replaced = None if done.replaced is None else str(done.replaced)
        print_json(backup_row(done.backup) | {"replaced": replaced, "notes": list(done.notes)})
        return
    say(f"restored {done.backup.file}: schema {done.backup.schema}, {_rows(done.backup)}")
    if done.replaced is not None:
        say(f"the database that was there: {done.replaced}")
    for note in done.notes:
        say(note)


def backup_row(found: "Backup") -> dict[str, Any]:
    """Return a backup as JSON has it."""
    return {
        "file": found.file.name,
        "path": str(found.file),
        "made_at": iso_from_ms(round(found.made_at.timestamp() * 1000)),
        "reason": found.reason,
        "schema": found.schema,
        "rows": found.rows,
        "size_bytes": found.size_bytes,
        "database_bytes": found.database_bytes,
        "sha256": found.sha256,
        "verified": found.is_verified,
    }


def _rows(found: "Backup") -> str:
    return f"{found.rows or 0:,} rows"


def _size(size_bytes: int) -> str:
    for unit, factor in (("GB", 1_000_000_000), ("MB", 1_000_000)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{size_bytes / 1_000:.0f} kB"
