"""A salvage in words and as JSON: a part of `cts-tui repair`."""

from typing import TYPE_CHECKING, Any

from cts_tui.cli.tables import headings, print_table, say, short_time
from cts_tui.clock import iso_from_ms

if TYPE_CHECKING:
    from cts_tui.model.salvage import NewestBackup, Salvage, TableSalvage


def salvage_row(found: "Salvage") -> dict[str, Any]:
    """Return a salvage as JSON has it."""
    return {
        "damage": list(found.damage),
        "schema": found.schema,
        "kept": None if found.kept is None else str(found.kept),
        "recovered": found.recovered,
        "tables": [_table_row(one) for one in found.tables],
        "newest_backup": None if found.backup is None else _backup_row(found.backup),
        "notes": list(found.notes),
    }


def _table_row(one: "TableSalvage") -> dict[str, Any]:
    return {
        "table": one.table,
        "recovered": one.recovered,
        "set_aside": one.set_aside,
        "lost": one.lost,
        "lost_at_most": one.lost_at_most,
        "in_backup": one.in_backup,
    }


def _backup_row(backup: "NewestBackup") -> dict[str, Any]:
    made_at = iso_from_ms(round(backup.made_at.timestamp() * 1000))
    return {"file": backup.file.name, "made_at": made_at, "rows": sum(backup.tables.values())}


def print_salvage(found: "Salvage", *, is_dry_run: bool) -> None:
    """Print what can be read of a damaged file, or what was, and what is lost."""
    say("the database file is damaged:")
    for line in found.damage:
        say(f"- {line}")
    say("can be read:" if is_dry_run else "recovered into a new file:")
    columns = headings("table", "recovered", "set aside", "lost", "in the newest backup")
    print_table([_cells(one) for one in found.tables if _is_news(one)], columns, "no rows")
    for note in found.notes:
        say(f"- {note}")
    _say_backup(found)
    if found.kept is not None:
        say(f"the damaged file is kept: {found.kept}; cts-tui repair --undo puts it back")
    elif is_dry_run:
        say("nothing was changed; `cts-tui repair` recovers this, and keeps the damaged file")


def _is_news(one: "TableSalvage") -> bool:
    return bool(one.recovered or one.set_aside or one.in_backup or not one.is_whole)


def _cells(one: "TableSalvage") -> dict[str, Any]:
    return {
        "table": one.table,
        "recovered": one.recovered,
        "set aside": one.set_aside,
        "lost": one.lost_words,
        "in the newest backup": one.in_backup,
    }


def _say_backup(found: "Salvage") -> None:
    backup = found.backup
    if backup is None:
        say("there is no backup that could be restored instead")
        return
    made_at = short_time(iso_from_ms(round(backup.made_at.timestamp() * 1000)))
    more = [
        f"{one.table} ({one.in_backup:,}, here {one.recovered:,})"
        for one in found.tables
        if (one.in_backup or 0) > one.recovered
    ]
    told = f"has more of {', '.join(more)}" if more else "has no more rows of any table"
    say(
        f"the newest backup, of {made_at} UTC, {told}; instead of a repair it is put back with: "
        f"cts-tui restore {backup.file.name}"
    )
