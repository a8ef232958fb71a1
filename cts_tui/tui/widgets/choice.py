"""One of a few words, chosen with the arrow keys: all of them are seen at once."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message

from cts_tui.tui.actions import Where, bindings_for
from cts_tui.tui.cells import Cell, Line, Tone
from cts_tui.tui.widgets.live_lines import LiveLines

_GAP = 2


class Choice(LiveLines, can_focus=True):
    """Shows its options beside each other; a mark, not a colour alone, says which is chosen."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Where.CHOICE)

    class Changed(Message):
        """Another option was chosen."""

        def __init__(self, choice: "Choice", value: str) -> None:
            super().__init__()
            self.choice = choice
            self.value = value

        @property
        def control(self) -> "Choice":
            """The choice that sent it."""
            return self.choice

    def __init__(self, options: Sequence[str], value: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._options = tuple(options)
        self._value = value
        self._has_keys = False

    @property
    def value(self) -> str:
        """The option that is chosen."""
        return self._value

    @value.setter
    def value(self, value: str) -> None:
        if value != self._value:
            self._value = value
            self._paint()
            self.post_message(self.Changed(self, value))

    def on_mount(self) -> None:
        """Show the options."""
        self._paint()

    def _paint(self) -> None:
        self.show([options_line(self._options, self._value, has_keys=self._has_keys)])

    def on_focus(self) -> None:
        """Show that the keys go here."""
        self._has_keys = True
        self._paint()

    def on_blur(self) -> None:
        """Show that the keys go elsewhere."""
        self._has_keys = False
        self._paint()

    def action_next_option(self, steps: int) -> None:
        """Choose the option `steps` to the right (negative: left), around the ends."""
        at = self._options.index(self._value) + steps
        self.value = self._options[at % len(self._options)]

    def on_click(self, event: events.Click) -> None:
        """Choose the option that was clicked."""
        x = 0
        for option in self._options:
            x += len(option) + 2 + _GAP
            if event.x < x:
                self.value = option
                return


def options_line(options: Sequence[str], value: str, *, has_keys: bool) -> Line:
    """Return `● paper  ○ testnet  ○ live`; the chosen one stands out where the keys are."""
    cells: list[Cell] = []
    for option in options:
        is_chosen = option == value
        tone = (Tone.TITLE if has_keys else Tone.STRONG) if is_chosen else Tone.MUTED
        cells.append(Cell(f"{'●' if is_chosen else '○'} {option}", tone))
        cells.append(Cell(" " * _GAP))
    return tuple(cells[:-1])
