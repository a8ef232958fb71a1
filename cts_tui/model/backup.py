"""Words about backups of the database: why one was made, and what is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path


class BackupReason(StrEnum):
    """Why a backup was made; it stands in the file's name."""

    SCHEDULED = "scheduled"
    MANUAL = "manual"
    BEFORE_MIGRATION = "before-migration"
    BEFORE_REPAIR = "before-repair"
    REPLACED = "replaced"
    """The database that a restore has put another one in the place of, as it was."""
    DAMAGED = "damaged"
    """The file that a repair has salvaged, as it was."""
    RESCUED = "rescued"
    """What an engine held open of a file that was deleted or replaced under it."""
    UNKNOWN = "unknown"
    """A file that says nothing of itself."""


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup in a file."""

    file: Path
    made_at: datetime
    reason: str
    schema: str | None
    """Schema of the store, None where it cannot be known."""
    size_bytes: int
    """Size of the file."""
    database_bytes: int | None
    """Size of the database in it."""
    sha256: str | None
    """Digest of the database in it, in hex."""
    is_verified: bool
    """Whether it was verified when it was made, and looks whole still; see `backups verify`."""
    tables: Mapping[str, int] = field(default_factory=dict)
    """Rows by table."""
    seconds: float | None = None
    """How long it took, where it was made just now."""

    @property
    def rows(self) -> int | None:
        """Rows of all tables together, None where they were not counted."""
        return sum(self.tables.values()) if self.tables else None


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that was put in the place of the database."""

    backup: Backup
    replaced: Path | None
    """Where the database that was there is kept, None where there was none."""
    notes: tuple[str, ...]
    """What the trader should know, a line each."""
