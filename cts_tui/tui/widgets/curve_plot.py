"""One curve over a time that is over, drawn in braille, with a few values at its right."""

from collections.abc import Callable, Sequence

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from cts_tui.tui.cells import Cell, Line, Tone
from cts_tui.tui.tones import tone_styles
from cts_tui.tui.widgets.chart.glyphs import BLANK, line_columns
from cts_tui.tui.widgets.chart.scale import fitted, number_text, ticks
from cts_tui.tui.widgets.live_lines import toned_segments

_GUTTER = 11
"""Columns of the values; the same for every curve, so that curves above each other line up."""
_ROWS_PER_VALUE = 3
_MOST_DECIMALS = 4

Pick = Callable[[Sequence[float]], float]
"""Which of several values in one column is shown."""


def newest(values: Sequence[float]) -> float:
    """Return the last value."""
    return values[-1]


class CurvePlot(Widget):
    """A curve that fills the widget; the lowest line may say where it begins and ends."""

    DEFAULT_CSS = """
    CurvePlot { height: 1fr; width: 1fr; border-top: solid $line; }
    """

    def __init__(self, *, tone: Tone, pick: Pick = newest, title: str = "", id: str) -> None:
        """Draw in `tone`; where values share a column, `pick` chooses."""
        super().__init__(id=id)
        self.border_title = title
        self._tone = tone
        self._pick = pick
        self._values: tuple[float, ...] = ()
        self._ends = ("", "")
        self._lines: list[Line] | None = None

    def show(self, values: Sequence[float], ends: tuple[str, str] = ("", "")) -> None:
        """Show `values`, and below them the texts of both `ends`."""
        self._values, self._ends = tuple(values), ends
        self._forget()

    def _forget(self) -> None:
        self._lines = None
        self.refresh()

    on_resize = _forget

    def render_line(self, y: int) -> Strip:
        """Return line `y`."""
        if self._lines is None:
            size = self.size
            self._lines = curve_lines(
                self._values, self._ends, size.width, size.height, self._tone, self._pick
            )
        width, base = self.size.width, self.rich_style
        if y >= len(self._lines):
            return Strip([Segment(" " * width, base)], width)
        segments = toned_segments(self._lines[y], tone_styles(self.app.theme_variables), base)
        return Strip(segments).adjust_cell_length(width, base)


def curve_lines(
    values: Sequence[float],
    ends: tuple[str, str],
    width: int,
    height: int,
    tone: Tone,
    pick: Pick = newest,
) -> list[Line]:
    """Return the lines of a curve; none where there is no room or nothing to draw."""
    columns, rows = width - _GUTTER, height - any(ends)
    if not values or columns < 2 or rows < 1:
        return []
    shown = resampled(values, columns, pick)
    scale = fitted(shown, rows)
    drawn = [
        line_columns((shown[max(x - 1, 0)], value, shown[min(x + 1, columns - 1)]), scale, 1, tone)[
            0
        ]
        for x, value in enumerate(shown)
    ]
    marked, decimals = ticks(scale, min(_ROWS_PER_VALUE, rows))
    decimals = min(decimals, _MOST_DECIMALS)
    labels = {scale.row(value): f" {number_text(value, decimals)}" for value in marked}
    lines = []
    for y in range(rows):
        cells = [
            Cell("┈", Tone.GRID) if column[y] is BLANK and y in labels else Cell(*column[y])
            for column in drawn
        ]
        lines.append((*cells, Cell(labels.get(y, ""), Tone.MUTED)))
    if any(ends):
        start, end = ends
        lines.append((Cell(start + end.rjust(columns - len(start)), Tone.MUTED),))
    return lines


def resampled(values: Sequence[float], columns: int, pick: Pick = newest) -> list[float]:
    """Return one value per column: picked where there are more, on straight lines where fewer."""
    count = len(values)
    if count >= columns:
        edges = [x * count // columns for x in range(columns + 1)]
        return [pick(values[edges[x] : edges[x + 1]]) for x in range(columns)]
    made = []
    for x in range(columns):
        place = x * (count - 1) / (columns - 1)
        left = min(int(place), count - 1)
        right = min(left + 1, count - 1)
        made.append(values[left] + (values[right] - values[left]) * (place - left))
    return made
