"""Candles with indicators and trades, drawn in characters; repaints only what changed.

It is given a `ChartView` and shows it, whether the market moves or a backtest is over.
"""

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from cts_tui.model.chart import ChartView
from cts_tui.model.market import Candle
from cts_tui.tui.actions import Where, bindings_for
from cts_tui.tui.cells import Tone
from cts_tui.tui.tones import ToneStyles, ground_style, tone_styles
from cts_tui.tui.widgets.chart.picture import Picture
from cts_tui.tui.widgets.chart.viewport import Viewport
from cts_tui.tui.widgets.live_lines import toned_segments

_PAN_SHARE = 4
"""One key pans a quarter of the window."""


class CandleChart(Widget, can_focus=True):
    """A candle chart with a cursor, zoom and pan; it follows the newest candle until moved."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Where.CHART)
    DEFAULT_CSS = """
    CandleChart { height: 1fr; width: 1fr; }
    """

    class CursorMoved(Message):
        """The cursor came to another candle, None when it was dropped."""

        def __init__(self, chart: "CandleChart", candle: Candle | None) -> None:
            super().__init__()
            self.chart = chart
            self.candle = candle

        @property
        def control(self) -> "CandleChart":
            """The chart that sent it."""
            return self.chart

    def __init__(
        self, *, panes: Sequence[str] = (), empty: Sequence[str] = (), id: str | None = None
    ) -> None:
        """Show `panes` below the prices, by the names of studies, or `volume`.

        `empty` is what it says without candles.
        """
        super().__init__(id=id)
        self._view = ChartView("", "1m", ())
        self._panes = tuple(panes)
        self._empty = tuple(empty)
        self._picture = Picture()
        self._painted_cursor_x: int | None = None

    # -- what it shows ------------------------------------------------------------------------

    @property
    def view(self) -> ChartView:
        """What is shown."""
        return self._view

    @property
    def viewport(self) -> Viewport:
        """Which candles are in view."""
        return self._picture.viewport

    @property
    def cursor_candle(self) -> Candle | None:
        """The candle under the cursor, None without a cursor."""
        cursor = self.viewport.cursor
        return None if cursor is None else self._view.candles[cursor]

    @property
    def pane_names(self) -> list[str]:
        """The panes that have room, from the top down."""
        return [pane.name for pane in self._picture.panes]

    def show(self, view: ChartView) -> None:
        """Show `view` and repaint what differs from the last one."""
        self._view = view
        self._redraw()

    def set_panes(self, panes: Sequence[str]) -> None:
        """Show these panes below the prices, as many as fit."""
        if tuple(panes) != self._panes:
            self._panes = tuple(panes)
            self._redraw()

    def set_empty(self, *lines: str) -> None:
        """Say `lines` where there are no candles: what is missing, and what to do."""
        if lines != self._empty:
            self._empty = lines
            if not self._view.candles:
                self.refresh()

    def go_to(self, time_ms: int) -> None:
        """Put the cursor on the candle that was open at `time_ms`."""
        if (index := self.viewport.find(time_ms)) is not None:
            self.viewport.put_cursor(index)
            self._moved()

    # -- painting -----------------------------------------------------------------------------

    def _redraw(self) -> None:
        if not self.size:
            return
        before = self._painted_cursor_x
        regions = self._picture.draw(self._view, self.size, self._panes)
        self._painted_cursor_x = self._cursor_x
        if regions is None:
            self.refresh()
            return
        if before != self._painted_cursor_x:
            both = (before, self._painted_cursor_x)
            regions += [Region(x, 0, 1, self.size.height) for x in both if x is not None]
        if regions:
            self.refresh(*regions)

    @property
    def _cursor_x(self) -> int | None:
        """The column under the cursor, None where it is not in view."""
        viewport = self.viewport
        if viewport.cursor is None or not viewport.left <= viewport.cursor < viewport.right:
            return None
        return viewport.x_of(viewport.cursor) + viewport.center

    def render_line(self, y: int) -> Strip:
        """Return row `y`: a line of text, or the plot with the label right of it."""
        drawn, base, width = self._picture.drawn, self.rich_style, self.size.width
        tones = tone_styles(self.app.theme_variables)
        if not drawn.columns:
            return self._advice(y, base, tones)
        if (line := drawn.lines.get(y)) is not None:
            return Strip(toned_segments(line, tones, base)).adjust_cell_length(width, base)
        if y >= len(drawn.columns[0]):
            return Strip.blank(width, base)
        segments = self._plot_segments(y, base, tones)
        label = drawn.gutter[y]
        segments.append(Segment(label.text, base + tones[label.tone]))
        return Strip(segments).adjust_cell_length(width, base)

    def _plot_segments(self, y: int, base: Style, tones: ToneStyles) -> list[Segment]:
        """Return the plot's row in few segments.

        The newest candle and the cursor have segments of their own: Textual writes whole ones.
        """
        drawn, cursor_x = self._picture.drawn, self._cursor_x
        cuts = {*drawn.live, *(() if cursor_x is None else (cursor_x, cursor_x + 1))}
        segments: list[Segment] = []
        text, tone, ground = "", Tone.PLAIN, base
        cursor_ground = base + ground_style(self.app.theme_variables, "row-cursor")
        for x, column in enumerate(drawn.columns):
            char, glyph_tone = column[y]
            if x in cuts or (glyph_tone is not tone and char != " "):
                if text:
                    segments.append(Segment(text, ground + tones[tone]))
                text, tone = "", glyph_tone
                ground = cursor_ground if x == cursor_x else base
            text += char
        segments.append(Segment(text, ground + tones[tone]))
        return segments

    def _advice(self, y: int, base: Style, tones: ToneStyles) -> Strip:
        text = self._empty[y - 1] if 1 <= y <= len(self._empty) else ""
        tone = tones[Tone.PLAIN if y == 1 else Tone.MUTED]
        strip = Strip([Segment("  " + text, base + tone)])
        return strip.adjust_cell_length(self.size.width, base)

    # -- keys and the mouse -------------------------------------------------------------------

    def _moved(self) -> None:
        """Draw the window where it is now, and tell where the cursor is."""
        self._redraw()
        self.post_message(self.CursorMoved(self, self.cursor_candle))

    def action_cursor(self, by: int) -> None:
        """Move the cursor by `by` candles."""
        self.viewport.move_cursor(by)
        self._moved()

    def action_pan(self, by: int) -> None:
        """Move the window by quarters of its width."""
        self.viewport.pan(by * max(self.viewport.capacity // _PAN_SHARE, 1))
        self._moved()

    def action_zoom(self, by: int) -> None:
        """Make candles wider or narrower."""
        self.viewport.zoom(by)
        self._moved()

    def action_oldest(self) -> None:
        """Put the cursor on the oldest candle."""
        self.viewport.put_cursor(0)
        self._moved()

    def action_follow(self) -> None:
        """Drop the cursor and follow the newest candle."""
        self.viewport.follow()
        self._moved()

    def on_resize(self) -> None:
        """Draw everything for the new size."""
        self._redraw()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the candle that was clicked."""
        index = self.viewport.index_at(event.x)
        if index is not None and event.x < self.viewport.columns:
            self.viewport.put_cursor(index)
            self._moved()

    def on_mouse_scroll_up(self) -> None:
        """Make candles wider."""
        self.action_zoom(1)

    def on_mouse_scroll_down(self) -> None:
        """Make candles narrower."""
        self.action_zoom(-1)
