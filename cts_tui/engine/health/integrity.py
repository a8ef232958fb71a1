"""What is wrong with the rows, as health is judged by it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cts_tui.model.health import Gravity
from cts_tui.store.database import Transaction
from cts_tui.store.verify import results
from cts_tui.store.verify.schema_checks import VERSION


@dataclass(frozen=True, slots=True)
class Flaw:
    """Rows that are wrong in one way."""

    subject: str
    gravity: Gravity
    message: str


@dataclass(frozen=True, slots=True)
class Integrity:
    """What is wrong with the rows, and how much was looked at."""

    checked_ms: int | None = None
    """When the verifier last looked through everything, None if it never did."""
    flaws: tuple[Flaw, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    """Rows that it looked at, by table."""

    def of(self, gravity: Gravity) -> list[Flaw]:
        """Return the flaws of one gravity."""
        return [flaw for flaw in self.flaws if flaw.gravity is gravity]

    @property
    def result(self) -> str | None:
        """The result in a word: `ok`, `critical`, `warning`; None before the first look."""
        if self.of(Gravity.CRITICAL):
            return Gravity.CRITICAL
        if self.flaws:
            return Gravity.WARNING
        return None if self.checked_ms is None else "ok"


def read_integrity(transaction: Transaction, now_ms: int) -> Integrity:
    """Return what a quick look finds wrong, and beyond it what the verifier last found."""
    found = results.current(transaction, now_ms)
    return Integrity(
        checked_ms=found.finished_ms if found.is_whole else None,
        flaws=tuple(
            Flaw(f"{one.table}/{one.kind}", one.gravity, one.line)
            for one in found.findings
            if one.kind != VERSION  # a rule of its own tells of the schema
        ),
        rows=found.rows if found.is_whole else {},
    )
