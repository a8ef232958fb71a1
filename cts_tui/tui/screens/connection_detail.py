"""Everything about one connection, read anew each second: state, session, feeds, last test."""

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.worker import Worker, WorkerState

from cts_tui.model.capabilities import Capabilities
from cts_tui.model.connection_test import StepResult
from cts_tui.model.connection_view import ConnectionDetail, SymbolFeed
from cts_tui.tui.actions import Where, bindings_for
from cts_tui.tui.cells import Cell
from cts_tui.tui.connection_facts import (
    capability_rows,
    connection_facts,
    session_facts,
    step_facts,
    symbol_facts,
)
from cts_tui.tui.connection_rows import STEPS, SYMBOL_FEEDS
from cts_tui.tui.screens import connection_dialogs as dialogs
from cts_tui.tui.session import reason_of
from cts_tui.tui.widgets.columns import Column
from cts_tui.tui.widgets.detail import Detail, Fact
from cts_tui.tui.widgets.detail_modal import DetailModal
from cts_tui.tui.widgets.live_table import LiveTable

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk

_READ_EVERY_S = 1.0
Ability = tuple[str, Cell]
_A = Column[Ability]
_ABILITIES = (
    _A("name", "What", lambda a, _: Cell(a[0]), 12, 1),
    _A("value", "Says ccxt", lambda a, _: a[1], 20, 1, is_flexible=True),
)


class ConnectionDetailScreen(ModalScreen[None]):
    """Facts above feeds, the last test, and what the exchange can do; `tab` goes between them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_for(Where.CONNECTION),
        Binding("escape", "leave", "Back", id="dialog.cancel"),
    ]
    CSS_PATH = "connection_detail.tcss"
    AUTO_FOCUS = "#feeds"

    def __init__(self, desk: "Desk", connection: ConnectionDetail) -> None:
        """Begin with what was read of the connection last."""
        super().__init__()
        self._desk = desk
        self._connection = connection
        self._connection_name = connection.view.name
        self._timer: Timer | None = None
        self._reading: Worker[ConnectionDetail] | None = None
        self.facts = Detail(id="facts")
        self.session_facts = Detail(id="session")
        self.feeds: LiveTable[SymbolFeed] = LiveTable(
            SYMBOL_FEEDS, lambda f: f.symbol, title="Feeds", id="feeds"
        )
        self.steps: LiveTable[StepResult] = LiveTable(
            STEPS, lambda s: s.name, title="Last test", id="steps"
        )
        self.abilities: LiveTable[Ability] = LiveTable(
            _ABILITIES, lambda a: a[0], title="Can do", empty=("looking up…",), id="abilities"
        )

    def compose(self) -> ComposeResult:
        """Compose the facts beside or above the tables."""
        with Container(id="connection-detail") as box:
            box.border_title = f"Connection {self._connection_name}"
            box.border_subtitle = "t test · E edit · e en/disable · tab · esc back"
            with VerticalScroll(id="state", can_focus=True):
                yield self.facts
                yield self.session_facts
            with Vertical(id="tables"):
                yield self.feeds
                yield self.steps
                yield self.abilities

    def on_mount(self) -> None:
        """Show what is known, read on, and look up what the exchange can do."""
        self._show(self._connection)
        self._timer = self.set_interval(_READ_EVERY_S, self._read)
        self._look_up()

    def on_screen_suspend(self) -> None:
        """Stop reading behind a dialog."""
        if self._timer:
            self._timer.pause()

    def on_screen_resume(self) -> None:
        """Read at once, and on time from now on."""
        if self._timer:
            self._timer.resume()
        self._read()

    # -- reading ------------------------------------------------------------------------------

    def _read(self) -> None:
        """Read in a thread, unless the last reading still runs."""
        if self._reading is None or self._reading.is_finished:
            self._reading = self.run_worker(
                partial(self._desk.connections.detail, self._connection_name), group="reading",
                thread=True, exclusive=True, exit_on_error=False,
            )  # fmt: skip

    def _look_up(self) -> None:
        view = self._connection.view
        self.run_worker(
            partial(self._desk.tests.capabilities, view.exchange, view.market),
            group="looking-up", thread=True, exclusive=True, exit_on_error=False,
        )  # fmt: skip

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show what was read, or why nothing was."""
        result, error = event.worker.result, event.worker.error
        if event.state is WorkerState.SUCCESS and isinstance(result, ConnectionDetail):
            self._show(result)
        elif event.state is WorkerState.SUCCESS and event.worker.group == "looking-up":
            self._show_abilities(result)
        elif event.state is WorkerState.ERROR and event.worker.group == "looking-up":
            self.abilities.set_empty(reason_of(error))
        elif event.state is WorkerState.ERROR:
            self.notify(reason_of(error), severity="error")
            self.dismiss(None)

    # -- showing ------------------------------------------------------------------------------

    def _show(self, connection: ConnectionDetail) -> None:
        is_elsewhere = connection.view.exchange != self._connection.view.exchange
        self._connection, now_ms = connection, connection.read_ms
        self.facts.show_facts(connection_facts(connection, now_ms))
        self.session_facts.show_facts(session_facts(connection, now_ms))
        self.feeds.set_empty(*_no_feeds(connection))
        self.feeds.update_rows(connection.feed.symbols, now_ms)
        test = connection.view.last_test
        self.steps.set_empty("never tested", "t tests it now")
        self.steps.update_rows(test.steps if test else (), now_ms)
        if is_elsewhere:
            self._look_up()

    def _show_abilities(self, able: Capabilities | None) -> None:
        self.abilities.set_empty("the demo market: paper only")
        self.abilities.update_rows(capability_rows(able) if able else (), 0)

    @on(LiveTable.Selected)
    def open_row(self, event: LiveTable.Selected) -> None:
        """Show everything about the chosen row."""
        match event.row:
            case SymbolFeed() as feed:
                self._open(f"Feed {feed.symbol}", symbol_facts(feed))
            case StepResult() as step:
                self._open(f"Test step {step.name}", step_facts(step))
            case (str() as name, Cell() as value):
                self._open(name, [Fact(name, value, is_long=True)])

    def _open(self, title: str, facts: list[Fact]) -> None:
        self.app.push_screen(DetailModal(title, facts))

    # -- actions ------------------------------------------------------------------------------

    def action_toggle_connection(self) -> None:
        """Enable the connection, or disable it."""
        self.post_message(dialogs.toggled(self._connection.view))

    def action_test_connection(self) -> None:
        """Test the connection."""
        dialogs.test(self.app, self._desk, self._connection_name, self._read)

    def action_edit_connection(self) -> None:
        """Open the form on the connection."""
        dialogs.edit(self.app, self._desk, self._connection_name, self.notify)

    def action_leave(self) -> None:
        """Go back to the list."""
        self.dismiss(None)


def _no_feeds(connection: ConnectionDetail) -> tuple[str, ...]:
    if not connection.view.enabled:
        return "no feed: the connection is disabled", "e enables it"
    return ("no feed yet: its engine has not reported one",)
