"""Screen 2: the connections, and everything about the one under the cursor."""

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll

from cts_tui.model.views import ConnectionView, DeskSummary
from cts_tui.tui.actions import Where, bindings_for
from cts_tui.tui.cells import Cell, Line, Tone, line
from cts_tui.tui.facts import connection_facts
from cts_tui.tui.listings import CONNECTIONS
from cts_tui.tui.screens.desk_screen import DeskScreen
from cts_tui.tui.widgets.detail import Detail
from cts_tui.tui.widgets.live_table import LiveTable

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk


class ConnectionsScreen(DeskScreen[list[ConnectionView]]):
    """A table of connections above (or beside) the detail of the selected one."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Where.CONNECTIONS)
    CSS_PATH = "connections.tcss"
    AUTO_FOCUS = "#connections"
    NAME = "connections"

    def compose_body(self) -> ComposeResult:
        """Compose the table and the detail."""
        with Horizontal(id="connection-panes"):
            yield LiveTable(
                CONNECTIONS,
                lambda c: c.name,
                title="Connections",
                empty=("opening the desk…",),
                id="connections",
            )
            with VerticalScroll(id="connection", can_focus=False) as pane:
                pane.border_title = "Detail"
                yield Detail()

    def read(self, desk: "Desk") -> list[ConnectionView]:
        """Read the connections."""
        return desk.connections.list()

    def show(self, body: list[ConnectionView], summary: DeskSummary) -> None:
        """Show the connections and the detail of the selected one."""
        table = self.connections
        table.set_empty("no connections yet", "cts-tui connections add NAME --exchange ID adds one")
        table.update_rows(body, summary.now_ms)
        self.show_selected()

    @property
    def connections(self) -> LiveTable[ConnectionView]:
        """The table of connections."""
        return self.query_one("#connections", LiveTable)

    @on(LiveTable.Highlighted)
    def show_selected(self) -> None:
        """Show the detail of the connection under the cursor."""
        selected = self.connections.cursor_row
        if selected is None:
            return
        self.query_one(Detail).show_facts(connection_facts(selected, self.now_ms))

    @on(LiveTable.Selected)
    def open_detail(self) -> None:
        """Show the detail over the screen, where it has more room."""
        if selected := self.connections.cursor_row:
            facts = connection_facts(selected, self.now_ms)
            self.show_detail(f"Connection {selected.name}", facts)

    def action_toggle_connection(self) -> None:
        """Enable the connection under the cursor, or disable it."""
        selected = self.connections.cursor_row
        if selected is None:
            return
        name = selected.name
        if selected.enabled:
            self.ask(lambda desk: desk.connections.disable(name), f"{name} is disabled")
        else:
            self.ask(lambda desk: desk.connections.enable(name), f"{name} is enabled")

    def action_toggle_live(self) -> None:
        """End live trading at once, or ask for the name before it begins."""
        selected = self.connections.cursor_row
        if selected is None:
            return
        name = selected.name
        if selected.live:
            self.ask(lambda desk: desk.connections.live_off(name), f"{name} is no longer live")
        else:
            self._ask_for_name(selected)

    def _ask_for_name(self, connection: ConnectionView) -> None:
        from cts_tui.tui.widgets.confirm_modal import Answer
        from cts_tui.tui.widgets.typed_name_modal import TypedNameModal

        desk = self.session.desk
        if desk is None:
            return
        name = connection.name
        question = TypedNameModal(
            "Trade real money?",
            live_lines(connection),
            name=name,
            attempt=lambda typed: desk.connections.live_on(name, confirm=typed),
        )

        def tell(answer: Answer | None) -> None:
            if answer is Answer.YES:
                self.notify(f"{name} is LIVE: it trades real money", severity="warning")
                self.refresh_now()

        self.app.push_screen(question, tell)


def live_lines(connection: ConnectionView) -> list[Line]:
    """Return what arming live trading means, and what the desk checks before."""
    return [
        line("Connection  ", Cell(connection.name, Tone.STRONG)),
        line(f"Exchange    {connection.exchange}, {connection.market}, mode {connection.mode}"),
        line(f"Symbols     {len(connection.symbols)}, {connection.open_positions} positions open"),
        (),
        line("Signals will place orders with real money ", Cell("at once", Tone.LIVE), "."),
        line(Cell("The desk refuses and says why while a gate is closed.", Tone.MUTED)),
        line(Cell("Type the connection's name, then enter:", Tone.MUTED)),
    ]
