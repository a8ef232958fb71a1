"""Screen 6: one symbol as a chart."""

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import BindingType

from cts_tui.model.chart import ChartView, Series, chart_timeframes
from cts_tui.model.views import DeskSummary
from cts_tui.tui.actions import Where, bindings_for
from cts_tui.tui.cells import length
from cts_tui.tui.screens.desk_screen import DeskScreen
from cts_tui.tui.screens.market_subject import (
    Subject,
    pane_names,
    subject_line,
    subjects_of,
    what_fills,
)
from cts_tui.tui.session import Session
from cts_tui.tui.widgets.candle_chart import CandleChart
from cts_tui.tui.widgets.live_lines import LiveLines

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk

_SERIES_EVERY = 20
"""Readings after which the stored series are looked up anew."""
_TALL = 32
_ALL, _NOTHING = "all", "none"


class MarketBody(NamedTuple):
    """The stored series, and the chart of one of them; None where nothing is stored."""

    series: list[Series]
    view: ChartView | None


class MarketScreen(DeskScreen[MarketBody]):
    """The chart fills the screen; a line above says what it shows."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Where.MARKET)
    CSS_PATH = "market.tcss"
    AUTO_FOCUS = "#chart"
    NAME = "market"
    READ_EVERY_S = 0.5

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._series: list[Series] = []
        self._readings = 0
        self._subject: Subject | None = None
        self._timeframe = ""
        self._pane = ""

    def compose_body(self) -> ComposeResult:
        """Compose the line that says what is shown, and the chart."""
        yield LiveLines([()], id="subject")
        yield CandleChart(empty=("opening the desk…",), id="chart")

    @property
    def chart(self) -> CandleChart:
        """The chart."""
        return self.query_one("#chart", CandleChart)

    # -- reading ------------------------------------------------------------------------------

    def read(self, desk: "Desk") -> MarketBody:
        """Read the chart of the chosen symbol; the list of symbols only now and then."""
        series, readings = self._series, self._readings
        self._readings = 0  # whatever fails now, the series are read anew
        if not series or readings % _SERIES_EVERY == 0:
            series = desk.market.series()
        subject = self._subject
        if subject not in subjects_of(series):
            subject = next(iter(subjects_of(series)), None)
        if subject is None:
            return MarketBody(series, None)
        timeframe = self._timeframe_of(subject, series)
        view = desk.market.chart(subject.connection, subject.symbol, timeframe)
        self._readings = readings + 1
        return MarketBody(series, view)

    def _timeframe_of(self, subject: Subject, series: list[Series]) -> str:
        """Return the chosen timeframe where the subject has it, else the finest stored one."""
        stored = [s.timeframe for s in series if (s.connection, s.symbol) == subject]
        offered = chart_timeframes(stored)
        return self._timeframe if self._timeframe in offered else stored[0]

    def show(self, body: MarketBody, summary: DeskSummary) -> None:
        """Show the chart, unless another one was chosen while this one was read."""
        self._series = body.series
        view = body.view
        if view is None:
            self.chart.set_empty(*what_fills(summary))
            self.chart.show(ChartView("", "1m", ()))
            self.query_one("#subject", LiveLines).show([()])
            return
        if self._is_outdated(view):
            self.refresh_now()
            return
        self._subject, self._timeframe = Subject(view.connection, view.symbol), view.timeframe
        self.chart.set_empty(
            f"no whole candle of {view.timeframe} yet", "a shorter timeframe has some: ,"
        )
        self.chart.set_panes(self._panes_of(view))
        self.chart.show(view)
        self._show_subject(summary.now_ms)

    def _is_outdated(self, view: ChartView) -> bool:
        chosen = self._subject, self._timeframe
        there = Subject(view.connection, view.symbol), view.timeframe
        return self._subject in subjects_of(self._series) and bool(
            chosen != there and (chosen[0] != there[0] or chosen[1] in view.timeframes)
        )

    def _show_subject(self, now_ms: int) -> None:
        line = subject_line(self.chart.view, self.chart.viewport.is_following, now_ms)
        while len(line) > 1 and length(line) > self.size.width:
            line = line[:-1]
        self.query_one("#subject", LiveLines).show([line])

    # -- choosing -----------------------------------------------------------------------------

    def action_next_symbol(self, by: int) -> None:
        """Show the next symbol, or the one before."""
        subjects = subjects_of(self._series)
        if subjects:
            at = subjects.index(self._subject) if self._subject in subjects else 0
            self._choose(subjects[(at + by) % len(subjects)])

    def _choose(self, subject: Subject | None) -> None:
        if subject is not None:
            self._subject = subject
            self.refresh_now()

    def action_pick_symbol(self) -> None:
        """Open the list of symbols."""
        from cts_tui.tui.widgets.pick_modal import PickModal

        def choose(row: Series | None) -> None:
            self._choose(Subject(row.connection, row.symbol) if row else None)

        if not self._series:
            self.notify("no candles are stored yet", severity="warning")
            return
        rows = {(row.connection, row.symbol): row for row in reversed(self._series)}
        listed = [rows[subject] for subject in subjects_of(self._series)]
        self.app.push_screen(PickModal(listed, self.now_ms), choose)

    action_filter = action_pick_symbol  # type: ignore[assignment]

    def action_next_timeframe(self, by: int) -> None:
        """Show longer (+1) or shorter (−1) candles."""
        timeframes = self.chart.view.timeframes
        if self._timeframe in timeframes:
            at = timeframes.index(self._timeframe) + by
            self._timeframe = timeframes[min(max(at, 0), len(timeframes) - 1)]
            self.refresh_now()

    def action_next_pane(self) -> None:
        """Show the next indicator below the candles."""
        names = pane_names(self.chart.view)
        choices = [_ALL, *names, _NOTHING]
        at = choices.index(self._pane_chosen) if self._pane_chosen in choices else 0
        self._pane = choices[(at + 1) % len(choices)]
        self.chart.set_panes(self._panes_of(self.chart.view))

    @property
    def _pane_chosen(self) -> str:
        """The trader's choice; before any, everything on a tall screen and one on a short one."""
        if self._pane or self.size.height >= _TALL:
            return self._pane or _ALL
        return next(iter(pane_names(self.chart.view)), _NOTHING)

    def _panes_of(self, view: ChartView) -> list[str]:
        names = pane_names(view)
        if self._pane:
            return names if self._pane == _ALL else [n for n in names if n == self._pane]
        return names if self.size.height >= _TALL else names[:1]

    def on_candle_chart_cursor_moved(self) -> None:
        """Say whether the chart follows the market."""
        self._show_subject(self.now_ms)

    def on_resize(self) -> None:
        """Choose the panes for the new size."""
        self.chart.set_panes(self._panes_of(self.chart.view))

    def action_back(self) -> None:
        """Drop the cursor and follow; without one, go back to the dashboard."""
        if self.chart.viewport.cursor is not None or not self.chart.viewport.is_following:
            self.chart.action_follow()
        else:
            self.app.switch_mode("dashboard")
