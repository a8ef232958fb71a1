"""A message in the middle of the screen: the desk does not open, or the engine is stopping."""

from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from cts_tui.tui.cells import Cell, Line, Tone
from cts_tui.tui.widgets.live_lines import LiveLines


class MessageScreen(ModalScreen[None]):
    """Says one thing, and what to do about it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,ctrl+q,escape", "app.quit", "Quit", id="message.quit"),
        Binding("r", "app.open_again", "Try again", id="message.again"),
    ]
    CSS_PATH = "message.tcss"

    def __init__(self, title: str, text: str, *, advice: str = "", is_fault: bool = False) -> None:
        super().__init__(classes="-fault" if is_fault else "")
        self._title = title
        self._text = text
        self._advice = advice

    def compose(self) -> ComposeResult:
        """Compose the box."""
        with Vertical(id="message") as box:
            box.border_title = self._title
            yield LiveLines(message_lines(self._text, self._advice))


def message_lines(text: str, advice: str, width: int = 62) -> list[Line]:
    """Return the text, wrapped, and the advice below it."""
    lines: list[Line] = [(Cell(piece),) for piece in wrap(text, width)]
    return [*lines, (), (Cell(advice, Tone.KEY),)] if advice else lines
