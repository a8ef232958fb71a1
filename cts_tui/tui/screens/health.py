"""Screen 8: the health of everything."""

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from cts_tui.model.health import Fault
from cts_tui.model.health_trends import Trend, trends
from cts_tui.model.views import DeskSummary, FeedView, HealthReport, ProcessorView
from cts_tui.tui.actions import Where, bindings_for
from cts_tui.tui.cells import Cell, Tone
from cts_tui.tui.facts import feed_facts, processor_facts
from cts_tui.tui.health_rows import (
    REASONS,
    TREND_HOURS,
    TRENDS,
    fault_facts,
    trend_facts,
    verdict_line,
)
from cts_tui.tui.listings import FEEDS, PROCESSORS
from cts_tui.tui.screens.desk_screen import DeskScreen
from cts_tui.tui.screens.health_figures import Section, section_columns, sections_of
from cts_tui.tui.screens.upkeep import make_backup, plan_repair
from cts_tui.tui.screens.workflow_testing import test_workflow
from cts_tui.tui.session import Session
from cts_tui.tui.widgets.detail import Fact
from cts_tui.tui.widgets.live_lines import LiveLines
from cts_tui.tui.widgets.live_table import LiveTable

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk

_SAMPLED_EVERY_MS = 60_000


class HealthBody(NamedTuple):
    """What the health screen reads."""

    report: HealthReport
    trends: list[Trend]


class HealthScreen(DeskScreen[HealthBody]):
    """The verdict with its reasons, processors, feeds, how the figures went, and every part."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Where.HEALTH)
    CSS_PATH = "health.tcss"
    AUTO_FOCUS = "#processors"
    NAME = "health"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._trends: list[Trend] = []
        self._trends_read_ms = 0

    def compose_body(self) -> ComposeResult:
        """Compose the verdict and its tables; the one with the keys has the most room."""
        yield LiveLines([(Cell("opening the desk…", Tone.MUTED),)], id="verdict")
        with Vertical(id="health-panes"):
            yield LiveTable(REASONS, lambda f: (f.rule, f.subject, f.message), title="Reasons",
                            id="reasons")  # fmt: skip
            yield LiveTable(PROCESSORS, lambda r: (r.connection, r.name), title="Processors",
                            id="processors")  # fmt: skip
            yield LiveTable(FEEDS, lambda f: (f.connection, f.symbol), title="Feeds", id="feeds")
            yield LiveTable(TRENDS, lambda t: t.name, title="Trends", id="trends")
            yield LiveTable(section_columns(), lambda s: s.name, title="Parts", id="sections")

    def read(self, desk: "Desk") -> HealthBody:
        """Read the report, the processors' figures and the feeds; the history once a minute."""
        now_ms = self.now_ms
        if not self._trends or now_ms - self._trends_read_ms >= _SAMPLED_EVERY_MS:
            self._trends, self._trends_read_ms = trends(desk.health.history(TREND_HOURS)), now_ms
        return HealthBody(desk.health.report(), self._trends)

    def show(self, body: HealthBody, summary: DeskSummary) -> None:
        """Show the verdict with its reasons, and the rows."""
        report = body.report
        self.query_one("#verdict", LiveLines).show([verdict_line(report)])
        self._pane("reasons").display = bool(report.faults)
        self._pane("processors").set_empty("no processor ran yet", "enable a connection: 2, then e")
        self._pane("feeds").set_empty("no feed yet", "enable a connection: 2, then e")
        self._pane("trends").set_empty("no history yet", "an engine takes a sample a minute")
        rows = {
            "reasons": report.faults,
            "processors": report.processors,
            "feeds": report.feeds,
            "trends": body.trends,
            "sections": sections_of(report),
        }
        for name, shown in rows.items():
            self._pane(name).update_rows(shown, summary.now_ms)

    def _pane(self, name: str) -> LiveTable[Any]:
        return self.query_one(f"#{name}", LiveTable)

    def action_test_workflow(self) -> None:
        """Test everything from the database to a trade."""
        test_workflow(self)

    def action_plan_repair(self) -> None:
        """Look through the database, show what can be mended, and ask."""
        plan_repair(self)

    def action_make_backup(self) -> None:
        """Back the database up now."""
        make_backup(self)

    @on(LiveTable.Selected)
    def open_detail(self, event: LiveTable.Selected) -> None:
        """Show everything about the chosen row."""
        match event.row:
            case Fault() as fault:
                self.show_detail("Reason", fault_facts(fault))
            case ProcessorView() as processor:
                self.show_detail(f"Processor {processor.name}", processor_facts(processor))
            case FeedView() as feed:
                self.show_detail(f"Feed {feed.symbol}", feed_facts(feed))
            case Trend() as trend:
                self.show_detail(f"History of {trend.name}", trend_facts(trend))
            case Section() as section:
                facts = [Fact(name, Cell(value), is_long=True) for name, value in section.details]
                self.show_detail(f"Health of {section.name}", facts)
