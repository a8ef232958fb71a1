"""What is still open while everything is being closed, until the engine confirms that it is."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.worker import Worker, WorkerState

from cts_tui.model.gate import Flattening
from cts_tui.model.views import DeskSummary
from cts_tui.tui.cells import Cell, Line, Tone, line
from cts_tui.tui.formats import count_text
from cts_tui.tui.session import reason_of
from cts_tui.tui.widgets.live_lines import LiveLines

_READ_EVERY_S = 0.5


class FlattenProgress(ModalScreen[None]):
    """Follows the requests; `esc` leaves, the closing goes on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "close", "Close", id="detail.close"),
    ]
    CSS_PATH = "modals.tcss"

    def __init__(self, names: Sequence[str], read: Callable[[], DeskSummary]) -> None:
        """Follow the connections `names`; `read` blocks."""
        super().__init__()
        self._names = names
        self._read = read
        self._reading: Worker[DeskSummary] | None = None
        self.lines = LiveLines([line(Cell("asking the engine…", Tone.MUTED))])

    def compose(self) -> ComposeResult:
        """Compose one line per connection."""
        with Vertical(classes="modal -danger") as box:
            box.border_title = "Closing everything"
            box.border_subtitle = "esc leaves, the closing goes on"
            yield self.lines

    def on_mount(self) -> None:
        """Read at once, and on time from now on."""
        self._read_again()
        self.set_interval(_READ_EVERY_S, self._read_again)

    def _read_again(self) -> None:
        if self._reading is None or self._reading.is_finished:
            self._reading = self.run_worker(
                self._read, group="reading", thread=True, exclusive=True, exit_on_error=False
            )

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show what is left, or why that is not known."""
        if event.state is WorkerState.SUCCESS and event.worker.result is not None:
            self.lines.show(progress_lines(self._names, event.worker.result))
        elif event.state is WorkerState.ERROR:
            self.lines.show([line(Cell(reason_of(event.worker.error), Tone.ERROR))])

    def action_close(self) -> None:
        """Leave; the header goes on showing it."""
        self.dismiss(None)


def progress_lines(names: Sequence[str], summary: DeskSummary) -> list[Line]:
    """Return what is left of every connection, and what the trader should know."""
    left = {one.connection: one for one in summary.flattening}
    width = max(len(name) for name in names) + 2
    lines = [line(Cell(name.ljust(width), Tone.STRONG), _left(left.get(name))) for name in names]
    if not left.keys() & set(names):
        return [*lines, (), line(Cell("Everything is closed.", Tone.GOOD)), ()]
    if not summary.is_engine_running:
        why = "No engine runs: nothing is closed until one does. esc, then R."
        return [*lines, (), line(Cell(why, Tone.LIVE)), ()]
    note = "The header shows it until the exchange confirms."
    return [*lines, (), line(Cell(note, Tone.MUTED)), ()]


def _left(closing: Flattening | None) -> Cell:
    if closing is None:
        return Cell("flat: confirmed by the engine", Tone.GOOD)
    if not closing.positions and not closing.orders:
        return Cell("closed, waiting for the confirmation…", Tone.WARNING)
    positions = count_text(closing.positions, "position")
    entries = count_text(closing.orders, "resting order")
    return Cell(f"{positions} and {entries} left…", Tone.WARNING)
