"""The report of a backtest: one strategy on one stored series, over the whole screen."""

from collections.abc import Sequence
from functools import partial
from textwrap import wrap
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.worker import Worker, WorkerState

from cts_tui.errors import CtsError
from cts_tui.model.backtest_view import BacktestMonth, BacktestTrade, BacktestView
from cts_tui.model.chart import Series
from cts_tui.tui.actions import Where, bindings_for
from cts_tui.tui.cells import Cell, Line, Tone, line
from cts_tui.tui.formats import (
    count_text,
    direction_cell,
    gain_cell,
    gain_pct_cell,
    gain_tone,
    one_line,
    price_cell,
)
from cts_tui.tui.session import reason_of
from cts_tui.tui.widgets.chart.axes import legend_time
from cts_tui.tui.widgets.columns import Column
from cts_tui.tui.widgets.curve_plot import CurvePlot
from cts_tui.tui.widgets.live_lines import LiveLines
from cts_tui.tui.widgets.live_table import LiveTable

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk

_PAGES = ("curves", "trades", "months")
_METRIC_WIDTH, _GAP = 26, "  "
_GAINS = ("Net profit", "Return")
_NOTHING_STORED = (
    "no candles are stored yet: an engine stores them while it runs",
    "esc, then 2 shows the connections, e enables one",
)

_T = Column[BacktestTrade]
_TRADES = (
    _T("entered", "Entered", lambda t, _: Cell(legend_time(t.entry_time_ms), Tone.MUTED), 16, 1,
       order=lambda t: t.entry_time_ms),
    _T("left", "Left", lambda t, _: Cell(legend_time(t.exit_time_ms), Tone.MUTED), 16, 7,
       order=lambda t: t.exit_time_ms),
    _T("side", "Side", lambda t, _: direction_cell(t.side), 5, 1, order=lambda t: t.side),
    _T("entry", "Entry", lambda t, _: price_cell(t.entry_price), 8, 3, is_number=True),
    _T("exit", "Exit", lambda t, _: price_cell(t.exit_price), 8, 2, is_number=True),
    _T("pnl", "PnL", lambda t, _: gain_cell(t.pnl), 7, 1, is_number=True, order=lambda t: t.pnl),
    _T("pnl_pct", "PnL %", lambda t, _: gain_pct_cell(t.pnl_pct), 7, 1, is_number=True,
       order=lambda t: t.pnl_pct),
    _T("reason", "Reason", lambda t, _: Cell(t.reason.replace("_", " ")), 6, 4,
       order=lambda t: t.reason),
)  # fmt: skip
_M = Column[BacktestMonth]
_MONTHS = (
    _M("month", "Month", lambda m, _: Cell(m.name), 7, 1, order=lambda m: m.name),
    _M("trades", "Trades", lambda m, _: Cell(f"{m.trades:,}"), 6, 3, is_number=True,
       order=lambda m: m.trades),
    _M("profit", "Profit", lambda m, _: Cell(f"{m.profit:+,.2f}", gain_tone(round(m.profit, 2))),
       9, 2, is_number=True, order=lambda m: m.profit),
    _M("return", "Return", lambda m, _: gain_pct_cell(m.return_pct), 7, 1, is_number=True,
       order=lambda m: m.return_pct),
)  # fmt: skip


class Answer(NamedTuple):
    """What came of one run: a view, or the reason why there is none."""

    series: Sequence[Series]
    at: int
    view: BacktestView | None
    reason: str = ""


