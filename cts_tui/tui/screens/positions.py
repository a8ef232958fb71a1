"""Screen 3: the positions, open or closed, and what is on the accounts beside them."""

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll

from cts_tui.model.external import ExternalView
from cts_tui.model.views import DeskSummary, PositionView
from cts_tui.tui.actions import Where, bindings_for
from cts_tui.tui.external_rows import EXTERNALS, external_facts
from cts_tui.tui.facts import position_facts
from cts_tui.tui.listings import CLOSED_POSITIONS, OPEN_POSITIONS
from cts_tui.tui.screens.adopting import ask_to_adopt, ignore
from cts_tui.tui.screens.closing import ask_to_close
from cts_tui.tui.screens.dashboard import what_opens
from cts_tui.tui.screens.desk_screen import DeskScreen
from cts_tui.tui.widgets.detail import Detail, Fact
from cts_tui.tui.widgets.live_table import LiveTable

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk

_LIMIT = 5_000
"""Open positions are never left out."""
_OPEN: Final = "open-positions"
_CLOSED: Final = "closed-positions"
_EXTERNAL: Final = "externals"


class PositionsBody(NamedTuple):
    """What was read: the positions of the table that is shown, and the externals."""

    shown: str
    positions: list[PositionView]
    externals: list[ExternalView]


class PositionsScreen(DeskScreen[PositionsBody]):
    """Three tables in one place, `t` and `x` change; the detail below where there is room."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Where.POSITIONS)
    CSS_PATH = "positions.tcss"
    AUTO_FOCUS = f"#{_OPEN}"
    NAME = "positions"
    READ_EVERY_S = 0.5

    def compose_body(self) -> ComposeResult:
        """Compose the table of open positions and the hidden ones."""
        yield LiveTable(
            OPEN_POSITIONS,
            lambda p: p.id,
            title="Open positions",
            empty=("opening the desk…",),
            id=_OPEN,
        )
        closed = LiveTable(
            CLOSED_POSITIONS,
            lambda p: p.id,
            title="Closed positions",
            empty=("reading…",),
            is_log=True,
            id=_CLOSED,
        )
        externals = LiveTable(
            EXTERNALS, lambda x: x.id, title="Not the desk's own", empty=("reading…",), id=_EXTERNAL
        )
        closed.display = externals.display = False
        yield closed
        yield externals
        with VerticalScroll(id="position", can_focus=False) as pane:
            pane.border_title = "Detail"
            yield Detail()

    @property
    def table_shown(self) -> LiveTable[Any]:
        """The table that is shown."""
        return next(table for table in self.query(LiveTable) if table.display)

    @property
    def _shown(self) -> str:
        return self.table_shown.id or _OPEN

    def read(self, desk: "Desk") -> PositionsBody:
        """Read the rows of the table that is shown, and what is not the desk's own."""
        shown, externals = self._shown, desk.externals.list()
        if shown == _EXTERNAL:
            return PositionsBody(shown, [], externals)
        is_open = shown == _OPEN
        limit = _LIMIT if is_open else 200
        return PositionsBody(shown, desk.positions.list(is_open=is_open, limit=limit), externals)

    def show(self, body: PositionsBody, summary: DeskSummary) -> None:
        """Show the rows in the table they were read for."""
        table: LiveTable[Any] = self.query_one(f"#{body.shown}", LiveTable)
        if body.shown == _OPEN:
            table.set_empty("no open positions", what_opens(summary), "t shows the closed ones")
        elif body.shown == _CLOSED:
            table.set_empty("no closed positions yet", "t shows the open ones")
        else:
            table.set_empty("nothing but the desk's own", "t shows the open positions")
        rows = body.externals if body.shown == _EXTERNAL else body.positions
        table.update_rows(rows, summary.now_ms)
        self._hint(table, body)
        self.show_selected()

    def _hint(self, table: LiveTable[Any], body: PositionsBody) -> None:
        """Say beside a table's title what else there is, or what can be done."""
        count = len(body.externals)
        hint = (
            "a adopts, i ignores" if body.shown == _EXTERNAL else f"x: {count} not the desk's own"
        )
        table.set_note(hint if count else "")

    def action_toggle_closed(self) -> None:
        """Show the closed positions, or the open ones again."""
        self._change_to(_CLOSED if self._shown == _OPEN else _OPEN)

    def action_toggle_externals(self) -> None:
        """Show what is not the desk's own, or the open positions again."""
        self._change_to(_OPEN if self._shown == _EXTERNAL else _EXTERNAL)

    def _change_to(self, name: str) -> None:
        for table in self.query(LiveTable):
            table.display = table.id == name
        self.table_shown.focus()
        self.show_selected()
        self.refresh_now()

    @property
    def _position(self) -> PositionView | None:
        row = self.table_shown.cursor_row
        return row if isinstance(row, PositionView) else None

    @property
    def _external(self) -> ExternalView | None:
        row = self.table_shown.cursor_row
        return row if isinstance(row, ExternalView) else None

    def _facts(self) -> list[Fact]:
        if self._position is not None:
            return position_facts(self._position, self.now_ms)
        if self._external is not None:
            return external_facts(self._external, self.now_ms)
        return []

    @on(LiveTable.Highlighted)
    def show_selected(self) -> None:
        """Show the detail of the row under the cursor, where there is room below."""
        self.query_one(Detail).show_facts(self._facts())

    @on(LiveTable.Selected)
    def open_detail(self) -> None:
        """Show everything about the chosen row."""
        if self._position is not None:
            self.show_detail(f"Position {self._position.symbol}", self._facts())
        elif self._external is not None:
            self.show_detail(f"External {self._external.symbol}", self._facts())

    def action_show_orders(self) -> None:
        """Show the orders of the position under the cursor, and what came of each."""
        from cts_tui.tui.widgets.orders_modal import OrdersModal

        position, desk = self._position, self.session.desk
        if position is None or desk is None:
            self.notify("put the cursor on a position to see its orders", severity="warning")
            return
        read = partial(desk.orders.of_position, position.id)
        title = f"Orders of {position.symbol} on {position.connection}"
        self.app.push_screen(OrdersModal(title, read, desk.orders.fills, self.now_ms))

    def action_close_position(self) -> None:
        """Ask whether to close the position under the cursor."""
        ask_to_close(self, self._position)

    def action_adopt_external(self) -> None:
        """Ask whether to adopt what the cursor is on."""
        ask_to_adopt(self, self._external)

    def action_ignore_external(self) -> None:
        """Have what the cursor is on listed no more."""
        ignore(self, self._external)
