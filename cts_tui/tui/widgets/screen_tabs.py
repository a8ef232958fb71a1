"""The names of the screens with their keys, where there is a line to spare."""

from collections.abc import Mapping

from cts_tui.tui.actions import Where, actions_for, keys_text
from cts_tui.tui.cells import Cell, Line, Tone
from cts_tui.tui.widgets.live_lines import LiveLines


class ScreenTabs(LiveLines):
    """One line under the header; hidden on a short terminal."""

    DEFAULT_CSS = """
    ScreenTabs { dock: top; height: 1; margin-top: 1; display: none; }
    """

    def __init__(self, current: str, keymap: Mapping[str, str]) -> None:
        super().__init__([tabs_line(current, keymap)])


def tabs_line(current: str, keymap: Mapping[str, str]) -> Line:
    """Return the screens' names; the current one is marked."""
    cells: list[Cell] = []
    for action in actions_for(Where.EVERYWHERE):
        if action.id.startswith("go."):
            is_current = action.id == f"go.{current}"
            mark, tone = ("▸", Tone.STRONG) if is_current else (" ", Tone.MUTED)
            cells.append(Cell(f" {mark}{keys_text(action, keymap)} ", Tone.KEY))
            cells.append(Cell(f"{action.description} ", tone))
    return tuple(cells)
