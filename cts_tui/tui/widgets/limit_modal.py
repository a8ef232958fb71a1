"""One risk limit: its new value, and whether it is for one connection or for all."""

from collections.abc import Callable

from textual.app import ComposeResult

from cts_tui.model.limits import LIMITS, OFF
from cts_tui.tui.cells import Cell, Line, Tone, line
from cts_tui.tui.limit_rows import LimitRow
from cts_tui.tui.widgets.choice import Choice
from cts_tui.tui.widgets.live_lines import LiveLines
from cts_tui.tui.widgets.typed_name_modal import TypedNameModal

ALL = "all connections"
SetLimit = Callable[[str, str, str | None], object]
"""Sets a limit by key and text, of a connection or of all (None); blocks, raises CtsError."""


class LimitModal(TypedNameModal):
    """Asks for a value; `tab` goes to the choice of what it is for."""

    AUTO_FOCUS = "Input"

    def __init__(self, connection: str, row: LimitRow, set_limit: SetLimit) -> None:
        """Change `row` of `connection`."""
        kind = LIMITS[row.key]
        super().__init__(
            f"Limit: {row.words}",
            limit_lines(row),
            name=f"{kind.expected}, {OFF} or default",
            attempt=self._set,
            is_danger=False,
        )
        self._row = row
        self._set_limit = set_limit
        options = (ALL,) if kind.is_common_only else (connection, ALL)
        self.scope = Choice(options, options[0])

    def compose_question(self) -> ComposeResult:
        """Compose what holds now, and what the new value is for."""
        yield from super().compose_question()
        yield self.scope
        yield LiveLines([()])

    def _set(self, typed: str) -> None:
        scope = None if self.scope.value == ALL else self.scope.value
        self._set_limit(self._row.key, typed, scope)


def limit_lines(row: LimitRow) -> list[Line]:
    """Return what holds now."""
    return [
        line("Now         ", row.value, Cell(f"  set for {row.origin}", Tone.MUTED)),
        line("Used        ", row.used),
        (),
        line(Cell(f"{OFF} takes it away, default takes back what was set.", Tone.MUTED)),
        line(Cell("tab, then ← → chooses what it is for:", Tone.MUTED)),
    ]
