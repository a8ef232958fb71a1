"""Everything about one row, over the screen it came from."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from cts_tui.tui.widgets.detail import Detail, Fact


class DetailModal(ModalScreen[None]):
    """Shows facts until it is closed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "close", "Close", id="detail.close"),
    ]
    CSS_PATH = "modals.tcss"

    def __init__(self, title: str, facts: Sequence[Fact]) -> None:
        super().__init__()
        self._title = title
        self._facts = facts
        self.detail = Detail()

    def compose(self) -> ComposeResult:
        """Compose the facts in a box that scrolls."""
        with VerticalScroll(classes="modal -wide") as box:
            box.border_title = self._title
            box.border_subtitle = "esc closes"
            yield self.detail

    def on_mount(self) -> None:
        """Show the facts."""
        self.detail.show_facts(self._facts)

    def action_close(self) -> None:
        """Go back to the row."""
        self.dismiss(None)
