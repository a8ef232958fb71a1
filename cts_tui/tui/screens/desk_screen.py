"""What all screens of the desk share: header, footer, filter, details, asking the desk."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message

from cts_tui.tui.actions import Where, bindings_for
from cts_tui.tui.screens.reading import BodyT, ReadingScreen
from cts_tui.tui.session import Session
from cts_tui.tui.widgets.desk_footer import DeskFooter
from cts_tui.tui.widgets.detail import Fact
from cts_tui.tui.widgets.filter_bar import FilterBar
from cts_tui.tui.widgets.live_table import LiveTable
from cts_tui.tui.widgets.screen_tabs import ScreenTabs

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk


class DeskScreen(ReadingScreen[BodyT], Generic[BodyT]):
    """A screen of the desk: a body between header and footer, and what all of them can do."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Where.SCREEN)
    NAME: ClassVar[str]

    class Asked(Message):
        """The trader asked the desk for a change."""

        def __init__(self, ask: "Callable[[Desk], object]", done: str) -> None:
            """`ask` blocks and raises CtsError when it is refused; `done` tells of success."""
            super().__init__()
            self.ask = ask
            self.done = done

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._filtered: LiveTable[Any] | None = None

    @abstractmethod
    def compose_body(self) -> ComposeResult:
        """Compose what is between header and footer."""

    def compose(self) -> ComposeResult:
        """Compose header, body and footer."""
        yield self.header
        yield ScreenTabs(self.NAME, self.session.keymap)
        yield from self.compose_body()
        yield DeskFooter()

    # -- what every screen can do -------------------------------------------------------------

    @property
    def table(self) -> LiveTable[Any]:
        """The table that has the keys, else the first that is seen."""
        if isinstance(self.focused, LiveTable):
            return self.focused
        return next(table for table in self.query(LiveTable) if table.display)

    @property
    def connection_at_cursor(self) -> str | None:
        """The connection to which the row under the cursor belongs, None where there is none."""
        name = getattr(self.table.cursor_row, "connection", None)
        return name if isinstance(name, str) else None

    def ask(self, ask: "Callable[[Desk], object]", done: str) -> None:
        """Ask the desk for a change; refusals and success are told in a notification."""
        self.post_message(self.Asked(ask, done))

    def show_detail(self, title: str, facts: Sequence[Fact]) -> None:
        """Show everything about one row over the screen."""
        from cts_tui.tui.widgets.detail_modal import DetailModal

        self.app.push_screen(DetailModal(title, facts))

    async def action_filter(self) -> None:
        """Open the filter of the table that has the keys; most screens never need its bar."""
        table = self._filtered = self.table
        if not self.query(FilterBar):
            await self.mount(FilterBar())
        self.query_one(FilterBar).open(table.order.needle)

    def action_back(self) -> None:
        """Clear the filter; without one, go back to the dashboard."""
        table = self.table
        if table.order.needle:
            table.set_order(table.order.filtered(""))
        elif self.NAME != "dashboard":
            self.app.switch_mode("dashboard")

    @on(FilterBar.Changed)
    def narrow(self, event: FilterBar.Changed) -> None:
        """Show only the rows that contain what is typed."""
        if self._filtered:
            self._filtered.set_order(self._filtered.order.filtered(event.text))

    @on(FilterBar.Closed)
    def leave_filter(self) -> None:
        """Give the keys back to the table."""
        if self._filtered:
            self._filtered.focus()
