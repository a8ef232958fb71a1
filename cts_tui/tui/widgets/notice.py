"""A sentence that is wrapped to the width it has."""

from textwrap import wrap

from textual.geometry import Size

from cts_tui.tui.cells import Cell, Line, Tone, line
from cts_tui.tui.formats import one_line
from cts_tui.tui.widgets.live_lines import LiveLines


class Notice(LiveLines):
    """Says one thing in one tone."""

    def __init__(self, text: str = "", tone: Tone = Tone.MUTED, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._said = text
        self._tone = tone

    @property
    def said(self) -> str:
        """What it says."""
        return self._said

    def tell(self, text: str, tone: Tone = Tone.MUTED) -> None:
        """Say `text` from now on."""
        self._said, self._tone = text, tone
        self.on_resize()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many lines the sentence needs in `width`."""
        return len(self._pieces(width))

    def on_resize(self) -> None:
        """Wrap the sentence for the new width."""
        if width := self.size.width:
            self.show(self._pieces(width))

    def _pieces(self, width: int) -> list[Line]:
        pieces = wrap(one_line(self._said), max(width, 10))
        return [line(Cell(piece, self._tone)) for piece in pieces]
