"""Screen 3: the positions, open or closed."""

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll

from cts_tui.model.views import DeskSummary, PositionView
from cts_tui.tui.actions import Where, bindings_for
from cts_tui.tui.facts import position_facts
from cts_tui.tui.listings import CLOSED_POSITIONS, OPEN_POSITIONS
from cts_tui.tui.screens.closing import ask_to_close
from cts_tui.tui.screens.dashboard import what_opens
from cts_tui.tui.screens.desk_screen import DeskScreen
from cts_tui.tui.widgets.detail import Detail
from cts_tui.tui.widgets.live_table import LiveTable

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk

_LIMIT = 5_000
"""Open positions are never left out."""


class PositionsBody(NamedTuple):
    """The positions that were read."""

    is_open: bool
    positions: list[PositionView]


class PositionsScreen(DeskScreen[PositionsBody]):
    """Two tables in one place, `t` changes between them; the detail below where there is room."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Where.POSITIONS)
    CSS_PATH = "positions.tcss"
    AUTO_FOCUS = "#open-positions"
    NAME = "positions"
    READ_EVERY_S = 0.5

    def compose_body(self) -> ComposeResult:
        """Compose the table of open positions and the hidden one of closed ones."""
        yield LiveTable(
            OPEN_POSITIONS,
            lambda p: p.id,
            title="Open positions",
            empty=("opening the desk…",),
            id="open-positions",
        )
        closed = LiveTable(
            CLOSED_POSITIONS,
            lambda p: p.id,
            title="Closed positions",
            empty=("reading…",),
            is_log=True,
            id="closed-positions",
        )
        closed.display = False
        yield closed
        with VerticalScroll(id="position", can_focus=False) as pane:
            pane.border_title = "Detail"
            yield Detail()

    @property
    def is_open_shown(self) -> bool:
        """Whether the open positions are shown."""
        return bool(self.query_one("#open-positions").display)

    def read(self, desk: "Desk") -> PositionsBody:
        """Read the positions of the table that is shown."""
        is_open = self.is_open_shown
        if is_open:
            return PositionsBody(is_open, desk.positions.list(is_open=True, limit=_LIMIT))
        return PositionsBody(is_open, desk.positions.list(is_open=False))

    def show(self, body: PositionsBody, summary: DeskSummary) -> None:
        """Show the positions in the table they were read for."""
        name = "#open-positions" if body.is_open else "#closed-positions"
        table: LiveTable[PositionView] = self.query_one(name, LiveTable)
        if body.is_open:
            table.set_empty("no open positions", what_opens(summary), "t shows the closed ones")
        else:
            table.set_empty("no closed positions yet", "t shows the open ones")
        table.update_rows(body.positions, summary.now_ms)
        self.show_selected()

    def action_toggle_closed(self) -> None:
        """Show the other table."""
        for table in self.query(LiveTable):
            table.display = not table.display
        self.table_shown.focus()
        self.show_selected()
        self.refresh_now()

    @property
    def table_shown(self) -> LiveTable[PositionView]:
        """The table that is shown."""
        name = "#open-positions" if self.is_open_shown else "#closed-positions"
        return self.query_one(name, LiveTable)

    @on(LiveTable.Highlighted)
    def show_selected(self) -> None:
        """Show the detail of the position under the cursor, where there is room below."""
        position = self.table_shown.cursor_row
        facts = position_facts(position, self.now_ms) if position else []
        self.query_one(Detail).show_facts(facts)

    @on(LiveTable.Selected)
    def open_detail(self) -> None:
        """Show everything about the chosen position."""
        if position := self.table_shown.cursor_row:
            facts = position_facts(position, self.now_ms)
            self.show_detail(f"Position {position.symbol}", facts)

    def action_close_position(self) -> None:
        """Ask whether to close the position under the cursor."""
        ask_to_close(self, self.table_shown.cursor_row)
