"""The line in which the trader types what rows should contain."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from cts_tui.tui.cells import Cell, Tone
from cts_tui.tui.widgets.live_lines import LiveLines
from cts_tui.tui.widgets.text_input import TextInput


class FilterBar(Horizontal):
    """Hidden until it is opened; every keystroke narrows the rows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "Clear", id="filter.clear"),
    ]
    DEFAULT_CSS = """
    FilterBar {
        dock: bottom; height: 1; margin-bottom: 1; background: $panel; display: none;
        &.-open { display: block; }
        LiveLines { width: 3; }
        Input { background: $panel; }
    }
    """

    class Changed(Message):
        """The text changed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Closed(Message):
        """The trader is done with the text."""

    def compose(self) -> ComposeResult:
        """Compose the prompt and the input."""
        yield LiveLines([(Cell(" / ", Tone.KEY),)])
        yield TextInput(placeholder="show only rows that contain…")

    def open(self, text: str) -> None:
        """Show the bar with `text` and put the cursor into it."""
        self.add_class("-open")
        field = self.query_one(Input)
        field.value = text
        field.focus()

    def close(self) -> None:
        """Hide the bar."""
        self.remove_class("-open")
        self.post_message(self.Closed())

    def action_clear(self) -> None:
        """Drop the text and hide the bar."""
        self.post_message(self.Changed(""))
        self.close()

    @on(Input.Changed)
    def narrow(self, event: Input.Changed) -> None:
        """Pass on what is typed."""
        event.stop()
        if self.has_class("-open"):
            self.post_message(self.Changed(event.value))

    @on(Input.Submitted)
    def keep(self, event: Input.Submitted) -> None:
        """Keep the text and hide the bar."""
        event.stop()
        self.close()
