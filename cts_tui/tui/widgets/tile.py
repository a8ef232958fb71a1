"""One figure of the dashboard: its name, its value, a note."""

from cts_tui.tui.cells import BLANK, Cell, Line, Tone
from cts_tui.tui.widgets.live_lines import LiveLines


class Tile(LiveLines):
    """A name and a value, and a note where there is room for a third line."""

    DEFAULT_CSS = """
    Tile { height: 2; width: 1fr; padding: 0 1; border-left: solid $line; }
    """

    def __init__(self, label: str, *, id: str) -> None:
        super().__init__([(Cell(label, Tone.MUTED),), (Cell("-", Tone.MUTED),), ()], id=id)
        self._label = label

    def show_value(self, value: Cell | Line, note: Cell = BLANK) -> None:
        """Show `value`, and `note` below it."""
        cells = (value,) if isinstance(value, Cell) else value
        self.show([(Cell(self._label, Tone.MUTED),), cells, (note,)])
