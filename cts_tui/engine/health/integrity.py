"""What the verifier last found, as health is judged by it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from cts_tui.model.health import Gravity
from cts_tui.store import facts, setting_rows
from cts_tui.store.column_types import to_ms
from cts_tui.store.database import Transaction

_VERIFICATION: Final = "verification"


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


def read_integrity(transaction: Transaction) -> Integrity:
    """Return what is stored of the verifier's last look."""
    broken = [Flaw("rows", Gravity.CRITICAL, line) for line in facts.broken_rows(transaction)]
    stored = _stored(setting_rows.get(transaction, _VERIFICATION))
    return Integrity(stored.checked_ms, (*broken, *stored.flaws), stored.rows)


def _stored(value: Any) -> Integrity:
    try:
        return Integrity(
            checked_ms=to_ms(datetime.fromisoformat(value["finished_at"])),
            flaws=tuple(
                Flaw(f"{one['table']}/{one['kind']}", Gravity(one["gravity"]), one["message"])
                for one in value["findings"]
            ),
            rows={str(table): int(count) for table, count in value["rows"].items()},
        )
    except (LookupError, TypeError, ValueError, AttributeError):
        return Integrity()
