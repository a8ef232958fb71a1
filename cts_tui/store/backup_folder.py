"""The backups folder: which files in it are ours, what is known of each, which are kept.

Only files that are ours by name are ever looked at or removed.
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

from cts_tui.errors import StoreError
from cts_tui.model.backup import Backup, BackupReason
from cts_tui.store.backup_file import Manifest, looks_whole, read_manifest
from cts_tui.store.snapshot import UNTOUCHED, opened, schema_of

_STAMP: Final = "%Y%m%dT%H%M%SZ"
_MADE: Final = r"(?P<at>\d{8}T\d{6}Z)"
_NUMBER: Final = r"(?:-(?P<number>\d+))?"
_NAME: Final = re.compile(rf"cts-{_MADE}-(?P<reason>[a-z]+(?:-[a-z]+)*){_NUMBER}\.db\.gz")
_AS_IT_WAS: Final = re.compile(rf"(?P<why>replaced|damaged)-{_MADE}{_NUMBER}\.db")
SIDE_FILES: Final = ("-wal", "-shm", "-journal")
"""What may lie beside a SQLite file and belongs to it."""

AS_THEY_WERE: Final = frozenset((BackupReason.REPLACED, BackupReason.DAMAGED))
"""Databases that were kept as they were, not made as backups."""

KEPT_OTHERS: Final = 3
"""How many of those before migrations are kept, where no settings are at hand."""


@dataclass(frozen=True, slots=True)
class Keep:
    """How many backups are kept."""

    daily: int
    """Scheduled ones: the newest of each of so many days."""
    weekly: int
    """And the newest of each of so many weeks."""
    others: int
    """The newest of each other reason; those that were asked for by hand are all kept."""
    latest: int = 3
    """Scheduled ones: the newest, whatever their day."""


@dataclass(frozen=True, slots=True)
class _Named:
    """A file of ours, by what its name says."""

    file: Path
    made_at: datetime
    reason: str
    number: int
    """Tells those of one second apart."""


def backup_name(made_at: datetime, reason: str, number: int = 1) -> str:
    """Return the name of a backup; those of one second and reason are numbered from 2 on."""
    return f"cts-{_stamped(made_at)}-{reason}{_numbered(number)}.db.gz"


def replaced_name(now: datetime, number: int = 1) -> str:
    """Return the name under which a database that was replaced is kept."""
    return f"replaced-{_stamped(now)}{_numbered(number)}.db"


def damaged_name(now: datetime, number: int = 1) -> str:
    """Return the name under which a damaged file is kept that was salvaged."""
    return f"damaged-{_stamped(now)}{_numbered(number)}.db"


def list_backups(folder: Path) -> list[Backup]:
    """Return every backup in the folder, newest first. Raises StoreError."""
    return [_looked_at(named) for named in _named(folder)]


def look_at(file: Path) -> Backup:
    """Return what a file, of whatever name, says of itself. Raises OSError where there is none."""
    by_time = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    return _looked_at(_by_name(file) or _Named(file, by_time, BackupReason.UNKNOWN, 1))


def is_named_as_ours(file: Path) -> bool:
    """Return whether a file's name says that this program has packed it."""
    return _NAME.fullmatch(file.name) is not None


def newest_at(folder: Path, reason: str, *, until: datetime) -> datetime | None:
    """Return when the newest backup of a reason was made, by the names alone.

    What a clock that was wrong dated later than `until` does not count. Raises StoreError.
    """
    times = (named.made_at for named in _named(folder) if named.reason == reason)
    return next((made_at for made_at in times if made_at <= until), None)


def rotate(folder: Path, keep: Keep) -> list[Path]:
    """Remove backups that are no longer kept; return them. Raises StoreError.

    Call it after a backup was made and verified. What does not look whole neither counts nor goes.
    """
    whole = [each for each in list_backups(folder) if _counts(each)]
    kept = set(_kept(whole, keep))
    return _remove(each.file for each in whole if each.file not in kept)


def keep_newest(folder: Path, reason: str, count: int) -> list[Path]:
    """Remove all but the newest whole backups of one reason; return them. Raises StoreError."""
    whole = [each for each in list_backups(folder) if _counts(each) and each.reason == reason]
    return _remove(each.file for each in whole[count:])


