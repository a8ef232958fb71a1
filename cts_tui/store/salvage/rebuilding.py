"""The making of a sound store out of a damaged file, in a scratch folder; the file is only read."""

from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cts_tui.clock import utc_from_ms
from cts_tui.errors import StoreError
from cts_tui.model.repair import Deed
from cts_tui.model.salvage import NewestBackup, Salvage, TableSalvage
from cts_tui.model.verification import Consent, Finding
from cts_tui.store import running_sums
from cts_tui.store.database import RESTORE_ADVICE, Database, Transaction
from cts_tui.store.migrating import migrate
from cts_tui.store.repair.apply import apply_repairs, mending_in, unguarded_write
from cts_tui.store.repair.rebuild import stand_in_for_connections
from cts_tui.store.repair.values import switch_kill_on
from cts_tui.store.restored_rows import end_live_trading
from cts_tui.store.salvage.filling import Filled, fill, make_empty, set_all_aside
from cts_tui.store.salvage.pages import PageFile
from cts_tui.store.salvage.reading import MAY_BE_FREE, Reading, TableFacts
from cts_tui.store.scratch import Watch
from cts_tui.store.snapshot import READ_WRITE, opened, structural_faults
from cts_tui.store.tables import METADATA
from cts_tui.store.version import HEAD

