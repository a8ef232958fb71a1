"""A chart as it is on the screen, and which parts of it the next update changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from textual.geometry import Region, Size

from cts_tui.model.chart import ChartView, Mark
from cts_tui.model.market import timeframe_ms
from cts_tui.tui.cells import BLANK as NO_CELL
from cts_tui.tui.cells import Cell, Line, Tone, length
from cts_tui.tui.widgets.chart.axes import time_axis
from cts_tui.tui.widgets.chart.glyphs import BLANK, Column
from cts_tui.tui.widgets.chart.legend import candle_legend
from cts_tui.tui.widgets.chart.panes import PRICE, VOLUME, Pane, PricePane, StudyPane, VolumePane
from cts_tui.tui.widgets.chart.scale import Scale
from cts_tui.tui.widgets.chart.viewport import Viewport
from cts_tui.tui.widgets.live_lines import changed_span

LEGEND_ROWS = 2
_LEAST_PRICE_ROWS, _LEAST_PANE_ROWS, _MOST_PANE_ROWS = 5, 3, 10


@dataclass(slots=True)
class _Drawn:
    """Everything on the screen."""

    size: Size
    lines: dict[int, Line] = field(default_factory=dict)
    """Rows that are text from side to side: legends, headings, the time axis."""
    columns: list[Column] = field(default_factory=list)
    """The plot, column by column; rows that are text are blank in it."""
    gutter: list[Cell] = field(default_factory=list)
    """The labels right of the plot, by row."""
    gutter_width: int = 0
    live: tuple[int, int] = (0, 0)
    """The columns of the newest candle: where it starts and where it ends."""


class Picture:
    """Draws views of one chart after the other; `draw` tells what to repaint."""

    def __init__(self) -> None:
        self.viewport = Viewport()
        self.drawn = _Drawn(Size())
        self.panes: list[Pane] = []
        self._subject: object = None
        self._window: object = None
        self._epoch: object = None
        self._painted: dict[int, tuple[object, list[Column]]] = {}

    def draw(self, view: ChartView, size: Size, wanted: Sequence[str]) -> list[Region] | None:
        """Draw `view` with the `wanted` panes below it; return what changed, None for all."""
        before, viewport = self.drawn, self.viewport
        subject = (view.connection, view.symbol, view.timeframe)
        if subject != self._subject:
            self._subject = subject
            self.viewport.follow()
            self.panes, before = [], _Drawn(Size())
        viewport.renew([candle.time_ms for candle in view.candles])
        if not view.candles or size.width < 20 or size.height < LEGEND_ROWS + 4:
            self.drawn, self.panes = _Drawn(size), []
            return None
        if before.size.width != size.width:
            viewport.fit(size.width - before.gutter_width)
        price = self._plan(view, size, wanted)
        gutter_width = max(before.gutter_width, self._label_width())
        viewport.fit(size.width - gutter_width)
        self.drawn = self._compose(view, size, gutter_width, price)
        is_same_frame = before.size == size and before.gutter_width == gutter_width
        return _changes(before, self.drawn) if is_same_frame else None

    # -- what goes where ----------------------------------------------------------------------

    def _plan(self, view: ChartView, size: Size, wanted: Sequence[str]) -> PricePane:
        """Choose the panes that fit, and their scales; return the one of prices, the first."""
        viewport = self.viewport
        window = (viewport.is_following or viewport.left, viewport.width)
        scales = {pane.name: pane.scale for pane in self.panes if window == self._window}
        self._window = window
        shown = range(viewport.left, viewport.right)
        room = size.height - LEGEND_ROWS - 1
        names = [name for name in wanted if name == VOLUME or _study(view, name)]
        rows = pane_rows(room, len(names))
        while names and (rows < _LEAST_PANE_ROWS or room - _below(names, rows) < _LEAST_PRICE_ROWS):
            names.pop()
            rows = pane_rows(room, len(names))
        price_rows = room - _below(names, rows)
        marks = self._marks_in_view(view)
        price = PricePane(view, shown, price_rows, scales.get(PRICE), marks)
        below = (_pane(view, name, shown, rows, scales.get(name)) for name in names)
        self.panes = [price, *below]
        return price

    def _marks_in_view(self, view: ChartView) -> Mapping[int, Sequence[Mark]]:
        found: dict[int, list[Mark]] = {}
        for mark in view.marks:
            index = self.viewport.find(mark.time_ms)
            if index is not None:
                found.setdefault(index, []).append(mark)
        return found

    def _label_width(self) -> int:
        return (
            max((len(c.text) for pane in self.panes for c in pane.labels.values()), default=1) + 1
        )

    def _compose(self, view: ChartView, size: Size, gutter_width: int, price: PricePane) -> _Drawn:
        viewport = self.viewport
        width = size.width - gutter_width
        drawn = _Drawn(size, gutter_width=gutter_width)
        index = viewport.right - 1 if viewport.cursor is None else viewport.cursor
        drawn.lines[0] = candle_legend(view, index, price.decimals, size.width)
        drawn.lines[1] = (Cell(" "), *price.legend(index))
        drawn.gutter = [NO_CELL] * size.height
        blank = Cell(" " * gutter_width)
        y = LEGEND_ROWS
        for pane in self.panes:
            if pane is not price:
                drawn.lines[y] = _heading(pane.legend(index), size.width)
                y += 1
            for row in range(pane.scale.rows):
                drawn.gutter[y + row] = _label(pane.labels.get(row), gutter_width) or blank
            y += pane.scale.rows
        step_ms = timeframe_ms(view.timeframe)
        drawn.lines[y] = time_axis(view.candles, viewport, step_ms, width)
        drawn.columns = self._paint(width, size.height)
        if viewport.is_following:
            drawn.live = (viewport.x_of(viewport.count - 1), width)
        return drawn

    # -- the plot -----------------------------------------------------------------------------

    def _paint(self, width: int, height: int) -> list[Column]:
        """Return the plot; the columns of candles that did not change are those of before."""
        viewport = self.viewport
        guides = [tuple(pane.guides.items()) for pane in self.panes]
        scales = [(pane.name, pane.scale) for pane in self.panes]
        epoch = (viewport.width, scales, guides)
        before = self._painted if epoch == self._epoch else {}
        self._epoch, self._painted = epoch, {}
        first_x = viewport.x_of(viewport.left)
        columns = [self._column([])] * max(first_x, 0)
        for index in range(viewport.left, viewport.right):
            time_ms = viewport.time_of(index)
            key = [pane.key(index) for pane in self.panes]
            known = before.get(time_ms)
            if known is None or known[0] != key:
                known = key, self._candle(index)
            self._painted[time_ms] = known
            columns += known[1]
        return columns[-width:]

    def _candle(self, index: int) -> list[Column]:
        parts = [pane.columns(index, self.viewport.width) for pane in self.panes]
        return [self._column([part[x] for part in parts]) for x in range(self.viewport.width)]

    def _column(self, parts: list[Column]) -> Column:
        """Return one column from legend to time axis; guides show where a pane is blank."""
        column: Column = [BLANK] * LEGEND_ROWS
        for number, pane in enumerate(self.panes):
            if number:
                column.append(BLANK)
            part = parts[number] if parts else [BLANK] * pane.scale.rows
            guides = pane.guides
            column += [
                guides.get(row, glyph) if glyph.char == " " else glyph
                for row, glyph in enumerate(part)
            ]
        column.append(BLANK)
        return column


def pane_rows(room: int, panes: int) -> int:
    """Return how many rows each pane below the prices gets."""
    return min(int(room / (1.5 * panes + 3)), _MOST_PANE_ROWS) if panes else 0


def _below(names: Sequence[str], rows: int) -> int:
    return len(names) * (rows + 1)


def _study(view: ChartView, name: str) -> bool:
    return any(study.name == name for study in view.studies)


def _pane(view: ChartView, name: str, shown: range, rows: int, before: Scale | None) -> Pane:
    if name == VOLUME:
        return VolumePane(view, shown, rows, before)
    study = next(study for study in view.studies if study.name == name)
    return StudyPane(study, shown, rows, before)


def _label(label: Cell | None, width: int) -> Cell | None:
    """Return a label over the whole gutter, its mark at the left and its number at the right."""
    if label is None:
        return None
    return Cell(label.text[0] + label.text[1:].rjust(width - 1), label.tone)


def _heading(legend: Line, width: int) -> Line:
    rest = max(width - length(legend) - 4, 0)
    return (Cell("── ", Tone.GRID), *legend, Cell(" " + "─" * rest, Tone.GRID))


def _changes(before: _Drawn, after: _Drawn) -> list[Region]:
    """Return the regions in which both differ: spans of text, labels, columns of the plot."""
    regions = []
    for y in before.lines.keys() | after.lines.keys():
        old, new = before.lines.get(y), after.lines.get(y)
        if old is None or new is None:
            regions.append(Region(0, y, after.size.width, 1))
        elif span := changed_span(old, new):
            regions.append(Region(span[0], y, span[1] - span[0], 1))
    gutter_x = after.size.width - after.gutter_width
    for y, (was, now) in enumerate(zip(before.gutter, after.gutter, strict=True)):
        if was != now:
            regions.append(Region(gutter_x, y, after.gutter_width, 1))
    return regions + _column_changes(before.columns, after.columns)


def _column_changes(before: list[Column], after: list[Column]) -> list[Region]:
    """Return one region per run of changed columns, no higher than what changed in it."""
    regions: list[Region] = []
    for x, (was, now) in enumerate(zip(before, after, strict=True)):
        if was is now or was == now:
            continue
        rows = [y for y, pair in enumerate(zip(was, now, strict=True)) if pair[0] != pair[1]]
        region = Region(x, rows[0], 1, rows[-1] + 1 - rows[0])
        if regions and regions[-1].right == x:
            regions[-1] = regions[-1].union(region)
        else:
            regions.append(region)
    return regions
