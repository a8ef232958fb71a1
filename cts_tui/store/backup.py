"""Backups: a consistent copy while the engine writes, verified, compressed, and then named.

Whatever fails, what was begun is gone: a file in the backups folder is a whole one.
"""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from cts_tui.clock import iso_from_ms
from cts_tui.errors import ConfigError, StoreError
from cts_tui.model.backup import Backup
from cts_tui.store.backup_file import Manifest, fingerprint, pack, verify_packed
from cts_tui.store.backup_folder import backup_name, backup_of
from cts_tui.store.database import Database, explained
from cts_tui.store.scratch import Stopped, Watch, scratch_folder, sync_file, sync_folder
from cts_tui.store.snapshot import Counts, copy_database, opened, schema_of, verify_copy

_REASON: Final = re.compile(r"[a-z]+(-[a-z]+)*")
_PACKED_PCT: Final = 60
"""Room that is asked for the compressed file, in percent of the database; it seldom needs 40."""
_MOST_PER_SECOND: Final = 100

ShouldStop = Callable[[], bool]
OnPhase = Callable[[str, float], None]
"""Called with the name of each part of the work when it is done, and the seconds it took."""


def unwatched(_phase: str, _seconds: float) -> None:
    """Tell nobody."""


def make_backup(
    database: Database,
    folder: Path,
    *,
    reason: str,
    now: datetime,
    should_stop: ShouldStop | None = None,
    on_phase: OnPhase = unwatched,
) -> Backup:
    """Make a verified backup in `folder`, named `cts-YYYYMMDDTHHMMSSZ-REASON.db.gz`.

    Engines may go on meanwhile; what is copied is the state at its beginning. `should_stop` is
    asked now and then, for a program that ends. Raises ConfigError for a store that is not SQLite,
    StoreError when the backup cannot be made or verified: nothing of it is left then.
    """
    if not _REASON.fullmatch(reason):
        raise ValueError(f"a reason is lower-case words joined by hyphens, found {reason!r}")
    work = _Work(sqlite_file(database), folder, reason, now, should_stop, on_phase)
    return work.make(lambda finished: _place_in(folder, finished, reason, now))


def make_backup_at(database: Database, file: Path, *, reason: str, now: datetime) -> Backup:
    """Make a verified backup in `file`, which must not exist; compressed if its name ends in .gz.

    Raises as `make_backup` does.
    """
    if file.exists():
        raise ConfigError(f"{file} exists: choose another name, nothing is overwritten")
    if not file.parent.is_dir():
        raise ConfigError(f"there is no folder {file.parent}: make it, or choose another place")
    work = _Work(sqlite_file(database), file.parent, reason, now, None)
    return work.make(lambda finished: _place(finished, file), is_packed=file.suffix == ".gz")


@dataclass(frozen=True, slots=True)
class _Work:
    """The making of one backup."""

    source: Path
    folder: Path
    reason: str
    now: datetime
    should_stop: ShouldStop | None
    on_phase: OnPhase = unwatched

    def make(self, place: Callable[[Path], Path], *, is_packed: bool = True) -> Backup:
        """Copy, verify, compress, verify; `place` gives the finished file its name."""
        started = time.perf_counter()
        with _told(self.source, self.folder), scratch_folder(self.folder) as scratch:
            watch = Watch(self.folder, self.should_stop)
            watch.require(_needed_bytes(self.source, is_packed=is_packed))
            copy = scratch / "copy.db"
            with self._phase("copy"):
                tables = copy_database(self.source, copy, watch)
            with self._phase("verify"):
                verify_copy(copy, tables, watch)
            manifest = self._describe(copy, tables, watch)
            finished = copy
            if is_packed:
                finished = scratch / "copy.db.gz"
                with self._phase("compress"):
                    manifest = pack(copy, finished, manifest, watch.check)
                with self._phase("read back"):
                    verify_packed(finished, manifest, watch.check)
            sync_file(finished)
            file = place(finished)
        made = backup_of(file, manifest, is_verified=True)
        return replace(made, seconds=time.perf_counter() - started)

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        """Tell of a part of the work when it is done."""
        started = time.perf_counter()
        yield
        self.on_phase(name, time.perf_counter() - started)

    def _describe(self, copy: Path, tables: Counts, watch: Watch) -> Manifest:
        digest, crc = fingerprint(copy, watch.check)
        with opened(copy) as connection:
            schema = schema_of(connection)
        return Manifest(
            made_at=iso_from_ms(round(self.now.timestamp() * 1000)),
            reason=self.reason,
            schema=schema,
            database_bytes=copy.stat().st_size,
            sha256=digest,
            crc32=crc,
            tables=tables,
        )


def sqlite_file(database: Database) -> Path:
    """Return the file of a SQLite store. Raises ConfigError for any other store."""
    if database.file is None:
        raise ConfigError(
            "the store of CTS_DATABASE_URL is no SQLite file: back it up and restore it with that "
            "database's own tool, like pg_dump and pg_restore"
        )
    return database.file


def _needed_bytes(source: Path, *, is_packed: bool) -> int:
    """Return the room that the copy, and beside it the compressed file, may take."""
    wal = source.with_name(source.name + "-wal")
    size = source.stat().st_size + (wal.stat().st_size if wal.exists() else 0)
    return size + (size * _PACKED_PCT // 100 if is_packed else 0)


def _place_in(folder: Path, finished: Path, reason: str, now: datetime) -> Path:
    """Give a finished backup its name; others of the same second keep theirs."""
    for number in range(1, _MOST_PER_SECOND):
        try:
            return _place(finished, folder / backup_name(now, reason, number))
        except FileExistsError:
            continue
    raise StoreError(f"{_MOST_PER_SECOND} backups of one second are there already: wait a moment")


def _place(finished: Path, file: Path) -> Path:
    """Give a finished file its name, for good. Raises FileExistsError rather than overwrite."""
    try:
        os.link(finished, file)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if file.exists():
            raise FileExistsError(f"{file} exists") from None
        finished.rename(file)
    try:
        sync_folder(file.parent)
    except OSError:
        file.unlink()
        raise
    return file


@contextmanager
def _told(source: Path, folder: Path) -> Iterator[None]:
    """Say in one line why there is no backup."""
    try:
        with explained(f"sqlite:///{source}"):
            yield
    except Stopped:
        raise
    except OSError as error:
        at = error.filename or folder
        raise StoreError(f"no backup was made: {at}: {error.strerror or error}") from error
    except StoreError as error:
        raise StoreError(f"no backup was made: {error}") from error
