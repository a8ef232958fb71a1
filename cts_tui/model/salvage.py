"""What could be read of a damaged file, and what not: the words of a salvage."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TableSalvage:
    """One table."""

    table: str
    recovered: int
    """Rows that are in the new file, exactly as they were."""
    set_aside: int
    """Rows that were found and do not count: whole in the table quarantine."""
    lost: int | None
    """Rows that cannot be read; None where nothing tells how many."""
    lost_at_most: int | None
    """By the numbers that are missing; None where nothing tells."""
    in_backup: int | None = None
    """Rows of it in the newest backup, None where there is none."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it is lost."""
        return self.lost == 0

    @property
    def lost_words(self) -> str:
        """How many are lost, as far as that can be known."""
        if self.lost is not None:
            return f"{self.lost:,}"
        return "unknown" if self.lost_at_most is None else f"at most {self.lost_at_most:,}"


@dataclass(frozen=True, slots=True)
class NewestBackup:
    """The newest backup that looks whole, which a restore would put back instead."""

    file: Path
    made_at: datetime
    tables: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Salvage:
    """What a salvage finds, or has done."""

    damage: tuple[str, ...]
    """What is wrong with the file, a line each."""
    schema: str
    """The schema that the damaged store has."""
    tables: tuple[TableSalvage, ...]
    backup: NewestBackup | None
    notes: tuple[str, ...]
    kept: Path | None = None
    """Where the damaged file is kept, None where nothing was changed."""

    @property
    def recovered(self) -> int:
        """Rows of all tables."""
        return sum(one.recovered for one in self.tables)

    @property
    def incomplete(self) -> tuple[TableSalvage, ...]:
        """Tables of which something is lost, or may be."""
        return tuple(one for one in self.tables if not one.is_whole)
