"""The strictest question: the trader types the name of what is about to trade real money."""

from collections.abc import Callable, Sequence
from textwrap import wrap
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input
from textual.worker import Worker, WorkerState

from cts_tui.tui.cells import Cell, Line, Tone, line
from cts_tui.tui.formats import one_line
from cts_tui.tui.session import reason_of
from cts_tui.tui.widgets.confirm_modal import Answer
from cts_tui.tui.widgets.live_lines import LiveLines
from cts_tui.tui.widgets.text_input import TextInput


class TypedNameModal(ModalScreen[Answer]):
    """Asks for a name and tries it; a refusal is shown, and the trader may try again."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="dialog.cancel"),
    ]
    CSS_PATH = "modals.tcss"

    def __init__(
        self,
        title: str,
        lines: Sequence[Line],
        *,
        name: str,
        attempt: Callable[[str], object],
        is_danger: bool = True,
    ) -> None:
        """Ask for `name`; `attempt` blocks, and raises with the reason when it is refused."""
        super().__init__()
        self._title = title
        self._lines = lines
        self._asked_name = name
        self._attempt = attempt
        self._is_danger = is_danger
        self.refusal = LiveLines([()], classes="modal--refusal")

    def compose(self) -> ComposeResult:
        """Compose the explanation, the input and the line for a refusal."""
        with Vertical(classes=f"modal{' -danger' * self._is_danger}") as box:
            box.border_title = self._title
            yield from self.compose_question()
            yield TextInput(placeholder=f"type {self._asked_name}")
            yield self.refusal

    def compose_question(self) -> ComposeResult:
        """Compose what is asked, above the input."""
        yield LiveLines(self._lines, classes="modal--text")

    @on(Input.Submitted)
    def try_name(self, event: Input.Submitted) -> None:
        """Try what was typed, off the UI loop."""
        typed = event.value.strip()
        self.refusal.show([line(Cell("asking…", Tone.MUTED))])
        self.run_worker(
            lambda: self._attempt(typed),
            thread=True,
            group="attempt",
            exclusive=True,
            exit_on_error=False,
        )

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Close when it was accepted, say why when it was refused."""
        if event.worker.group != "attempt":
            return
        if event.state is WorkerState.SUCCESS:
            self.dismiss(Answer.YES)
        elif event.state is WorkerState.ERROR:
            self._refuse(reason_of(event.worker.error))

    def _refuse(self, reason: str) -> None:
        pieces = wrap(one_line(f"refused: {reason}"), max(self.refusal.size.width, 20))
        self.refusal.show([line(Cell(piece, Tone.ERROR)) for piece in pieces])

    def action_cancel(self) -> None:
        """Leave; nothing happens."""
        self.dismiss(Answer.NO)
