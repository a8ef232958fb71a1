"""The line at the top: what trades, whether it is real money, what is wrong, what time it is."""

from typing import NamedTuple

from textual.app import ComposeResult
from textual.containers import Horizontal

from cts_tui.model.trading import Mode
from cts_tui.model.views import DeskSummary
from cts_tui.tui.cells import Cell, Line, Tone, joined, length, line
from cts_tui.tui.formats import clock_text, gain_cell
from cts_tui.tui.money_badges import money_badges, warning_badges
from cts_tui.tui.session import EngineState
from cts_tui.tui.widgets.live_lines import LiveLines

_ENGINE_MARKS = {
    EngineState.OPENING: Cell("◌ opening the desk…", Tone.MUTED),
    EngineState.STARTING: Cell("◌ starting", Tone.WARNING),
    EngineState.RUNNING: Cell("● running", Tone.GOOD),
    EngineState.ATTACHED: Cell("● attached", Tone.PAPER),
    EngineState.STOPPING: Cell("◌ stopping…", Tone.WARNING),
    EngineState.STOPPED: Cell("○ stopped", Tone.STALE),
    EngineState.FAILED: Cell("✖ engine failed", Tone.LIVE),
}


_SHORTNESS = (0, 0, 0, 0, 1, 1, 3, 4)
"""How short real money is told of, by how much was left out of the line."""


class HeaderFigures(NamedTuple):
    """What the header shows."""

    engine: EngineState
    summary: DeskSummary | None = None
    is_killed: bool = False
    title_note: str = ""
    has_read_error: bool = False


class DeskHeader(Horizontal):
    """One line, and it fits: the least important parts go first where it is narrow.

    The clock is a widget of its own, so that its ticking costs only its own few characters.
    """

    DEFAULT_CSS = """
    DeskHeader {
        dock: top;
        height: 1;
        background: $panel;
        #clock { width: 10; }
        &.-testnet { background: $testnet 25%; }
        &.-live { background: $live 35%; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._figures = HeaderFigures(EngineState.OPENING)
        self._line = LiveLines([()])
        self._clock = LiveLines([()], id="clock")

    def compose(self) -> ComposeResult:
        """Compose the line and the clock."""
        yield self._line
        yield self._clock

    @property
    def text(self) -> str:
        """What the header says."""
        return f"{self._line.text} {self._clock.text}"

    def show_figures(self, figures: HeaderFigures) -> None:
        """Show `figures`; the whole line changes its ground while real money is at stake."""
        self._figures = figures
        modes = {one.mode for one in figures.summary.live} if figures.summary else set()
        self.set_class(Mode.LIVE in modes, "-live")
        self.set_class(modes == {Mode.TESTNET}, "-testnet")
        if width := self._line.size.width:
            self._line.show([header_line(figures, width)])
            self._clock.show([_clock(figures)])

    def on_resize(self) -> None:
        """Fit the line to the new width, once its parts have theirs."""
        self.call_after_refresh(lambda: self.show_figures(self._figures))


def header_line(figures: HeaderFigures, width: int) -> Line:
    """Return the parts that fit into `width` characters, all of them where that is possible."""
    cells: Line = ()
    for dropped in range(len(_SHORTNESS)):
        cells = line(" ", *joined(_groups(figures, dropped), gap=" " if dropped else "  "))
        if length(cells) <= width:
            break
    return cells


def _groups(figures: HeaderFigures, dropped: int) -> list[Line]:
    """Return the parts from left to right without the `dropped` least important ones.

    What is said of real money is shortened too, and dropped never.
    """
    summary = figures.summary
    short = _SHORTNESS[dropped]
    brand = line(Cell("cts-tui", Tone.BADGE_BRAND)) if dropped < 2 else ()
    groups = [brand, mode_badges(summary, figures.title_note, short)]
    if summary:
        groups.append(warning_badges(summary, short, is_killed=figures.is_killed))
    groups.append(line(_ENGINE_MARKS[figures.engine]) if dropped < 7 else ())
    if summary:
        groups.append(_connections(summary, is_short=dropped > 0) if dropped < 3 else ())
        gain = line(Cell("PnL ", Tone.MUTED), gain_cell(summary.open_pnl))
        groups.append(gain if dropped < 5 else ())
        is_told = summary.is_synthetic and dropped < 7
        groups.append(line(Cell(" SYNTHETIC ", Tone.BADGE_STALE)) if is_told else ())
    groups.append(line(Cell("read failed", Tone.ERROR)) if figures.has_read_error else ())
    return groups


def mode_badges(summary: DeskSummary | None, title_note: str, short: int = 0) -> Line:
    """Return what trades at an exchange, else the note (DEMO), else PAPER.

    Nothing is claimed before the desk was read.
    """
    if summary and summary.live:
        return money_badges(summary, short)
    if title_note:
        return line(Cell(f" {title_note.upper()} ", Tone.BADGE_DEMO))
    return line(Cell(" PAPER ", Tone.BADGE_PAPER)) if summary else ()


def _connections(summary: DeskSummary, *, is_short: bool) -> Line:
    count = f"{summary.connections_enabled}/{summary.connections}"
    return line(Cell(count), Cell(" on" if is_short else " connections on", Tone.MUTED))


def _clock(figures: HeaderFigures) -> Line:
    if figures.summary is None:
        return ()
    return line(Cell(clock_text(figures.summary.now_ms), Tone.MUTED))
