"""The one line that is typed into."""

from typing import Any

from textual.widgets import Input


class TextInput(Input):
    """A compact input whose cursor stands still: every blink would be bytes over the line."""

    def __init__(self, value: str = "", **options: Any) -> None:
        super().__init__(value, compact=True, select_on_focus=False, **options)
        self.cursor_blink = False
