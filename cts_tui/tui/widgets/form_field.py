"""One field of a form: its label, its control, and below it a hint or what is wrong."""

from textwrap import wrap

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from cts_tui.tui.cells import Cell, Tone, line
from cts_tui.tui.formats import one_line
from cts_tui.tui.widgets.live_lines import LiveLines

LABEL_WIDTH = 13


class FormField(Vertical):
    """A label beside a control. The hint is seen while the field has the keys, a fault always."""

    DEFAULT_CSS = """
    FormField {
        height: auto;
        .label { width: 13; height: 1; }
        Horizontal { height: auto; }
        Input { width: 1fr; background: $panel; }
        .fault, .hint { padding-left: 13; height: auto; display: none; }
        &.-active .hint { display: block; }
        &.-faulty .fault { display: block; }
        &.-faulty .hint { display: none; }
        &.-hidden { display: none; }
    }
    """

    def __init__(self, name: str, label: str, control: Widget, hint: str = "") -> None:
        """`name` is the field of the draft that the control stands for."""
        super().__init__(id=f"field-{name}")
        self.field = name
        self._label = LiveLines([line(Cell(label, Tone.MUTED))], classes="label")
        self.control = control
        self._hint_text = hint
        self._fault_text = ""
        self._hint = LiveLines([()], classes="hint")
        self._fault = LiveLines([()], classes="fault")

    def compose(self) -> ComposeResult:
        """Compose label and control above the hint and the fault."""
        with Horizontal():
            yield self._label
            yield self.control
        yield self._hint
        yield self._fault

    @property
    def fault(self) -> str:
        """What is wrong with the field, empty where nothing is."""
        return self._fault_text

    @fault.setter
    def fault(self, text: str) -> None:
        self._fault_text = text
        self.set_class(bool(text), "-faulty")
        self._paint()

    @property
    def hint(self) -> str:
        """What the field takes."""
        return self._hint_text

    @hint.setter
    def hint(self, text: str) -> None:
        self._hint_text = text
        self._paint()

    def on_descendant_focus(self) -> None:
        """Show the hint."""
        self.add_class("-active")

    def on_descendant_blur(self) -> None:
        """Hide the hint."""
        self.remove_class("-active")

    def on_resize(self) -> None:
        """Wrap the texts for the new width."""
        self._paint()

    def _paint(self) -> None:
        width = max(self.size.width - LABEL_WIDTH - 1, 20)
        hints = wrap(self._hint_text, width)
        faults = wrap(f"✖ {one_line(self._fault_text)}", width, subsequent_indent="  ")
        self._hint.show([line(Cell(piece, Tone.MUTED)) for piece in hints])
        self._fault.show([line(Cell(piece, Tone.ERROR)) for piece in faults])
