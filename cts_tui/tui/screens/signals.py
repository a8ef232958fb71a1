"""Screen 4: the signals, and what became of them."""

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult

from cts_tui.model.views import DeskSummary, SignalView
from cts_tui.tui.facts import signal_facts
from cts_tui.tui.listings import SIGNALS
from cts_tui.tui.screens.desk_screen import DeskScreen
from cts_tui.tui.widgets.live_table import LiveTable

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk

_LIMIT = 1_000


class SignalsScreen(DeskScreen[list[SignalView]]):
    """One table, newest first."""

    AUTO_FOCUS = "#all-signals"
    NAME = "signals"

    def compose_body(self) -> ComposeResult:
        """Compose the table."""
        yield LiveTable(
            SIGNALS,
            lambda s: s.id,
            title="Signals",
            empty=("opening the desk…",),
            is_log=True,
            id="all-signals",
        )

    def read(self, desk: "Desk") -> list[SignalView]:
        """Read the latest signals."""
        return desk.signals.list(limit=_LIMIT)

    def show(self, body: list[SignalView], summary: DeskSummary) -> None:
        """Show the signals."""
        table: LiveTable[SignalView] = self.query_one("#all-signals", LiveTable)
        table.set_empty("no signals yet", "they come when a candle closes and a rule holds")
        table.update_rows(body, summary.now_ms)

    @on(LiveTable.Selected)
    def open_detail(self, event: LiveTable.Selected) -> None:
        """Show everything about the chosen signal."""
        if isinstance(event.row, SignalView):
            self.show_detail(f"Signal {event.row.symbol}", signal_facts(event.row))