def _remove(files: Iterable[Path]) -> list[Path]:
    gone = list(files)
    try:
        for file in gone:
            for end in ("", *SIDE_FILES):
                file.with_name(file.name + end).unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"an old backup cannot be removed: {_reason(error)}") from error
    return gone


def _kept(backups: list[Backup], keep: Keep) -> Iterator[Path]:
    """Yield the files to keep of `backups`, which are sorted newest first."""
    by_reason: dict[str, list[Backup]] = {}
    for each in backups:
        by_reason.setdefault(each.reason, []).append(each)
    scheduled = by_reason.pop(BackupReason.SCHEDULED, [])
    yield from (each.file for each in scheduled[: keep.latest])
    yield from _newest_of_each(scheduled, "%Y-%m-%d", keep.daily)
    yield from _newest_of_each(scheduled, "%G-%V", keep.weekly)
    yield from (each.file for each in by_reason.pop(BackupReason.MANUAL, []))
    for others in by_reason.values():
        yield from (each.file for each in others[: keep.others])


def _counts(backup: Backup) -> bool:
    return backup.is_verified or backup.reason in AS_THEY_WERE


def _newest_of_each(backups: list[Backup], period: str, count: int) -> Iterable[Path]:
    """Return the newest file of each of the last `count` periods that have any."""
    newest: dict[str, Path] = {}
    for each in backups:
        newest.setdefault(each.made_at.strftime(period), each.file)
    return islice(newest.values(), count)


def _named(folder: Path) -> list[_Named]:
    """Return the files that are ours by name, newest first."""
    try:
        files = list(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"the backups in {folder} cannot be listed: {_reason(error)}") from error
    found = [named for file in files if (named := _by_name(file)) is not None]
    return sorted(found, key=_in_order, reverse=True)


def _in_order(named: _Named) -> tuple[datetime, int, int]:
    """Return what backups are sorted by; those of one second by when their names were given."""
    try:
        placed_ns = named.file.stat().st_ctime_ns
    except OSError:  # removed just now, or a link to nothing
        placed_ns = 0
    return named.made_at, placed_ns, named.number


def _by_name(file: Path) -> _Named | None:
    """Return what the name of a file of ours says, None where it is none."""
    made = _NAME.fullmatch(file.name)
    found = made or _AS_IT_WAS.fullmatch(file.name)
    if found is None:
        return None
    try:
        at = datetime.strptime(found["at"], _STAMP).replace(tzinfo=UTC)
    except ValueError:  # like the 31st of February
        return None
    reason = made["reason"] if made else BackupReason(found["why"])
    return _Named(file, at, reason, int(found["number"] or 1))


def _looked_at(named: _Named) -> Backup:
    """Return what is known of a file; of one that cannot be read, its name."""
    manifest, is_whole, schema, size = None, False, None, 0
    with suppress(OSError, StoreError):  # shown as not verified: that is what it is
        size = named.file.stat().st_size
        if named.reason in AS_THEY_WERE:
            schema = _plain_schema(named.file)
        manifest = read_manifest(named.file)
        is_whole = manifest is not None and looks_whole(named.file, manifest)
    if manifest is None:
        return Backup(named.file, named.made_at, named.reason, schema, size, None, None, is_whole)
    return backup_of(named.file, manifest, is_verified=is_whole)


def backup_of(file: Path, manifest: Manifest, *, is_verified: bool) -> Backup:
    """Return a backup as its manifest tells of it. Raises OSError."""
    return Backup(
        file=file,
        made_at=datetime.fromisoformat(manifest.made_at),
        reason=manifest.reason,
        schema=manifest.schema,
        size_bytes=file.stat().st_size,
        database_bytes=manifest.database_bytes,
        sha256=manifest.sha256,
        is_verified=is_verified,
        tables=manifest.tables,
    )


def _plain_schema(file: Path) -> str | None:
    """Return the schema of a database that nobody writes to, None where it cannot be read."""
    try:
        with opened(file, UNTOUCHED) as connection:
            return schema_of(connection)
    except (sqlite3.Error, UnicodeDecodeError):
        return None


def _stamped(at: datetime) -> str:
    return at.astimezone(UTC).strftime(_STAMP)


def _numbered(number: int) -> str:
    return f"-{number}" if number > 1 else ""


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
