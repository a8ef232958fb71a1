"""Screen 8: the health of everything."""

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from cts_tui.model.views import DeskSummary, FeedView, HealthReport, ProcessorView
from cts_tui.tui.actions import Where, bindings_for
from cts_tui.tui.cells import Cell, Line, Tone
from cts_tui.tui.facts import feed_facts, processor_facts
from cts_tui.tui.formats import one_line
from cts_tui.tui.listings import FEEDS, PROCESSORS
from cts_tui.tui.screens.desk_screen import DeskScreen
from cts_tui.tui.screens.health_figures import Section, section_columns, sections_of
from cts_tui.tui.screens.workflow_testing import test_workflow
from cts_tui.tui.states import health_cell
from cts_tui.tui.widgets.detail import Fact
from cts_tui.tui.widgets.live_lines import LiveLines
from cts_tui.tui.widgets.live_table import LiveTable

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk

_REASON_LINES = 2


class HealthBody(NamedTuple):
    """What the health screen reads."""

    report: HealthReport


class HealthScreen(DeskScreen[HealthBody]):
    """The verdict, the figures of every part, the processors and the feeds."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Where.HEALTH)
    CSS_PATH = "health.tcss"
    AUTO_FOCUS = "#processors"
    NAME = "health"

    def compose_body(self) -> ComposeResult:
        """Compose the verdict and three tables; the one with the keys has the most room."""
        yield LiveLines([(Cell("opening the desk…", Tone.MUTED),)], id="verdict")
        with Vertical(id="health-panes"):
            yield LiveTable(PROCESSORS, lambda r: (r.connection, r.name), title="Processors",
                            id="processors")  # fmt: skip
            yield LiveTable(FEEDS, lambda f: (f.connection, f.symbol), title="Feeds", id="feeds")
            yield LiveTable(section_columns(), lambda s: s.name, title="Parts", id="sections")

    def read(self, desk: "Desk") -> HealthBody:
        """Read the report, the processors' figures and the feeds."""
        return HealthBody(desk.health.report())

    def show(self, body: HealthBody, summary: DeskSummary) -> None:
        """Show the verdict with its reasons, and the rows."""
        self.query_one("#verdict", LiveLines).show(verdict_lines(body.report))
        processors: LiveTable[ProcessorView] = self.query_one("#processors", LiveTable)
        feeds: LiveTable[FeedView] = self.query_one("#feeds", LiveTable)
        sections: LiveTable[Section] = self.query_one("#sections", LiveTable)
        processors.set_empty("no processor ran yet", "enable a connection: 2, then e")
        feeds.set_empty("no feed yet", "enable a connection: 2, then e")
        processors.update_rows(body.report.processors, summary.now_ms)
        feeds.update_rows(body.report.feeds, summary.now_ms)
        sections.update_rows(sections_of(body.report), summary.now_ms)

    def action_test_workflow(self) -> None:
        """Test everything from the database to a trade."""
        test_workflow(self)

    @on(LiveTable.Selected)
    def open_detail(self, event: LiveTable.Selected) -> None:
        """Show everything about the chosen row."""
        match event.row:
            case ProcessorView() as processor:
                self.show_detail(f"Processor {processor.name}", processor_facts(processor))
            case FeedView() as feed:
                self.show_detail(f"Feed {feed.symbol}", feed_facts(feed))
            case Section() as section:
                facts = [Fact(name, Cell(value), is_long=True) for name, value in section.figures]
                self.show_detail(f"Health of {section.name}", facts)


def verdict_lines(report: HealthReport) -> list[Line]:
    """Return the verdict, and the first reasons for it beside and below it."""
    verdict = health_cell(report.status)
    reasons = [one_line(reason) for reason in report.reasons] or ["nothing to report"]
    shown = reasons[:_REASON_LINES]
    if len(reasons) > _REASON_LINES:
        shown[-1] += f"  (+{len(reasons) - _REASON_LINES} more)"
    indent = " " * (len(verdict.text) + 3)
    first: Line = (Cell(" "), verdict, Cell("  "), Cell(shown[0]))
    return [first, *((Cell(indent), Cell(reason)) for reason in shown[1:])]
