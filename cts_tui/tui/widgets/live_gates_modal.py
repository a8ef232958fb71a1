"""The question before real money moves: what trades, every gate, and the typed name."""

from collections.abc import Callable
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.worker import Worker, WorkerState

from cts_tui.model.gate import Gate
from cts_tui.model.limits import RiskLimits
from cts_tui.model.trading import Mode
from cts_tui.model.views import ConnectionView
from cts_tui.tui.cells import Cell, Tone
from cts_tui.tui.gate_rows import arming_facts, gate_lines, gates_verdict
from cts_tui.tui.session import reason_of
from cts_tui.tui.widgets.detail import Detail
from cts_tui.tui.widgets.live_lines import LiveLines
from cts_tui.tui.widgets.typed_name_modal import TypedNameModal

_READ_EVERY_S = 1.0


class Arming(NamedTuple):
    """What decides whether a connection may trade real money now."""

    gates: tuple[Gate, ...]
    limits: RiskLimits


class LiveGatesModal(TypedNameModal):
    """Reads the gates anew each second: an engine that gets ready opens them one by one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "scroll_gates(1)", show=False),
        Binding("up", "scroll_gates(-1)", show=False),
        Binding("pagedown", "scroll_gates(5)", show=False),
        Binding("pageup", "scroll_gates(-5)", show=False),
    ]

    def __init__(
        self,
        view: ConnectionView,
        read: Callable[[], Arming],
        attempt: Callable[[str], object],
    ) -> None:
        """Ask about the connection `view`; `read` and `attempt` block, and raise CtsError."""
        is_test = view.mode is Mode.TESTNET
        super().__init__(
            "Trade the exchange's test money?" if is_test else "Trade real money?",
            (),
            name=view.name,
            attempt=attempt,
            is_danger=not is_test,
        )
        self._view = view
        self._read = read
        self._reading: Worker[Arming] | None = None
        self.facts = Detail()
        self.gates = LiveLines([(Cell("reading the gates…", Tone.MUTED),)])
        self.verdict = LiveLines([()])

    def compose_question(self) -> ComposeResult:
        """Compose what would trade, the gates in a box that scrolls, and what they come to."""
        yield self.facts
        with VerticalScroll(id="gates", can_focus=False):
            yield self.gates
        yield self.verdict

    def on_mount(self) -> None:
        """Show what is known, and read on."""
        self.query_one(".modal").add_class("-wide", "-gates")
        self.facts.show_facts(arming_facts(self._view, None))
        self._read_gates()
        self.set_interval(_READ_EVERY_S, self._read_gates)

    def _read_gates(self) -> None:
        if self._reading is None or self._reading.is_finished:
            self._reading = self.run_worker(
                self._read, group="gates", thread=True, exclusive=True, exit_on_error=False
            )

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show what was read; what came of the typed name is for the base, which hears it too."""
        if event.worker is not self._reading:
            return
        if event.state is WorkerState.SUCCESS and event.worker.result is not None:
            self._show(event.worker.result)
        elif event.state is WorkerState.ERROR:
            self.gates.show([(Cell(reason_of(event.worker.error), Tone.ERROR),)])

    def _show(self, arming: Arming) -> None:
        self.facts.show_facts(arming_facts(self._view, arming.limits))
        self.gates.show(gate_lines(arming.gates, self.gates.size.width))
        self.verdict.show([gates_verdict(arming.gates, self._view.name)])

    def action_scroll_gates(self, lines: int) -> None:
        """Scroll the gates; the keys stay with the input."""
        self.query_one("#gates").scroll_relative(y=lines, animate=False)
