"""Screen 7: the journal: closed trades, orders and fills, and what was earned by what."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from cts_tui.errors import CtsError
from cts_tui.model.journal import FillView, JournalKind, ProfitBy, ProfitTables, ProfitView
from cts_tui.model.views import DeskSummary, OrderView, PositionView
from cts_tui.tui.actions import Where, bindings_for
from cts_tui.tui.cells import Cell, Tone
from cts_tui.tui.facts import position_facts
from cts_tui.tui.journal_rows import LISTINGS, fill_facts, profit_columns, profit_line
from cts_tui.tui.order_facts import order_facts
from cts_tui.tui.screens.desk_screen import DeskScreen
from cts_tui.tui.session import Session
from cts_tui.tui.widgets.live_lines import LiveLines
from cts_tui.tui.widgets.live_table import LiveTable

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk

_PAGE: Final = 500
_KINDS: Final = tuple(JournalKind)
_BY: Final = tuple(ProfitBy)


class JournalBody(NamedTuple):
    """What was read: the rows of the list that is shown, and the profit."""

    kind: JournalKind
    rows: Sequence[Any]
    profits: ProfitTables


class JournalScreen(DeskScreen[JournalBody]):
    """One list of three above one table of profit of three, or all three where there is room."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Where.JOURNAL)
    CSS_PATH = "journal.tcss"
    AUTO_FOCUS = "#journal-trades"
    NAME = "journal"
    READ_EVERY_S = 2.0

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.kind = JournalKind.TRADES
        """Which list is shown."""
        self.by = ProfitBy.DAY
        """What the profit that is shown is added up by."""
        self.most = _PAGE
        """So many of the newest rows are read."""
        self._searched: tuple[JournalKind, int, str] | None = None
        self._found: Sequence[Any] = ()
        """What the last search found, for the list and the filter of then."""

    def compose_body(self) -> ComposeResult:
        """Compose the total, the lists and the tables of profit."""
        yield LiveLines([(Cell(" opening the desk…", Tone.MUTED),)], id="journal-total")
        with Vertical(id="journal-panes"):
            with Vertical(id="journal-lists"):
                for kind, listing in LISTINGS.items():
                    yield LiveTable(
                        listing.columns, listing.key, title=listing.title,
                        empty=("reading…",), is_log=True, id=f"journal-{kind}",
                    )  # fmt: skip
            with Vertical(id="journal-profits"):
                for by in _BY:
                    yield LiveTable(profit_columns(by.capitalize()), lambda p: p.name,
                                    title=f"PnL by {by}", id=f"by-{by}")  # fmt: skip

    def on_mount(self) -> None:
        """Show the closed trades, and the profit by day."""
        super().on_mount()
        self._show_tables()

    def _show_tables(self) -> None:
        for kind in _KINDS:
            self.list_of(kind).display = kind is self.kind
        for by in _BY:
            self.profit_by(by).set_class(by is not self.by, "-other")

    def list_of(self, kind: JournalKind) -> LiveTable[Any]:
        """Return the list of one kind."""
        return self.query_one(f"#journal-{kind}", LiveTable)

    def profit_by(self, by: ProfitBy) -> LiveTable[Any]:
        """Return one table of profit."""
        return self.query_one(f"#by-{by}", LiveTable)

    # -- reading ------------------------------------------------------------------------------

    def read(self, desk: "Desk") -> JournalBody:
        """Read the newest rows of the list that is shown, and those the filter may find beyond."""
        kind, most = self.kind, self.most
        table = self.list_of(kind)
        read, key_of = getattr(desk.journal, kind.value), LISTINGS[kind].key
        rows, wanted = read(most), (kind, most, table.order.needle)
        if wanted != self._searched:  # newer rows are read anyway, older ones never change
            self._searched = wanted
            self._found = read(most, contains=table.order.needle) if table.order.needle else []
        known = {key_of(row) for row in rows}
        rows = [*rows, *(row for row in self._found if key_of(row) not in known)]
        return JournalBody(kind, rows, desk.journal.profits())

    def show(self, body: JournalBody, summary: DeskSummary) -> None:
        """Show the rows in the list they were read for, and the profit."""
        table = self.list_of(body.kind)
        table.set_empty(LISTINGS[body.kind].empty, "t shows trades, orders or fills")
        table.update_rows(body.rows, summary.now_ms)
        table.set_note("m reads older ones" if len(body.rows) >= self.most else "")
        for by in _BY:
            profit = self.profit_by(by)
            profit.set_empty("nothing has closed yet")
            profit.update_rows(body.profits.by[by], summary.now_ms)
        self.query_one("#journal-total", LiveLines).show([profit_line(body.profits)])

    # -- actions ------------------------------------------------------------------------------

    def action_next_list(self) -> None:
        """Show the next of trades, orders and fills."""
        self.kind = _KINDS[(_KINDS.index(self.kind) + 1) % len(_KINDS)]
        self._change_to(self.list_of(self.kind))

    def action_next_profit(self) -> None:
        """Show the profit by the next of day, strategy and symbol."""
        self.by = _BY[(_BY.index(self.by) + 1) % len(_BY)]
        self._change_to(self.profit_by(self.by))

    def _change_to(self, table: LiveTable[Any]) -> None:
        """Show a table instead of its neighbours, and give it the keys."""
        self.most = _PAGE
        self._show_tables()
        table.focus()
        self.refresh_now()

    def action_older(self) -> None:
        """Read older rows too."""
        self.most += _PAGE
        self.refresh_now()

    def action_export(self) -> None:
        """Write the whole list that is shown into a CSV file."""
        desk = self.session.desk
        if desk is None:
            self.notify("the desk is not open yet", severity="warning")
            return
        export = partial(desk.journal.export, kind=self.kind)
        self.run_worker(partial(self._exported, export), group="export", thread=True,
                        exclusive=True, exit_on_error=False)  # fmt: skip

    def _exported(self, export: Callable[[], tuple[Path, int]]) -> None:
        try:
            path, count = export()
        except CtsError as error:
            self.app.call_from_thread(self.notify, str(error), severity="error")
            return
        told = f"{count:,} {self.kind} written to {path}"
        self.app.call_from_thread(self.notify, told, title="Exported", timeout=10)

    @on(LiveTable.Selected)
    def open_detail(self, event: LiveTable.Selected) -> None:
        """Show everything about the chosen row; of a day, strategy or symbol its trades."""
        match event.row:
            case PositionView() as trade:
                self.show_detail(f"Trade {trade.symbol}", position_facts(trade, self.now_ms))
            case OrderView() as order:
                self.show_detail(f"Order {order.purpose} {order.symbol}", order_facts(order))
            case FillView() as fill:
                self.show_detail(f"Fill {fill.symbol}", fill_facts(fill))
            case ProfitView() as profit if event.table.id != f"by-{ProfitBy.DAY}":
                self.kind = JournalKind.TRADES
                table = self.list_of(self.kind)
                table.set_order(table.order.filtered(profit.name))
                self._change_to(table)
