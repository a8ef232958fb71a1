"""The exchanges there are: what is typed narrows them, the usual ones come first."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from cts_tui.model.connection_view import ExchangeChoice
from cts_tui.tui.cells import Cell, Tone
from cts_tui.tui.widgets.columns import Column
from cts_tui.tui.widgets.live_table import LiveTable
from cts_tui.tui.widgets.text_input import TextInput

_E = Column[ExchangeChoice]
_COLUMNS = (
    _E("id", "Exchange", lambda e, _: Cell(e.id, Tone.STRONG), 18, 1, 24),
    _E("usual", "", lambda e, _: Cell("usual" if e.is_usual else "", Tone.GOOD), 5, 2),
    _E("connections", "Connections", lambda e, _: Cell(", ".join(e.connections), Tone.MUTED),
       10, 3, 30, is_flexible=True),
)  # fmt: skip


class ExchangePicker(ModalScreen[str | None]):
    """Every exchange ccxt knows; gives the id of the chosen one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="dialog.cancel"),
        Binding("down", "move(1)", show=False),
        Binding("up", "move(-1)", show=False),
    ]
    CSS_PATH = "modals.tcss"

    def __init__(self, choices: Sequence[ExchangeChoice]) -> None:
        super().__init__()
        self._choices = choices
        self.table: LiveTable[ExchangeChoice] = LiveTable(
            _COLUMNS, lambda e: e.id, title="Exchanges"
        )

    def compose(self) -> ComposeResult:
        """Compose the text that narrows, above the list."""
        with Vertical(classes="modal -list") as box:
            box.border_title = "Connect which exchange?"
            box.border_subtitle = "type to search · ↑ ↓ · enter chooses · esc leaves"
            yield TextInput(placeholder="type a part of its name")
            self.table.can_focus = False
            yield self.table

    def on_mount(self) -> None:
        """Show the exchanges."""
        self.table.update_rows(self._choices, 0)

    @on(Input.Changed)
    def narrow(self, event: Input.Changed) -> None:
        """Show only the exchanges that contain what is typed."""
        needle = event.value.strip().lower()
        rows = [choice for choice in self._choices if needle in choice.id]
        rows.sort(key=lambda choice: not choice.id.startswith(needle))
        self.table.set_empty(f"ccxt knows no exchange with “{needle}” in its name")
        self.table.update_rows(rows, 0)
        self.table.move_cursor(0)

    @on(Input.Submitted)
    @on(LiveTable.Selected)
    def choose(self) -> None:
        """Take the exchange under the cursor."""
        if (row := self.table.cursor_row) is not None:
            self.dismiss(row.id)

    def action_move(self, rows: int) -> None:
        """Move the cursor of the list."""
        self.table.action_move(rows)

    def action_cancel(self) -> None:
        """Leave; nothing is chosen."""
        self.dismiss(None)
