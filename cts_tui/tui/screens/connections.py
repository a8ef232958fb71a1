"""Screen 2: the connections, and everything about the one under the cursor."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll

from cts_tui.model.connection_view import ConnectionDetail, is_template
from cts_tui.model.views import DeskSummary
from cts_tui.tui.actions import Where, bindings_for
from cts_tui.tui.connection_facts import connection_facts
from cts_tui.tui.connection_rows import CONNECTIONS
from cts_tui.tui.screens import connection_dialogs as dialogs
from cts_tui.tui.screens.arming import toggle_live
from cts_tui.tui.screens.desk_screen import DeskScreen
from cts_tui.tui.screens.limits import show_limits
from cts_tui.tui.session import Session
from cts_tui.tui.widgets.detail import Detail
from cts_tui.tui.widgets.live_table import LiveTable

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk


class ConnectionsScreen(DeskScreen[Sequence[ConnectionDetail]]):
    """A table of connections above (or beside) the detail of the selected one."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Where.CONNECTIONS)
    CSS_PATH = "connections.tcss"
    AUTO_FOCUS = "#connections"
    NAME = "connections"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._added = ""
        """A connection that was just added: the cursor goes to it once it is there."""

    def compose_body(self) -> ComposeResult:
        """Compose the table and the detail."""
        with Horizontal(id="connection-panes"):
            yield LiveTable(
                CONNECTIONS,
                lambda c: c.view.name,
                title="Connections",
                empty=("opening the desk…",),
                id="connections",
            )
            with VerticalScroll(id="connection", can_focus=False) as pane:
                pane.border_title = "Detail"
                yield Detail()

    def read(self, desk: "Desk") -> Sequence[ConnectionDetail]:
        """Read the connections."""
        return desk.connections.details()

    def show(self, body: Sequence[ConnectionDetail], summary: DeskSummary) -> None:
        """Show the connections and the detail of the selected one."""
        table = self.connections
        table.set_empty("no connections yet", "a adds one")
        table.update_rows(body, summary.now_ms)
        names = [row.view.name for row in table.rows]
        if self._added in names:
            table.move_cursor(names.index(self._added))
            self._added = ""
        self.show_selected()

    @property
    def connections(self) -> LiveTable[ConnectionDetail]:
        """The table of connections."""
        return self.query_one("#connections", LiveTable)

    @property
    def selected(self) -> ConnectionDetail | None:
        """The connection under the cursor."""
        return self.connections.cursor_row

    @property
    def connection_at_cursor(self) -> str | None:
        """The name of the connection under the cursor."""
        return self.selected.view.name if self.selected else None

    @on(LiveTable.Highlighted)
    def show_selected(self) -> None:
        """Show the detail of the connection under the cursor."""
        if selected := self.selected:
            self.query_one(Detail).show_facts(connection_facts(selected, self.now_ms))

    @on(LiveTable.Selected)
    def open_detail(self) -> None:
        """Show everything about the connection; a template is completed first."""
        from cts_tui.tui.screens.connection_detail import ConnectionDetailScreen

        selected, desk = self.selected, self._open_desk()
        if selected is None or desk is None:
            return
        if is_template(selected.view):
            self.action_edit_connection()
        else:
            self.app.push_screen(ConnectionDetailScreen(desk, selected))

    # -- changes ------------------------------------------------------------------------------

    def action_toggle_connection(self) -> None:
        """Enable the connection under the cursor, or disable it."""
        if self.selected:
            self.post_message(dialogs.toggled(self.selected.view))

    def action_toggle_live(self) -> None:
        """End live trading at once, or ask for the name before it begins."""
        if self.selected:
            toggle_live(self, self.selected.view)

    def action_show_limits(self) -> None:
        """Show the risk limits of the connection under the cursor."""
        if self.selected and (desk := self._open_desk()):
            show_limits(self.app, desk, self.selected.view.name)

    def action_test_connection(self) -> None:
        """Test the connection under the cursor."""
        if self.selected and (desk := self._open_desk()):
            dialogs.test(self.app, desk, self.selected.view.name, self.refresh_now)

    def action_add_connection(self) -> None:
        """Ask which exchange, then for the rest."""
        if desk := self._open_desk():
            dialogs.add(self.app, desk, self._tell)

    def action_edit_connection(self) -> None:
        """Open the form on the connection under the cursor."""
        if self.selected and (desk := self._open_desk()):
            dialogs.edit(self.app, desk, self.selected.view.name, self._tell)

    def action_remove_connection(self) -> None:
        """Ask whether to remove the connection under the cursor."""
        if self.selected:
            dialogs.remove(self, self.selected.view)

    def _open_desk(self) -> "Desk | None":
        if self.session.desk is None:
            self.notify("the desk is not open yet", severity="warning")
        return self.session.desk

    def _tell(self, done: str) -> None:
        self._added = done.partition(" ")[0]
        self.notify(done)
        self.refresh_now()
