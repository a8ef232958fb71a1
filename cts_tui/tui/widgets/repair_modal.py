"""Mending the store: the plan first, then the question, then what was done."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.worker import Worker, WorkerState

from cts_tui.model.repair import RepairReport
from cts_tui.model.repair_plan import RepairPlan
from cts_tui.tui.actions import Where, bindings_for
from cts_tui.tui.cells import Cell, Line, Tone, line
from cts_tui.tui.repair_lines import failure_lines, plan_lines, report_lines
from cts_tui.tui.session import reason_of
from cts_tui.tui.widgets.live_lines import LiveLines

OnRows = Callable[[int], None]
Outcome = RepairPlan | RepairReport
_ROWS_BETWEEN = 20_000
"""Rows after which the progress is told again."""


class RepairModal(ModalScreen[None]):
    """Looks through the store in a thread; `y` mends what the plan calls ready."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_for(Where.DIALOG),
        Binding("enter,q", "cancel", "Close", id="detail.close"),
    ]
    CSS_PATH = "modals.tcss"

    def __init__(
        self, plan: Callable[[OnRows], RepairPlan], mend: Callable[[OnRows], RepairReport]
    ) -> None:
        """Both block, call back with the rows looked at, and raise CtsError."""
        super().__init__()
        self._plan, self._mend = plan, mend
        self._work: Worker[Outcome] | None = None
        self._told_rows = 0
        self._is_left = False
        self.outcome: Outcome | None = None
        self._failure = ""
        self.lines = LiveLines([()])

    def compose(self) -> ComposeResult:
        """Compose the plan in a box that scrolls."""
        with VerticalScroll(classes="modal -wide -test") as box:
            box.border_title = "Repair"
            yield self.lines

    def on_mount(self) -> None:
        """Look."""
        self._run(self._plan, "looking through the database…")

    @property
    def can_mend(self) -> bool:
        """Whether a plan is shown of which something may be done now."""
        return isinstance(self.outcome, RepairPlan) and bool(self.outcome.ready)

    def action_confirm(self) -> None:
        """Mend what the plan shows as ready."""
        if self.can_mend and self._is_idle:
            self._run(self._mend, "mending…")

    def action_cancel(self) -> None:
        """Leave; a repair that has begun goes on to its end."""
        self._is_left = True
        self.dismiss(None)

    @property
    def _is_idle(self) -> bool:
        return self._work is None or self._work.is_finished

    def _run(self, work: Callable[[OnRows], Outcome], doing: str) -> None:
        self._told_rows, self._failure, self.outcome = 0, "", None
        self._show([line(Cell(f"◌ {doing}", Tone.WARNING))])
        tell = partial(self._tell_rows, doing)
        self._work = self.run_worker(
            partial(work, tell), group="repair", thread=True, exit_on_error=False
        )

    def _tell_rows(self, doing: str, rows: int) -> None:
        """Show from the thread how far the look is."""
        if self._is_left or rows - self._told_rows < _ROWS_BETWEEN:
            return
        self._told_rows = rows
        progress = line(Cell(f"◌ {doing}  {rows:,} rows", Tone.WARNING))
        self.app.call_from_thread(self._show, [progress])

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show the plan, or what was done, or why it was not."""
        if event.worker is not self._work:
            return
        if event.state is WorkerState.SUCCESS:
            self.outcome = event.worker.result
        elif event.state is WorkerState.ERROR:
            self._failure = reason_of(event.worker.error)
        self._paint()

    def on_resize(self) -> None:
        """Wrap the texts for the new width."""
        self.call_after_refresh(self._paint)

    def _paint(self) -> None:
        width = self.lines.size.width
        if not width:
            return
        if self._failure:
            self._show(failure_lines(self._failure, width))
        elif isinstance(self.outcome, RepairPlan):
            self._show(plan_lines(self.outcome, width))
        elif self.outcome is not None:
            self._show(report_lines(self.outcome, width))

    def _show(self, lines: Sequence[Line]) -> None:
        self.lines.show([*lines, ()])
        box = self.query_one(VerticalScroll)
        box.border_subtitle = "y mends what is ready · n leaves" if self.can_mend else "esc closes"
