"""A test while it runs: each step as it finishes, and what to do about it."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from textwrap import wrap
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.worker import Worker, WorkerState

from cts_tui.model.connection_test import StepResult, StepStatus
from cts_tui.tui.actions import Where, bindings_for
from cts_tui.tui.cells import Cell, Line, Tone, line
from cts_tui.tui.connection_rows import step_lines, verdict_cell
from cts_tui.tui.formats import one_line
from cts_tui.tui.session import reason_of
from cts_tui.tui.widgets.live_lines import LiveLines

ResultT = TypeVar("ResultT")


class StepsModal(ModalScreen[ResultT | None], Generic[ResultT]):
    """Runs a test in a thread; gives its result, or None where it was left before the end."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_for(Where.TEST),
        Binding("escape,enter,q", "close", "Close", id="detail.close"),
    ]
    CSS_PATH = "modals.tcss"
    DOING: ClassVar[str] = "testing…"
    FAILED: ClassVar[str] = "not tested"
    AGAIN: ClassVar[str] = "t tests again · "

    def __init__(self, title: str, *, note: str = "") -> None:
        """`note` says what becomes of the result."""
        super().__init__()
        self._title = title
        self._note = note
        self._steps: list[StepResult] = []
        self._failure = ""
        self.result: ResultT | None = None
        self.lines = LiveLines([()])

    _work: "Worker[ResultT] | None" = None

    @abstractmethod
    def run_test(self, on_step: Callable[[StepResult], None]) -> ResultT:
        """Run the whole test in a thread, calling back after each step. Raises CtsError."""

    @abstractmethod
    def outcome(self, result: ResultT) -> tuple[StepStatus, Sequence[StepResult]]:
        """Return how a test ended, and its steps."""

    def compose(self) -> ComposeResult:
        """Compose the steps in a box that scrolls."""
        with VerticalScroll(classes="modal -wide -test") as box:
            box.border_title = self._title
            yield self.lines

    def on_mount(self) -> None:
        """Begin."""
        self.action_again()

    def action_again(self) -> None:
        """Test, unless the last test still runs."""
        if self._is_running:
            return
        self._steps, self._failure, self.result = [], "", None
        on_step = partial(self.app.call_from_thread, self._add)
        self._work = self.run_worker(
            partial(self.run_test, on_step), group="attempt", thread=True, exclusive=True,
            exit_on_error=False,
        )  # fmt: skip
        self._paint()

    @property
    def _is_running(self) -> bool:
        return self._work is not None and not self._work.is_finished

    def _add(self, step: StepResult) -> None:
        self._steps.append(step)
        self._paint()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Tell how it ended."""
        if event.worker is not self._work:
            return
        if event.state is WorkerState.SUCCESS and event.worker.result is not None:
            self.result = event.worker.result
            self._steps = list(self.outcome(event.worker.result)[1])
        elif event.state is WorkerState.ERROR:
            self._failure = reason_of(event.worker.error)
        self._paint()

    def on_resize(self) -> None:
        """Wrap the texts for the new width."""
        self.call_after_refresh(self._paint)

    def _paint(self) -> None:
        if not (width := self.lines.size.width):
            return
        lines = [each for step in self._steps for each in step_lines(step, width)]
        self.lines.show([*lines, (), *self._ending(width)])
        box = self.query_one(VerticalScroll)
        box.border_subtitle = ("" if self._is_running else self.AGAIN) + "esc closes"
        box.scroll_end(animate=False)

    def _ending(self, width: int) -> Sequence[Line]:
        if self._failure:
            pieces = wrap(f"✖ {self.FAILED}: {one_line(self._failure)}", width)
            return [line(Cell(piece, Tone.ERROR)) for piece in pieces]
        if self.result is not None:
            verdict = verdict_cell(self.outcome(self.result)[0])
            return [line("Result  ", verdict), line(Cell(self._note, Tone.MUTED))]
        return [line(Cell(f"◌ {self.DOING}", Tone.WARNING))]

    def action_close(self) -> None:
        """Leave; a test that still runs ends by itself."""
        self.dismiss(self.result)
