"""Screen 5: the strategies, where each may trade, and the way to their editor."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll

from cts_tui.model.strategy_views import GateView, StrategyOverview
from cts_tui.model.views import DeskSummary
from cts_tui.tui.actions import Where, bindings_for
from cts_tui.tui.cells import Cell, Tone, line
from cts_tui.tui.screens.desk_screen import DeskScreen
from cts_tui.tui.session import Session
from cts_tui.tui.strategy_rows import (
    GATES,
    STRATEGIES,
    gate_facts,
    removal_lines,
    state_text,
    strategy_facts,
)
from cts_tui.tui.widgets.detail import Detail
from cts_tui.tui.widgets.live_table import LiveTable

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk

Save = Callable[[str], str]
"""Stores a text and returns what to tell; blocks, and raises CtsError when it is refused."""


class StrategiesScreen(DeskScreen[Sequence[StrategyOverview]]):
    """The table of strategies, the rules of the selected one, and its gates."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Where.STRATEGIES)
    CSS_PATH = "strategies.tcss"
    AUTO_FOCUS = "#strategies"
    NAME = "strategies"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._added = ""
        """A strategy that was just added: the cursor goes to it once it is there."""

    def compose_body(self) -> ComposeResult:
        """Compose the table beside (or above) the rules and the gates."""
        with Horizontal(id="strategy-panes"):
            yield LiveTable(STRATEGIES, lambda s: s.name, title="Strategies",
                            empty=("opening the desk…",), id="strategies")  # fmt: skip
            with Vertical(id="strategy-parts"):
                with VerticalScroll(id="strategy", can_focus=False) as pane:
                    pane.border_title = "Rules"
                    yield Detail()
                yield LiveTable(GATES, lambda g: (g.connection, g.symbol, g.timeframe),
                                title="Gates", id="gates")  # fmt: skip

    def read(self, desk: "Desk") -> Sequence[StrategyOverview]:
        """Read the strategies with their gates."""
        return desk.strategies.overview()

    def show(self, body: Sequence[StrategyOverview], summary: DeskSummary) -> None:
        """Show the strategies, and the parts of the selected one."""
        table = self.strategies
        table.set_empty("no strategies yet", "n writes one")
        table.update_rows(body, summary.now_ms)
        names = [row.name for row in table.rows]
        if self._added in names:
            table.move_cursor(names.index(self._added))
            self._added = ""
        self.show_selected()

    @property
    def strategies(self) -> LiveTable[StrategyOverview]:
        """The table of strategies."""
        return self.query_one("#strategies", LiveTable)

    @on(LiveTable.Highlighted, "#strategies")
    def show_selected(self) -> None:
        """Show rules and gates of the strategy under the cursor."""
        selected = self.strategies.cursor_row
        gates: LiveTable[GateView] = self.query_one("#gates", LiveTable)
        if selected is None:
            self.query_one(Detail).show_facts([])
            gates.update_rows([], self.now_ms)
            return
        self.query_one(Detail).show_facts(strategy_facts(selected))
        gates.set_empty(state_text(selected))
        gates.update_rows(selected.gates, self.now_ms)

    @on(LiveTable.Selected, "#gates")
    def open_gate(self, event: LiveTable.Selected) -> None:
        """Show everything about the chosen gate."""
        if isinstance(event.row, GateView):
            self.show_detail(f"Gate on {event.row.symbol}", gate_facts(event.row))

    # -- changes ------------------------------------------------------------------------------

    def action_toggle_strategy(self) -> None:
        """Enable the strategy under the cursor, or disable it."""
        if selected := self.strategies.cursor_row:
            name = selected.name
            if selected.view.enabled:
                self.ask(lambda desk: desk.strategies.disable(name), f"{name} is disabled")
            else:
                self.ask(lambda desk: desk.strategies.enable(name), f"{name} is enabled")

    def action_new_strategy(self) -> None:
        """Open the editor on a first draft."""
        from cts_tui.tui.screens.strategy_editor import TEMPLATE

        if desk := self._open_desk():

            def save(text: str) -> str:
                [self._added] = desk.strategies.add(text)
                return f"{self._added} is added, disabled; e enables it"

            self._edit("New strategy", TEMPLATE, save)

    @on(LiveTable.Selected, "#strategies")
    def action_edit_strategy(self) -> None:
        """Open the editor on the strategy under the cursor; a built-in one is only shown."""
        selected, desk = self.strategies.cursor_row, self._open_desk()
        if selected is None or desk is None:
            return
        name = selected.name

        def save(text: str) -> str:
            changed = desk.strategies.edit(name, text)
            return f"{name} is saved: {', '.join(changed)}" if changed else f"{name} is as it was"

        self._edit(f"Strategy {name}", selected.toml, None if selected.view.is_builtin else save)

    def action_backtest_strategy(self) -> None:
        """Open the report of a backtest of the strategy under the cursor."""
        from cts_tui.tui.screens.backtest_report import BacktestReport

        selected, desk = self.strategies.cursor_row, self._open_desk()
        if selected and desk:
            self.app.push_screen(BacktestReport(desk, selected.name, selected.view.symbols))

    def _edit(self, title: str, text: str, save: Save | None) -> None:
        from cts_tui.tui.screens.strategy_editor import StrategyEditor

        if desk := self.session.desk:
            editor = StrategyEditor(title, text, check=desk.strategies.check, save=save)
            self.app.push_screen(editor, self._tell)

    def _tell(self, done: str | None) -> None:
        if done:
            self.notify(done)
            self.refresh_now()

    def action_duplicate_strategy(self) -> None:
        """Ask for a name, and add a copy under it."""
        from cts_tui.tui.widgets.confirm_modal import Answer
        from cts_tui.tui.widgets.typed_name_modal import TypedNameModal

        selected, desk = self.strategies.cursor_row, self._open_desk()
        if selected is None or desk is None:
            return
        name = selected.name

        def copy(typed: str) -> None:
            desk.strategies.duplicate(name, typed)
            self._added = typed

        question = TypedNameModal(
            f"Duplicate {name}",
            [line("Type a name for the copy: a-z, 0-9 and -, then enter."),
             line(Cell("It is added disabled, and is yours to edit.", Tone.MUTED))],
            name="a new name",
            attempt=copy,
            is_danger=False,
        )  # fmt: skip

        def tell(answer: Answer | None) -> None:
            self._tell("the copy is added, disabled" if answer is Answer.YES else None)

        self.app.push_screen(question, tell)

    def action_remove_strategy(self) -> None:
        """Ask whether to remove the strategy under the cursor."""
        from cts_tui.tui.widgets.confirm_modal import Answer, ConfirmModal

        selected = self.strategies.cursor_row
        if selected is None:
            return
        name, held = selected.name, selected.open_positions
        if selected.view.is_builtin:
            self.notify(f"{name} is built in and stays; e disables it", severity="warning")
            return

        def act(answer: Answer | None) -> None:
            if answer is Answer.YES:
                remove = f"{name} is removed"
                self.ask(lambda desk: desk.strategies.remove(name, force=bool(held)), remove)

        question = ConfirmModal("Remove this strategy?", removal_lines(selected), yes="Remove")
        self.app.push_screen(question, act)

    def _open_desk(self) -> "Desk | None":
        if self.session.desk is None:
            self.notify("the desk is not open yet", severity="warning")
        return self.session.desk
