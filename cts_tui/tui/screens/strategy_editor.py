"""The editor of a strategy: its TOML, checked while it is typed, and what is wrong below it."""

from collections.abc import Callable, Sequence
from textwrap import wrap
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import TextArea
from textual.worker import Worker, WorkerState

from cts_tui.model.strategy_views import StrategyFault
from cts_tui.tui.actions import Where, bindings_for
from cts_tui.tui.cells import Cell, Line, Tone, line
from cts_tui.tui.formats import count_text, one_line
from cts_tui.tui.screens.leaving import ask_to_leave
from cts_tui.tui.session import reason_of
from cts_tui.tui.widgets.live_lines import LiveLines

_PAUSE_S = 0.15
"""The text is checked when nothing was typed for so long."""
_FAULT_LINES = 6
TEMPLATE = """\
name = "my-strategy"
description = ""
timeframe = "*"
entry_long = "crosses_above(ema(20), ema(50)) and rsi(14) < 70"
exit_long = "crosses_below(ema(20), ema(50))"
stop_loss_pct = 2.0
take_profit_pct = 3.0
trailing_stop_pct = 0.0
min_profit_factor = 1.0
gate_trades = 50
gate_min_trades = 10
size = { kind = "quote", amount = 100 }
symbols = ["*"]
"""
"""The first draft of a strategy."""

Check = Callable[[str], Sequence[StrategyFault]]


class StrategyEditor(ModalScreen[str | None]):
    """A full screen of text; gives what saving tells, or None when nothing was saved."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_for(Where.EDITOR),
        Binding("escape", "leave", "Leave", id="dialog.cancel"),
    ]
    CSS_PATH = "strategy_editor.tcss"

    def __init__(
        self, title: str, text: str, *, check: Check, save: Callable[[str], str] | None
    ) -> None:
        """`save` blocks, returns what to tell, and raises when refused; None only shows the text.

        `check` returns within milliseconds.
        """
        super().__init__()
        self._title = title
        self._check = check
        self._save = save
        self._text = text
        self._pause: Timer | None = None
        self.area = TextArea(text, show_line_numbers=True, read_only=save is None)
        self.area.cursor_blink = False  # every blink would be bytes over the line
        self.faults: Sequence[StrategyFault] = ()
        self.verdict = LiveLines([()], id="verdict")

    def compose(self) -> ComposeResult:
        """Compose the text above the faults."""
        with Vertical(id="editor") as box:
            box.border_title = self._title
            if self._save is None:
                box.border_subtitle = "built in, read only: esc, then d duplicates it"
            else:
                box.border_subtitle = "ctrl+s saves · f8 next fault · esc leaves"
            yield self.area
            yield self.verdict

    def on_mount(self) -> None:
        """Check the text it begins with."""
        self.area.focus()
        self.call_after_refresh(self.check)

    @on(TextArea.Changed)
    def check_soon(self) -> None:
        """Check once the trader pauses."""
        if self._pause:
            self._pause.stop()
        self._pause = self.set_timer(_PAUSE_S, self.check)

    def check(self) -> None:
        """Check the text, and show what is wrong with it."""
        self.faults = self._check(self.area.text)
        self.verdict.show(fault_lines(self.faults, max(self.verdict.size.width, 20)))

    def on_resize(self) -> None:
        """Wrap the faults for the new width."""
        self.call_after_refresh(self.check)

    # -- actions ------------------------------------------------------------------------------

    def action_next_fault(self) -> None:
        """Put the cursor on the next fault below it, after the last one on the first."""
        self.check()
        row, column = self.area.cursor_location
        places = [(f.line - 1, (f.column or 1) - 1) for f in self.faults if f.line]
        if places:
            below = [place for place in places if place > (row, column)]
            self.area.move_cursor((below or places)[0], center=True)
        self.area.focus()

    def action_save(self) -> None:
        """Save the text, unless something is wrong with it."""
        self.check()
        save, text = self._save, self.area.text
        if save is None:
            self.notify("built in, read only: leave with esc, then d duplicates it")
        elif self.faults:
            self.notify(f"not saved: {count_text(len(self.faults), 'fault')}", severity="warning")
            self.area.move_cursor((0, 0))
            self.action_next_fault()
        else:
            self.run_worker(lambda: save(text), thread=True, group="attempt", exclusive=True,
                            exit_on_error=False)  # fmt: skip

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Close when it was saved, say why when it was refused."""
        if event.state is WorkerState.SUCCESS:
            self.dismiss(str(event.worker.result))
        elif event.state is WorkerState.ERROR:
            refusal = f"✖ not saved: {one_line(reason_of(event.worker.error))}"
            width = max(self.verdict.size.width, 20)
            self.verdict.show([line(Cell(part, Tone.ERROR)) for part in wrap(refusal, width)])

    def action_leave(self) -> None:
        """Leave; what is not saved is asked about."""
        if self._save is None or self.area.text == self._text:
            self.dismiss(None)
        else:
            ask_to_leave(self, "What you have changed is lost.", lambda: self.dismiss(None))


def fault_lines(faults: Sequence[StrategyFault], width: int) -> list[Line]:
    """Return the faults with line and column, wrapped, as many as there is room for."""
    if not faults:
        return [line(Cell("● no faults", Tone.GOOD))]
    lines: list[Line] = []
    for index, fault in enumerate(faults):
        pieces = _pieces(fault, width)
        if len(lines) + len(pieces) > _FAULT_LINES - (index < len(faults) - 1):
            more = count_text(len(faults) - index, "more fault")
            return [*lines, line(Cell(f"  and {more}", Tone.MUTED))]
        lines += [line(Cell(piece, Tone.ERROR)) for piece in pieces]
    return lines


def _pieces(fault: StrategyFault, width: int) -> list[str]:
    place = f"line {fault.line}, column {fault.column}: " if fault.line else ""
    text = f"✖ {place}{one_line(fault.placeless)}"
    return wrap(text, width, subsequent_indent="  ", max_lines=3, placeholder=" …")
