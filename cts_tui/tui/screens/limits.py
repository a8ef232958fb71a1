"""The risk limits of one connection: values, what is used, halts; change one, begin anew."""

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.worker import Worker, WorkerState

from cts_tui.model.limits import RiskView
from cts_tui.model.risk_usage import RiskUsage
from cts_tui.tui.actions import Where, bindings_for
from cts_tui.tui.cells import Cell, Line, Tone, line
from cts_tui.tui.limit_rows import (
    LIMIT_COLUMNS,
    LimitRow,
    halt_lines,
    limit_rows,
    standing_lines,
)
from cts_tui.tui.session import reason_of
from cts_tui.tui.widgets.live_lines import LiveLines
from cts_tui.tui.widgets.live_table import LiveTable

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk

_READ_EVERY_S = 1.0


def show_limits(app: App[Any], desk: "Desk", name: str) -> None:
    """Show the limits of a connection."""
    app.push_screen(RiskModal(desk, name))


class Standing(NamedTuple):
    """What was read: the limits, and what is used of them."""

    view: RiskView
    usage: RiskUsage

    @property
    def now_ms(self) -> int:
        """When it was read, by the desk's clock."""
        return self.usage.read_ms


class RiskModal(ModalScreen[None]):
    """Read anew each second; `enter` changes a limit, `z` ends a halt."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_for(Where.LIMITS),
        Binding("escape,q", "close", "Close", id="detail.close"),
    ]
    CSS_PATH = "../widgets/modals.tcss"

    def __init__(self, desk: "Desk", name: str) -> None:
        super().__init__()
        self._desk = desk
        self._connection_name = name
        self._reading: Worker[Standing] | None = None
        self._standing: Standing | None = None
        self.standing = LiveLines([line(Cell("reading…", Tone.MUTED))], id="standing")
        self.table: LiveTable[LimitRow] = LiveTable(
            LIMIT_COLUMNS,
            lambda row: row.key,
            title="Limits of every entry, money in quote currency",
        )

    def compose(self) -> ComposeResult:
        """Compose where the losses stand above the limits."""
        with Vertical(classes="modal -wide -limits") as box:
            box.border_title = f"Risk limits of {self._connection_name}"
            box.border_subtitle = "enter changes · z begins anew · esc closes"
            yield self.standing
            yield self.table

    def on_mount(self) -> None:
        """Read at once, and on time from now on."""
        self._read_again()
        self.set_interval(_READ_EVERY_S, self._read_again)

    def on_screen_resume(self) -> None:
        """Read at once after a dialog."""
        self._read_again()

    def _read_again(self) -> None:
        if self._reading is None or self._reading.is_finished:
            self._reading = self.run_worker(
                self._read, group="reading", thread=True, exclusive=True, exit_on_error=False
            )

    def _read(self) -> Standing:
        risk, name = self._desk.risk, self._connection_name
        return Standing(risk.of(name), risk.usage(name))

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show what was read, or why nothing was, or what came of the wish."""
        if event.state is WorkerState.ERROR:
            self.notify(reason_of(event.worker.error), severity="error")
        elif event.state is not WorkerState.SUCCESS:
            return
        elif event.worker.group == "resetting":
            self.notify(f"the loss limits of {self._connection_name} begin anew")
            self._read_again()
        elif isinstance(event.worker.result, Standing):
            self._show(event.worker.result)

    def _show(self, standing: Standing) -> None:
        self._standing = standing
        width = max(self.standing.size.width, 30)
        self.standing.show(standing_lines(standing.view, standing.usage, width))
        self.table.update_rows(limit_rows(standing.view, standing.usage), standing.now_ms)

    @on(LiveTable.Selected)
    def edit_limit(self) -> None:
        """Ask for a new value of the limit under the cursor."""
        from cts_tui.tui.widgets.limit_modal import LimitModal

        if row := self.table.cursor_row:
            self.app.push_screen(LimitModal(self._connection_name, row, self._desk.risk.set))

    def action_reset(self) -> None:
        """Ask whether losses count from now on."""
        from cts_tui.tui.widgets.confirm_modal import Answer, ConfirmModal

        if self._standing is None:
            return

        def act(answer: Answer | None) -> None:
            if answer is Answer.YES:
                self.run_worker(
                    lambda: self._desk.risk.reset(self._connection_name),
                    group="resetting", thread=True, exit_on_error=False,
                )  # fmt: skip

        lines = reset_lines(self._connection_name, self._standing)
        self.app.push_screen(ConfirmModal("Begin anew?", lines, yes="Begin anew"), act)

    def action_close(self) -> None:
        """Go back to the connection."""
        self.dismiss(None)


def reset_lines(name: str, standing: Standing) -> list[Line]:
    """Return what a reset does."""
    return [
        line("Connection  ", Cell(name, Tone.STRONG)),
        *halt_lines(standing.view, standing.now_ms),
        (),
        line("Losses and drawdown count from now on, a halt ends, and"),
        line("no symbol cools down: entries go on."),
    ]
