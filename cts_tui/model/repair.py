"""What a repair would do, did, and can be undone: the words of `cts-tui repair`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cts_tui.model.verification import Consent, Finding


@dataclass(frozen=True, slots=True)
class RepairStep:
    """One kind of thing that a repair would do to one table."""

    finding: Finding
    keys: tuple[str, ...]
    """Which rows, by their keys; not more than the plan keeps."""
    examples: tuple[str, ...]
    """The first of them in words."""

    @property
    def consent(self) -> Consent:
        """Whose word it needs."""
        return self.finding.consent


@dataclass(frozen=True, slots=True)
class RepairPlan:
    """What is wrong, and what a repair would do about it. Nothing was changed to find out."""

    made_ms: int
    steps: tuple[RepairStep, ...]
    """What can be mended, in the order in which it would be."""
    left: tuple[Finding, ...]
    """What only the trader can."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to be done."""
        return not self.steps

    @property
    def trading(self) -> tuple[RepairStep, ...]:
        """The steps that touch orders, fills or positions."""
        return tuple(step for step in self.steps if step.consent is Consent.TRADING)


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done about one step."""

    kind: str
    table: str
    mended: int
    """Rows that were set right where they are."""
    set_aside: int
    """Rows that were moved, whole, into the table quarantine."""
    left: tuple[str, ...] = ()
    """Rows of which nothing tells what is right, in words: they stay as they are."""
    note: str = ""
    """What else there is to know of it."""
    was: str = ""
    """What was wrong, in words."""
    action: str = ""
    """What is done about it."""

    @property
    def is_done(self) -> bool:
        """Whether it changed anything."""
        return bool(self.mended or self.set_aside)

    @property
    def line(self) -> str:
        """The whole of it in one line."""
        return f"{self.was}: {self.action}" + f" ({self.note})" * bool(self.note)


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What a repair did."""

    at_ms: int
    deeds: tuple[Deed, ...]
    backup: Path | None
    """The backup that was made before; None where nothing was changed."""
    remaining: tuple[Finding, ...]
    """What is still wrong."""


@dataclass(frozen=True, slots=True)
class TableSalvage:
    """What was read of one table of a damaged file."""

    table: str
    recovered: int
    """Rows that are in the new file."""
    set_aside: int = 0
    """Rows that could be read, and fit no table: they are in the table quarantine."""
    expected: int | None = None
    """Rows that the last verified backup, or the last look through the store, has of it."""
    damaged_pages: int = 0
    lost: tuple[str, ...] = ()
    """What is known to be missing: ranges of keys, names of rows that only an index still has."""


@dataclass(frozen=True, slots=True)
class SalvagePlan:
    """What can be read of a damaged file. Nothing was changed to find out."""

    file: Path
    reason: str
    """Why SQLite cannot use the file, or what it finds wrong with it."""
    tables: tuple[TableSalvage, ...]
    notes: tuple[str, ...] = ()
    """What else is known: a header that was rewritten, a log that is gone, a better backup."""


@dataclass(frozen=True, slots=True)
class SalvageReport:
    """What was recovered into a new file that has taken the place of the damaged one."""

    at_ms: int
    file: Path
    kept: Path
    """Folder in which the damaged file lies, untouched."""
    reason: str
    tables: tuple[TableSalvage, ...]
    notes: tuple[str, ...] = ()
    remaining: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class UndoReport:
    """What the undoing of a repair put back."""

    restored: Path
    """The file that is in place again."""
    undone_ms: int
    """When the repair was made that is undone."""
    kept: Path
    """Where the database that it replaced lies."""
    lost: Mapping[str, int] = field(default_factory=dict)
    """Rows by table that were written since the repair: they are in `kept` alone."""
