"""The help screen: every action of the registry with its keys."""

from collections.abc import Mapping
from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.geometry import Size
from textual.screen import ModalScreen

from cts_tui.tui.actions import Action, Where, actions_for, keys_text
from cts_tui.tui.cells import Cell, Line, Tone
from cts_tui.tui.widgets.live_lines import LiveLines

_KEY_WIDTH = 14
_NAME_WIDTH = 14


class HelpScreen(ModalScreen[None]):
    """All keys, by where they work."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q", "close", "Close", id="help.close"),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
    ]
    CSS_PATH = "help.tcss"

    def __init__(self, keymap: Mapping[str, str]) -> None:
        super().__init__()
        self._keymap = keymap

    def compose(self) -> ComposeResult:
        """Compose the list in a box that scrolls."""
        with VerticalScroll(id="help") as box:
            box.border_title = "Keys"
            box.border_subtitle = "esc closes · the name in brackets remaps a key, in config.toml"
            yield HelpLines(self._keymap)

    def action_scroll(self, lines: int) -> None:
        """Scroll by `lines`."""
        self.query_one("#help").scroll_relative(y=lines, animate=False)

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(None)


class HelpLines(LiveLines):
    """The list of keys; long sentences are wrapped to the width."""

    def __init__(self, keymap: Mapping[str, str]) -> None:
        super().__init__()
        self._keymap = keymap

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many lines the list needs in `width`."""
        return len(help_lines(self._keymap, width))

    def on_resize(self) -> None:
        """Wrap the sentences for the new width."""
        self.show(help_lines(self._keymap, self.size.width))


def help_lines(keymap: Mapping[str, str], width: int) -> list[Line]:
    """Return a heading per place, and below it its actions with their keys."""
    lines: list[Line] = []
    for where in Where:
        lines += [(), (Cell(where, Tone.TITLE),)]
        for action in actions_for(where):
            lines += _action_lines(action, keymap, width)
    return lines[1:]


def _action_lines(action: Action, keymap: Mapping[str, str], width: int) -> list[Line]:
    pieces = wrap(f"{action.help} [{action.id}]", max(width - _KEY_WIDTH - _NAME_WIDTH - 1, 20))
    keys = Cell(f" {keys_text(action, keymap):<{_KEY_WIDTH}}", Tone.KEY)
    first: Line = (keys, Cell(f"{action.description:<{_NAME_WIDTH}}"), Cell(pieces[0], Tone.MUTED))
    indent = " " * (_KEY_WIDTH + _NAME_WIDTH + 1)
    return [first, *((Cell(indent + piece, Tone.MUTED),) for piece in pieces[1:])]
