"""What a repair would do, or did: the words of `cts-tui repair`."""

from dataclasses import dataclass
from pathlib import Path

from cts_tui.model.salvage import Salvage
from cts_tui.model.verification import Finding


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
    notes: tuple[str, ...] = ()
    salvage: Salvage | None = None
    """What was read of a file that is damaged; None of a sound one."""
