"""A list of series to choose from; what is typed narrows it."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from cts_tui.model.chart import Series
from cts_tui.tui.cells import Cell, Tone
from cts_tui.tui.formats import age_cell
from cts_tui.tui.widgets.columns import Column
from cts_tui.tui.widgets.live_table import LiveTable
from cts_tui.tui.widgets.text_input import TextInput

_S = Column[Series]
_COLUMNS = (
    _S("symbol", "Symbol", lambda s, _: Cell(s.symbol, Tone.STRONG), 12, 1, 24),
    _S("connection", "Connection", lambda s, _: Cell(s.connection), 10, 2, 20),
    _S("enabled", "Enabled", lambda s, _: _yes_no(s.is_enabled), 7, 3),
    _S("timeframe", "Stored", lambda s, _: Cell(s.timeframe, Tone.MUTED), 6, 4),
    _S("age", "Candle", lambda s, now: age_cell(s.last_ms, now), 6, 5, is_number=True),
)  # fmt: skip


def _yes_no(is_so: bool) -> Cell:  # noqa: FBT001
    return Cell("yes", Tone.GOOD) if is_so else Cell("no", Tone.MUTED)


class PickModal(ModalScreen[Series | None]):
    """Symbols with their connections; enter takes the one under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="dialog.cancel"),
        Binding("down", "move(1)", show=False),
        Binding("up", "move(-1)", show=False),
    ]
    CSS_PATH = "modals.tcss"

    def __init__(self, series: Sequence[Series], now_ms: int) -> None:
        super().__init__()
        self._series = series
        self._now_ms = now_ms
        self.table: LiveTable[Series] = LiveTable(
            _COLUMNS, lambda s: (s.connection, s.symbol), title="Symbols"
        )

    def compose(self) -> ComposeResult:
        """Compose the text that narrows, above the list."""
        with Vertical(classes="modal -list") as box:
            box.border_title = "Chart of"
            box.border_subtitle = "type to narrow · enter chooses · esc closes"
            yield TextInput(placeholder="type a part of the symbol or connection")
            self.table.can_focus = False
            yield self.table

    def on_mount(self) -> None:
        """Show the series."""
        self.table.update_rows(self._series, self._now_ms)

    @on(Input.Changed)
    def narrow(self, event: Input.Changed) -> None:
        """Show only the series that contain what is typed."""
        self.table.set_order(self.table.order.filtered(event.value))

    @on(Input.Submitted)
    @on(LiveTable.Selected)
    def choose(self) -> None:
        """Take the series under the cursor."""
        if (row := self.table.cursor_row) is not None:
            self.dismiss(row)

    def action_move(self, rows: int) -> None:
        """Move the cursor of the list."""
        self.table.action_move(rows)

    def action_cancel(self) -> None:
        """Leave; the chart stays."""
        self.dismiss(None)