class BacktestReport(ModalScreen[None]):
    """Figures above curves and tables; on a small terminal one of these at a time."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_for(Where.REPORT),
        Binding("escape", "leave", "Back", id="dialog.cancel"),
    ]
    CSS_PATH = "backtest_report.tcss"
    AUTO_FOCUS = ""

    def __init__(self, desk: "Desk", strategy: str, symbols: Sequence[str]) -> None:
        """Report on `strategy`, at first on a series of one of its `symbols` (`*`: any)."""
        super().__init__()
        self._desk = desk
        self._strategy = strategy
        self._symbols = symbols
        self._series: Sequence[Series] = ()
        self._at = 0
        self._page = 0
        self._work: Worker[Answer] | None = None
        self.view: BacktestView | None = None
        """What is shown, None while there is nothing to show."""
        self.head = LiveLines([()], id="head")
        self.figures = LiveLines([()], id="figures")
        self.equity = CurvePlot(tone=Tone.CURVE_A, title="Equity", id="equity")
        self.drawdown = CurvePlot(tone=Tone.LOSS, pick=min, title="Drawdown %", id="drawdown")
        self.trades: LiveTable[BacktestTrade] = LiveTable(
            _TRADES, lambda t: (t.entry_time_ms, t.exit_time_ms), title="Trades",
            empty=("no trades: its rules never held on these candles",), id="trades",
        )  # fmt: skip
        self.months: LiveTable[BacktestMonth] = LiveTable(
            _MONTHS, lambda m: m.name, title="Months", id="months"
        )

    def compose(self) -> ComposeResult:
        """Compose the figures above the curves and the tables."""
        with Vertical(id="report") as box:
            box.border_title = f"Backtest of {self._strategy}"
            box.border_subtitle = "t curves, trades, months · [ ] series · esc back".replace(
                "[", "\\["
            )
            yield self.head
            yield self.figures
            with Vertical(id="curves"):
                yield self.equity
                yield self.drawdown
            with Horizontal(id="tables"):
                yield self.trades
                yield self.months

    def on_mount(self) -> None:
        """Begin with the first series."""
        self._show_page()
        self._run(None)

    # -- running ------------------------------------------------------------------------------

    def _run(self, at: int | None) -> None:
        """Backtest on the series at `at`; None looks up the series and takes a fitting one."""
        self._show_blank([line(Cell("computing…", Tone.MUTED))])
        self._work = self.run_worker(
            partial(self._compute, at), group="backtest", thread=True, exclusive=True,
            exit_on_error=False,
        )  # fmt: skip

    def _compute(self, at: int | None) -> Answer:
        series = self._series
        if at is None:
            series = self._desk.market.series()
            meant = (i for i, s in enumerate(series) if {s.symbol, "*"} & {*self._symbols})
            at = next(meant, 0)
        if not series:
            return Answer((), 0, None)
        try:
            return Answer(series, at, self._desk.reports.backtest(self._strategy, series[at]))
        except CtsError as error:
            return Answer(series, at, None, reason_of(error))

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show what came of it."""
        if event.worker is not self._work:
            return
        if event.state is WorkerState.SUCCESS and isinstance(event.worker.result, Answer):
            self._accept(event.worker.result)
        elif event.state is WorkerState.ERROR:
            self._show_blank(self._refusal(reason_of(event.worker.error)))

    def _accept(self, answer: Answer) -> None:
        self._series, self._at = answer.series, answer.at
        if answer.view:
            self._show(answer.view)
        elif answer.series:
            self._show_blank([self._subject(), *self._refusal(answer.reason)])
        else:
            self._show_blank([line(Cell(text, Tone.MUTED)) for text in _NOTHING_STORED])

    # -- showing ------------------------------------------------------------------------------

    def _show_blank(self, lines: Sequence[Line]) -> None:
        """Show `lines` and nothing else."""
        self.view = None
        self.add_class("-blank")
        self.head.show(lines)

    def _show(self, view: BacktestView) -> None:
        self.view = view
        self.remove_class("-blank")
        ends = (_time(view.start_ms), _time(view.end_ms))
        self.equity.show(view.equity)
        self.drawdown.show(view.drawdown, ends)
        self.trades.update_rows(view.trades, 0)
        self.months.update_rows(view.months, 0)
        self._show_texts()
        self._show_page()

    def _show_texts(self) -> None:
        if view := self.view:
            span = (
                f"{_time(view.start_ms)} to {_time(view.end_ms)} UTC, "
                f"{count_text(view.candles, 'candle')} of {view.timeframe}"
            )
            notes = wrap(one_line(view.note), self._room) if view.note else []
            told = wrap(span, self._room)
            self.head.show([
                self._subject(),
                *(line(Cell(text, Tone.MUTED)) for text in told),
                *(line(Cell(text, Tone.WARNING)) for text in notes),
            ])  # fmt: skip
            self.figures.show(metric_lines(view.metrics, self._room))

    @property
    def _room(self) -> int:
        return max(self.size.width - 4, _METRIC_WIDTH)

    def _subject(self) -> Line:
        series = self._series[self._at]
        place = f"  series {self._at + 1} of {len(self._series)}"
        if view := self.view:
            place += f"  from {view.balance:,}, fee {view.fee_pct}%"
        return line(
            Cell(series.symbol, Tone.STRONG), f" {series.timeframe}  {series.connection}",
            Cell(place, Tone.MUTED),
        )  # fmt: skip

    def _refusal(self, reason: str) -> list[Line]:
        return [line(Cell(text, Tone.ERROR)) for text in wrap(f"✖ {one_line(reason)}", self._room)]

    def on_resize(self) -> None:
        """Wrap the texts for the new width."""
        self.call_after_refresh(self._show_texts)

    def _show_page(self) -> None:
        """Show the chosen page, and give the keys to its table."""
        for index, name in enumerate(_PAGES):
            self.set_class(index == self._page, f"-on-{name}")
        table = self.months if _PAGES[self._page] == "months" else self.trades
        self.call_after_refresh(self.set_focus, table)

    # -- actions ------------------------------------------------------------------------------

    def action_next_page(self) -> None:
        """Show the next of curves, trades and months; where all are seen, move the keys."""
        self._page = (self._page + 1) % len(_PAGES)
        self._show_page()

    def action_next_series(self, by: int) -> None:
        """Backtest on the next stored series, or the one before."""
        if len(self._series) > 1:
            self._at = (self._at + by) % len(self._series)
            self._run(self._at)

    def action_leave(self) -> None:
        """Go back to the strategies."""
        self.dismiss(None)


def metric_lines(metrics: Sequence[tuple[str, str]], width: int) -> list[Line]:
    """Return the figures column by column, in as many columns as fit."""
    columns = max((width + len(_GAP)) // _METRIC_WIDTH, 1)
    rows = -(-len(metrics) // columns)
    lines: list[Line] = []
    for row in range(rows):
        cells: list[Cell] = []
        for label, text in metrics[row::rows]:
            value = text.rjust(_METRIC_WIDTH - len(_GAP) - len(label))
            tone = Tone.STRONG
            if label in _GAINS:
                tone = Tone.LOSS if text.startswith("-") else Tone.PROFIT
            cells += [Cell(label, Tone.MUTED), Cell(value, tone), Cell(_GAP)]
        lines.append(tuple(cells))
    return lines


def _time(time_ms: int | None) -> str:
    return "-" if time_ms is None else legend_time(time_ms)
