"""What the market screen shows: its subject, the panes there are, and the words around them."""

from typing import NamedTuple

from cts_tui.model.chart import ChartView, Series, StudyKind
from cts_tui.model.views import DeskSummary
from cts_tui.tui.cells import Cell, Line, Tone, joined
from cts_tui.tui.formats import age_text
from cts_tui.tui.states import source_cell
from cts_tui.tui.widgets.chart.panes import VOLUME
from cts_tui.tui.widgets.chart.scale import number_text, price_decimals


class Subject(NamedTuple):
    """What is on the chart."""

    connection: str
    symbol: str


def subjects_of(series: list[Series]) -> list[Subject]:
    """Return each symbol of each connection once."""
    return list(dict.fromkeys(Subject(row.connection, row.symbol) for row in series))


def pane_names(view: ChartView) -> list[str]:
    """Return what can be shown below the candles."""
    return [*(s.name for s in view.studies if s.kind is not StudyKind.OVERLAY), VOLUME]


def what_fills(summary: DeskSummary) -> tuple[str, ...]:
    """Return what the trader waits for, or has to do, until there are candles."""
    if not summary.connections_enabled:
        return "no candles are stored yet", "enable a connection: 2, then e"
    return "no candles are stored yet", "they come with the first candles of the feed; 8 shows it"


def subject_line(view: ChartView, is_following: bool, now_ms: int) -> Line:  # noqa: FBT001
    """Return what the chart shows and what its last price is worth; the end may be cut."""
    groups: list[Line] = [
        (Cell(f" {view.symbol}", Tone.TITLE),),
        (Cell(view.timeframe, Tone.STRONG),),
        (Cell(view.connection, Tone.MUTED),),
    ]
    if last := view.last:
        price = number_text(last.price, price_decimals(last.price))
        stale = (Cell(" STALE", Tone.STALE),) if last.is_stale else ()
        age = Cell(f" {age_text(now_ms - last.time_ms)} ago", Tone.MUTED)
        groups.append((Cell(price, Tone.STRONG), Cell(" "), source_cell(last.source), age, *stale))
    if not is_following:
        groups.append((Cell("not following: end", Tone.WARNING),))
    return joined(groups)
