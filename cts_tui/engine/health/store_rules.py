"""Rules about the database: its schema, its rows, its writer, the room it has."""

from typing import Final

from cts_tui.engine.health.findings import Findings
from cts_tui.engine.health.readings import Readings
from cts_tui.model.health import Gravity
from cts_tui.store.engine_figures import mapping, number
from cts_tui.store.facts import DISK_FULL_BYTES

_HOUR_MS: Final = 3_600_000
_OVERDUE: Final = 2.0
"""How many times the hours between two backups may pass before that is a fault."""
_FAILURES: Final = 3
_LOG_LARGE_BYTES: Final = 1_000_000_000


def schema_unexpected(readings: Readings) -> Findings:
    """Find that the store has another schema than this program."""
    found, expected = readings.database["schema"], readings.database["schema_expected"]
    if found != expected:
        yield "database", f"the schema is {found}, expected {expected}"


def integrity_critical(readings: Readings) -> Findings:
    """Find rows that cannot be."""
    for flaw in readings.integrity.of(Gravity.CRITICAL):
        yield flaw.subject, flaw.message


def integrity_warning(readings: Readings) -> Findings:
    """Find rows that are wrong, and move no money."""
    for flaw in readings.integrity.of(Gravity.WARNING):
        yield flaw.subject, flaw.message


def writer_failing(readings: Readings) -> Findings:
    """Find that the writer cannot write: nothing is recorded, and nothing is entered."""
    if readings.journal.get("is_failing"):
        yield "writer", f"the writer cannot write: {readings.journal.get('last_error')}"


def writer_lost(readings: Readings) -> Findings:
    """Find that the writer gave up batches since its program started."""
    if lost := readings.journal.get("dropped"):
        error = readings.journal.get("last_error")
        yield "writer", f"the writer has lost {lost} batches: {error}"


def writer_thinned(readings: Readings) -> Findings:
    """Find that market data was left out of the store, because it waited for too long."""
    if rows := readings.journal.get("shed_rows"):
        yield (
            "writer",
            f"{rows:,} rows of market data were left out while the writer could not write",
        )


def log_failing(readings: Readings) -> Findings:
    """Find that the log cannot be written: what happens now is not told there."""
    if readings.log.get("is_failing"):
        yield "log", f"the log cannot be written: {readings.log.get('last_error')}"


def backup_failed(readings: Readings) -> Findings:
    """Find that the last attempt to back the store up failed."""
    last = mapping(readings.database.get("last_backup"))
    if error := last.get("error"):
        made_at = last.get("made_at")
        when = f"the last one was made at {made_at}" if made_at else "there is none yet"
        yield "backup", f"{error}; {when}"


def disk_full(readings: Readings) -> Findings:
    """Find that there is hardly any room left beside the database."""
    free = readings.database.get("disk_free_bytes")
    if free is not None and free < DISK_FULL_BYTES:
        yield "disk", f"the disk is nearly full: {_megabytes(free)} left; free some space"


def backup_overdue(readings: Readings) -> Findings:
    """Find that no backup was made for twice as long as one is due."""
    every_h = readings.bound("backup_every_h")
    last = mapping(readings.database.get("last_backup"))
    if not every_h or not readings.is_any_alive or last.get("error"):
        return  # none is due, nobody would make one, or it is said already
    made_ms = number(last.get("made_ms"))
    since_ms = _running_since_ms(readings) if made_ms is None else made_ms
    age_h = (readings.now_ms - since_ms) / _HOUR_MS
    if age_h > _OVERDUE * every_h:
        was = "there is none yet" if made_ms is None else f"the last one is {age_h:,.0f} h old"
        yield "backup", f"a backup is due every {every_h:g} h, {was}; make one: cts-tui backup"


def _running_since_ms(readings: Readings) -> int:
    return min(one.started_at_ms for one in readings.programs if one.is_alive)


def target_failing(readings: Readings) -> Findings:
    """Find targets of notices that fail again and again: the trader is not told."""
    for target in readings.targets:
        if target.failures >= _FAILURES:
            message = (
                f"notices to {target.name} have failed {target.failures} times in a row: "
                f"{target.last_error or 'it does not answer'}; try it: cts-tui alerts test"
            )
            yield target.name, message


def disk_low(readings: Readings) -> Findings:
    """Find that room beside the database runs out."""
    free = readings.database.get("disk_free_bytes")
    if free is None or free < DISK_FULL_BYTES:
        return
    free_pct = number(readings.database.get("disk_free_pct"))
    bound_pct = readings.bound("disk_low_pct")
    is_low = readings.is_below(free / 1e6, readings.bound("disk_low_mb"), "disk-low", "disk")
    if not is_low and free_pct is not None:
        is_low = readings.is_below(free_pct, bound_pct, "disk-low", "disk")
    if is_low:
        pct = "" if free_pct is None else f" ({free_pct:.1f} %)"
        yield "disk", f"the disk has {_megabytes(free)}{pct} left; free some space"


def log_large(readings: Readings) -> Findings:
    """Find that the write-ahead log has outgrown its use: something reads and never ends."""
    size = readings.database.get("wal_bytes") or 0
    if readings.is_above(size, _LOG_LARGE_BYTES, "log-large", "database"):
        message = (
            f"the write-ahead log has {_megabytes(size)}: a program has kept a reading open; "
            "end it, or start the engine anew"
        )
        yield "database", message


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
