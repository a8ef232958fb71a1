"""The line at the top: what trades, whether it is real money, what is wrong, what time it is."""

from typing import NamedTuple

from cts_tui.model.views import DeskSummary
from cts_tui.tui.cells import BLANK, Cell, Line, Tone, joined, length, line
from cts_tui.tui.formats import clock_text, gain_cell
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


class HeaderFigures(NamedTuple):
    """What the header shows."""

    engine: EngineState
    summary: DeskSummary | None = None
    is_killed: bool = False
    title_note: str = ""
    has_read_error: bool = False


class DeskHeader(LiveLines):
    """One line, and it fits: the least important parts go first where it is narrow."""

    DEFAULT_CSS = """
    DeskHeader { dock: top; height: 1; background: $panel; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._figures = HeaderFigures(EngineState.OPENING)

    def show_figures(self, figures: HeaderFigures) -> None:
        """Show `figures`."""
        self._figures = figures
        if width := self.size.width:
            self.show([header_line(figures, width)])

    def on_resize(self) -> None:
        """Fit the line to the new width."""
        self.show_figures(self._figures)


def header_line(figures: HeaderFigures, width: int) -> Line:
    """Return the header in exactly `width` characters where that is possible."""
    right = _clock(figures)
    for dropped in range(4):
        left = joined(_groups(figures, dropped), gap=" " if dropped else "  ")
        room = width - length(left) - length(right) - 2
        if room > 0:
            break
    return line(" ", *left, " " * max(room, 1), *right, " ")


def _groups(figures: HeaderFigures, dropped: int) -> list[Line]:
    """Return the parts from left to right without the `dropped` least important ones."""
    summary = figures.summary
    badge = mode_badge(summary, figures.title_note)
    groups = [
        line(Cell("cts-tui", Tone.BADGE_BRAND)) if dropped < 2 else (),
        line(badge) if badge.text else (),
        line(_ENGINE_MARKS[figures.engine]),
    ]
    if summary:
        groups.append(_connections(summary, is_short=dropped > 0) if dropped < 3 else ())
        groups.append(line(Cell("PnL ", Tone.MUTED), gain_cell(summary.open_pnl)))
        groups.append(line(Cell(" SYNTHETIC ", Tone.BADGE_STALE)) if summary.is_synthetic else ())
    groups.append(line(Cell(" KILLED ", Tone.BADGE_KILLED)) if figures.is_killed else ())
    groups.append(line(Cell("read failed", Tone.ERROR)) if figures.has_read_error else ())
    return groups


def mode_badge(summary: DeskSummary | None, title_note: str) -> Cell:
    """Return LIVE with the number of live connections, else the note (DEMO), else PAPER.

    Nothing is claimed before the desk was read.
    """
    if summary and summary.connections_live:
        return Cell(f" LIVE ×{summary.connections_live} ", Tone.BADGE_LIVE)
    if title_note:
        return Cell(f" {title_note.upper()} ", Tone.BADGE_DEMO)
    return Cell(" PAPER ", Tone.BADGE_PAPER) if summary else BLANK


def _connections(summary: DeskSummary, *, is_short: bool) -> Line:
    count = f"{summary.connections_enabled}/{summary.connections}"
    return line(Cell(count), Cell(" on" if is_short else " connections on", Tone.MUTED))


def _clock(figures: HeaderFigures) -> Line:
    if figures.summary is None:
        return ()
    return line(Cell(clock_text(figures.summary.now_ms), Tone.MUTED))
