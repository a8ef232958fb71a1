"""Reading the desk on a timer: in a thread, while the screen is seen, never two at once."""

from abc import abstractmethod
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.worker import Worker, WorkerState

from cts_tui.model.views import DeskSummary
from cts_tui.tui.session import Session, reason_of
from cts_tui.tui.widgets.desk_header import DeskHeader, HeaderFigures

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk

BodyT = TypeVar("BodyT")


@dataclass(frozen=True, slots=True)
class Reading(Generic[BodyT]):
    """One reading of the desk: the header's figures, and the screen's own views."""

    summary: DeskSummary
    is_killed: bool
    body: BodyT


class ReadingScreen(Screen[None], Generic[BodyT]):
    """A screen that reads the desk while it is seen, and shows what it read."""

    READ_EVERY_S: ClassVar[float] = 1.0

    class ReadFailed(Message):
        """A reading failed for a new reason; the next one is tried in time."""

        def __init__(self, reason: str) -> None:
            super().__init__()
            self.reason = reason

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.header = DeskHeader()
        self._reading: Worker[Reading[BodyT]] | None = None
        self._reads_again = False
        """Whether what is being read now is not what the trader asked for since."""
        self._timer: Timer | None = None

    @abstractmethod
    def read(self, desk: "Desk") -> BodyT:
        """Read the screen's views; runs in a thread and may block."""

    @abstractmethod
    def show(self, body: BodyT, summary: DeskSummary) -> None:
        """Show what was read."""

    @property
    def now_ms(self) -> int:
        """The desk's time at the last reading, 0 before the first."""
        return self.session.summary.now_ms if self.session.summary else 0

    def on_mount(self) -> None:
        """Start the timer of the readings."""
        self._timer = self.set_interval(self.READ_EVERY_S, self._refresh_in_time)
        self.show_header()

    def on_screen_resume(self) -> None:
        """Read at once, and on time from now on."""
        if self._timer:
            self._timer.resume()
        self.show_header()
        self.refresh_now()

    def on_screen_suspend(self) -> None:
        """Stop reading: behind another screen nothing is seen.

        Behind a dialog every change would paint the whole terminal anew, ten kilobytes each time.
        """
        if self._timer:
            self._timer.pause()

    def refresh_now(self) -> None:
        """Read in a thread; where a reading still runs, once more after it."""
        self._reads_again = self._has_begun
        self._refresh_in_time()

    @property
    def _has_begun(self) -> bool:
        return self._reading is not None and not self._reading.is_finished

    def _refresh_in_time(self) -> None:
        """Read in a thread, unless the last reading still runs."""
        desk = self.session.desk
        if desk is None or self._has_begun:
            return
        self._reading = self.run_worker(
            partial(self._read_all, desk),
            group="reading",
            thread=True,
            exclusive=True,
            exit_on_error=False,
        )

    action_refresh_now = refresh_now

    def _read_all(self, desk: "Desk") -> Reading[BodyT]:
        return Reading(desk.summary(), desk.controls.is_killed(), self.read(desk))

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show what was read, or say once why nothing was."""
        if event.worker is not self._reading:
            return
        if event.state is WorkerState.SUCCESS and event.worker.result is not None:
            self._accept(event.worker.result)
        elif event.state is WorkerState.ERROR:
            self._note_failure(reason_of(event.worker.error))
        if event.worker.is_finished and self._reads_again:
            self.refresh_now()

    def _accept(self, reading: Reading[BodyT]) -> None:
        before = self.session.engine
        self.session.observe(reading.summary, is_killed=reading.is_killed)
        if self.session.engine is not before:
            self.refresh_bindings()
        self.show_header()
        self.show(reading.body, reading.summary)

    def _note_failure(self, reason: str) -> None:
        if reason != self.session.read_error:
            self.post_message(self.ReadFailed(reason))
        self.session.read_error = reason
        self.show_header()

    def show_header(self) -> None:
        """Show the figures of the last reading and the state of the engine."""
        session = self.session
        figures = HeaderFigures(
            session.engine,
            session.summary,
            session.is_killed,
            session.title_note,
            bool(session.read_error),
        )
        self.header.show_figures(figures)
