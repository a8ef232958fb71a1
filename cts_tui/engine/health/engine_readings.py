"""What the engines of the enabled connections last wrote of themselves."""

from dataclasses import dataclass
from typing import Final

from cts_tui.store import engines
from cts_tui.store.column_types import to_ms_or_none
from cts_tui.store.database import Transaction
from cts_tui.store.engine_figures import Figures, mapping

_SETTLING_MS: Final = 60_000
"""How long an engine has after its start before what it lacks is a fault."""


@dataclass(frozen=True, slots=True)
class EngineReading:
    """One engine: when it was started, and its figures."""

    started_ms: int | None
    figures: Figures

    def is_settled(self, now_ms: int) -> bool:
        """Return whether it has run for a minute."""
        return self.started_ms is not None and now_ms - self.started_ms >= _SETTLING_MS


def engine_readings(transaction: Transaction) -> dict[str, EngineReading]:
    """Return the engines of the enabled connections by connection."""
    return {
        row["name"]: EngineReading(to_ms_or_none(row["started_at"]), mapping(row["figures"]))
        for row in engines.states(transaction)
        if row["enabled"]
    }
