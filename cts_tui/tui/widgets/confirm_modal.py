"""The question before anything that moves money: it names what will happen to what."""

from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button

from cts_tui.tui.actions import Where, bindings_for
from cts_tui.tui.cells import Line
from cts_tui.tui.widgets.live_lines import LiveLines


class Answer(StrEnum):
    """What the trader answered."""

    YES = "yes"
    NO = "no"


class ConfirmModal(ModalScreen[Answer]):
    """Yes or no; the cursor waits on No."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_for(Where.DIALOG),
        ("left,right", "app.focus_next", ""),
    ]
    CSS_PATH = "modals.tcss"

    def __init__(self, title: str, lines: Sequence[Line], *, yes: str, no: str = "Cancel") -> None:
        """Ask `title`, explain with `lines`; `yes` and `no` say what each answer does."""
        super().__init__()
        self._title = title
        self.question = LiveLines(lines, classes="modal--text")
        self._yes, self._no = yes, no

    def compose(self) -> ComposeResult:
        """Compose the question above its two answers."""
        with Vertical(classes="modal") as box:
            box.border_title = self._title
            yield self.question
            with Horizontal(classes="modal--buttons"):
                yield Button(f"{self._no} (n)", id="no", compact=True)
                yield Button(f"{self._yes} (y)", id="yes", variant="error", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer."""
        self.dismiss(Answer(event.button.id or "no"))

    def action_confirm(self) -> None:
        """Answer yes."""
        self.dismiss(Answer.YES)

    def action_cancel(self) -> None:
        """Answer no."""
        self.dismiss(Answer.NO)
