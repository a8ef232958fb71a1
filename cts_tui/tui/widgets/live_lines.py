"""Lines of toned text that repaint only the characters that changed."""

from collections.abc import Sequence
from itertools import zip_longest

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from cts_tui.tui.cells import Line
from cts_tui.tui.tones import ToneStyles, tone_styles


class LiveLines(Widget):
    """A few lines of toned text; `show` compares them with what is painted."""

    DEFAULT_CSS = """
    LiveLines { height: auto; width: 1fr; }
    """

    def __init__(
        self, lines: Sequence[Line] = (), *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._lines = tuple(lines)

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines as last shown."""
        return self._lines

    @property
    def text(self) -> str:
        """The text as last shown, without tones."""
        return "\n".join("".join(cell.text for cell in line) for line in self._lines)

    def show(self, lines: Sequence[Line]) -> None:
        """Show `lines` and repaint the parts that differ from the last ones."""
        before, self._lines = self._lines, tuple(lines)
        if len(before) != len(self._lines):
            self.refresh(layout=True)
            return
        regions = [
            Region(span[0], y, span[1] - span[0], 1)
            for y, (old, new) in enumerate(zip(before, self._lines, strict=True))
            if (span := changed_span(old, new))
        ]
        if regions:
            self.refresh(*regions)

    def render_line(self, y: int) -> Strip:
        """Return line `y`, padded to the widget's width."""
        width = self.size.width
        if y >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        tones = tone_styles(self.app.theme_variables)
        segments = toned_segments(self._lines[y], tones, self.rich_style)
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """Return the length of the longest line."""
        return max((sum(len(c.text) for c in line) for line in self._lines), default=0)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of lines."""
        return len(self._lines)


def toned_segments(cells: Line, tones: ToneStyles, base: Style) -> list[Segment]:
    """Return the cells as segments; neighbours in one tone are joined, which saves escapes."""
    segments: list[Segment] = []
    for text, tone in cells:
        style = base + tones[tone]
        if segments and (segments[-1].style == style):
            segments[-1] = Segment(segments[-1].text + text, style)
        else:
            segments.append(Segment(text, style))
    return segments


def changed_span(old: Line, new: Line) -> tuple[int, int] | None:
    """Return the first and past-the-last character that differ, None when nothing does."""
    if old == new:
        return None
    before = [(char, tone) for text, tone in old for char in text]
    after = [(char, tone) for text, tone in new for char in text]
    differing = [x for x, pair in enumerate(zip_longest(before, after)) if pair[0] != pair[1]]
    return (differing[0], differing[-1] + 1) if differing else None