_TRADING: Final = ("orders", "fills", "positions")
_GUARDS: Final = ("settings", "risk_states")
"""Tables that may forbid entries."""
_FAULTS_TOLD: Final = 3
_WAL_MODE: Final = 2
_NEEDED_FACTOR: Final = 2


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A sound store, not yet in its place, and how it came about."""

    file: Path
    salvage: Salvage
    deeds: tuple[Deed, ...]
    notes: tuple[str, ...]
    """What was done by the repairs beside their steps."""
    remaining: tuple[Finding, ...]


def rebuild_store(
    pages: PageFile,
    scratch: Path,
    *,
    faults: Collection[str],
    backup: NewestBackup | None,
    consents: Collection[Consent],
    now_ms: int,
) -> Rebuilt:
    """Read what can be read into a new store in `scratch`, and mend what belongs together.

    `faults` is what SQLite says of the damaged file. Raises StoreError where nothing of the desk's
    can be read, NoRoom where the disk is too full; nothing is changed then.
    """
    watch = Watch(scratch)
    watch.require((pages.bytes + len(pages.log.places) * pages.size) * _NEEDED_FACTOR)
    reading = Reading(pages, scratch)
    file = scratch / "salvaged.db"
    make_empty(file, reading.schema, now_ms)
    filled = fill(file, reading.rows(), watch)
    if not filled.rows:
        raise StoreError(
            f"nothing in it can be read that is the desk's; {RESTORE_ADVICE}; nothing was changed"
        )
    with closing(Database.at(file)) as database:
        if reading.schema != HEAD:
            migrate(database)
        with unguarded_write(database) as transaction:
            notes = _settle(transaction, reading, filled, now_ms)
            deeds, told, remaining = apply_repairs(transaction, now_ms, consents)
            running_sums.forget(transaction)
    _prove(file)
    salvage = Salvage(
        damage=tuple(_damage(pages, reading, faults)),
        schema=reading.schema,
        tables=_tables(reading, filled, backup),
        backup=backup,
        notes=(*_about_file(pages, reading, filled), *notes),
    )
    return Rebuilt(file, salvage, tuple(deeds), tuple(told), tuple(remaining))


def _settle(transaction: Transaction, reading: Reading, filled: Filled, now_ms: int) -> list[str]:
    """Settle what the loss of rows means for the others; return a line for each thing done."""
    facts, told = reading.facts, end_live_trading(transaction, utc_from_ms(now_ms))
    with mending_in(transaction, now_ms) as mending:
        set_all_aside(mending, filled.set_aside)
        made = stand_in_for_connections(mending) if facts["connections"].lost != 0 else 0
        if made:
            told.append(f"{made} connections are lost: disabled ones stand in for them")
        if any(facts[name].lost != 0 for name in _GUARDS if name in reading.expected):
            switch_kill_on(mending)
        told += mending.notes
    if facts["settings"].lost != 0:
        told.append(
            "settings are lost: look at limits and the like; where the key of credentials was "
            "among them, they have to be entered again"
        )
    if any(facts[name].lost != 0 for name in _TRADING):
        told.append(
            "nothing is made up for orders, fills and positions that are lost: on a real account "
            "an engine compares with the exchange before it trades"
        )
    return told


def _prove(file: Path) -> None:
    """Make one file of the new store, and have SQLite check every page. Raises StoreError."""
    with opened(file, READ_WRITE) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        faults = structural_faults(connection)
    if faults:
        raise StoreError(f"the new file is not sound ({faults[0]}); nothing was changed")


def _tables(
    reading: Reading, filled: Filled, backup: NewestBackup | None
) -> tuple[TableSalvage, ...]:
    aside = Counter(one.row.layout.table for one in filled.set_aside)
    present = [name for name in METADATA.tables if _is_expected(name, reading, filled)]
    held: Mapping[str, int] = {} if backup is None else backup.tables
    return tuple(
        TableSalvage(
            table=name,
            recovered=filled.rows[name],
            set_aside=aside[name],
            lost=reading.facts[name].lost,
            lost_at_most=reading.facts[name].lost_at_most,
            in_backup=held.get(name),
        )
        for name in present
    )


def _is_expected(name: str, reading: Reading, filled: Filled) -> bool:
    """Return whether a table belongs to the schema of the damaged store."""
    return bool(filled.rows[name]) or name in reading.expected


def _damage(pages: PageFile, reading: Reading, faults: Collection[str]) -> list[str]:
    """Return what is wrong with a file, in words."""
    lines = []
    if not pages.has_header:
        lines.append("its header cannot be read")
    if pages.missing:
        lines.append(f"it ends early: {pages.missing:,} of {pages.stated_count:,} pages are gone")
    if not reading.is_catalog_whole:
        lines.append("what it says of its tables can be read in part only")
    for name, facts in reading.facts.items():
        lines += _damage_of(name, facts)
    lines += [f"SQLite says: {fault}" for fault in [*faults][:_FAULTS_TOLD]]
    more = len(faults) - _FAULTS_TOLD
    return lines + [f"and {more} faults more"] * (more > 0)


def _damage_of(name: str, facts: TableFacts) -> list[str]:
    if not facts.has_root:
        return []
    parts = [f"{len(facts.holes)} of its pages" * bool(facts.holes)]
    parts.append(f"{facts.broken_cells} of its rows" * bool(facts.broken_cells))
    words = " and ".join(filter(None, parts))
    return [f"{name}: {words} cannot be read"] if words else []


def _about_file(pages: PageFile, reading: Reading, filled: Filled) -> list[str]:
    """Return what the trader should know of the file beside its rows."""
    lines = []
    has_log = pages.log.file.exists() and pages.log.file.stat().st_size
    if pages.log.places:
        lines.append(f"{len(pages.log.places):,} pages are from the write-ahead log beside it")
    if pages.log.is_cut:
        lines.append("a part of the write-ahead log beside it cannot be read, and is lost")
    if not has_log and pages.header[18:19] == bytes([_WAL_MODE]):
        lines.append(
            "no write-ahead log lies beside it: what had not been brought from it into the file "
            "cannot be got back"
        )
    if any(one.why == MAY_BE_FREE for one in filled.set_aside):
        lines.append(
            "which pages are free cannot be read: rows that may have been deleted are set aside"
        )
    if reading.nameless_pages:
        lines.append(
            f"{reading.nameless_pages} pages hold rows that fit no table: they are in the kept file"
        )
    if reading.foreign:
        lines.append(f"tables of others are in the kept file only: {', '.join(reading.foreign)}")
    return lines
