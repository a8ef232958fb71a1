"""Rules about the database: its schema, its rows, its writer, the room it has."""

from typing import Final

from cts_tui.engine.health.findings import Findings
from cts_tui.engine.health.readings import Readings
from cts_tui.model.health import Gravity
from cts_tui.store.engine_figures import mapping
from cts_tui.store.facts import DISK_FULL_BYTES

_DISK_LOW_BYTES: Final = 500_000_000
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


def disk_low(readings: Readings) -> Findings:
    """Find that room beside the database runs out."""
    free = readings.database.get("disk_free_bytes")
    if free is not None and DISK_FULL_BYTES <= free < _DISK_LOW_BYTES:
        yield "disk", f"the disk has {_megabytes(free)} left; free some space"


def log_large(readings: Readings) -> Findings:
    """Find that the write-ahead log has outgrown its use: something reads and never ends."""
    size = readings.database.get("wal_bytes") or 0
    if size > _LOG_LARGE_BYTES:
        message = (
            f"the write-ahead log has {_megabytes(size)}: a program has kept a reading open; "
            "end it, or start the engine anew"
        )
        yield "database", message


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
