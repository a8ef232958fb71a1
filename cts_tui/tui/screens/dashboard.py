"""Screen 1: the desk at a glance."""

from collections import deque
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal

from cts_tui.model.sparkline import bars
from cts_tui.model.views import DeskSummary, EventView, PositionView, SignalView
from cts_tui.tui.actions import Where, bindings_for
from cts_tui.tui.cells import Cell, Tone
from cts_tui.tui.facts import event_facts, position_facts, signal_facts
from cts_tui.tui.formats import count_text, gain_cell
from cts_tui.tui.listings import EVENTS, OPEN_POSITIONS, SIGNALS
from cts_tui.tui.screens.arming import toggle_live_of
from cts_tui.tui.screens.closing import ask_to_close
from cts_tui.tui.screens.desk_screen import DeskScreen
from cts_tui.tui.session import EngineState, Session
from cts_tui.tui.widgets.live_table import LiveTable
from cts_tui.tui.widgets.tile import Tile

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk

_TREND_EVERY_MS = 5_000
_TREND_LENGTH = 60


class DashboardBody(NamedTuple):
    """What the dashboard reads."""

    positions: list[PositionView]
    signals: list[SignalView]
    events: list[EventView]


class DashboardScreen(DeskScreen[DashboardBody]):
    """Figures on top, live positions, the latest signals and events."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Where.DASHBOARD)
    CSS_PATH = "dashboard.tcss"
    AUTO_FOCUS = "#positions"
    NAME = "dashboard"
    READ_EVERY_S = 0.5

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._trend: deque[float] = deque(maxlen=_TREND_LENGTH)
        self._trend_at_ms = 0

    def compose_body(self) -> ComposeResult:
        """Compose the tiles above the three tables."""
        opening = ("opening the desk…",)
        with Horizontal(id="tiles"):
            yield Tile("Engine", id="engine")
            yield Tile("Open", id="open")
            yield Tile("Open PnL", id="open-pnl")
            yield Tile("Today", id="realized")
            yield Tile("Win rate", id="wins")
            yield Tile("Signals", id="signal-count")
        yield LiveTable(
            OPEN_POSITIONS, lambda p: p.id, title="Positions", empty=opening, id="positions"
        )
        with Container(id="latest"):
            yield LiveTable(SIGNALS, lambda s: s.id, title="Signals", is_log=True, id="signals")
            yield LiveTable(EVENTS, lambda e: e.id, title="Events", is_log=True, id="events")

    def read(self, desk: "Desk") -> DashboardBody:
        """Read the open positions and the latest signals and events."""
        return DashboardBody(
            desk.positions.list(is_open=True), desk.signals.list(50), desk.events.list(50)
        )

    def show(self, body: DashboardBody, summary: DeskSummary) -> None:
        """Show the figures and the rows."""
        self._show_tiles(summary)
        positions, signals, events = self._tables()
        positions.set_empty("no open positions", what_opens(summary))
        signals.set_empty("no signals yet", "they come when a candle closes and a rule holds")
        events.set_empty("nothing happened yet")
        positions.update_rows(body.positions, summary.now_ms)
        signals.update_rows(body.signals, summary.now_ms)
        events.update_rows(body.events, summary.now_ms)

    def _tables(
        self,
    ) -> tuple[LiveTable[PositionView], LiveTable[SignalView], LiveTable[EventView]]:
        return (
            self.query_one("#positions", LiveTable),
            self.query_one("#signals", LiveTable),
            self.query_one("#events", LiveTable),
        )

    def _show_tiles(self, summary: DeskSummary) -> None:
        engine = self.session.engine
        memory = sum(program.rss_mb for program in summary.programs if program.is_alive)
        self._tile("engine", Cell(engine, _engine_tone(engine)), Cell(f"{memory:.0f} MB"))
        stale = Cell(f"{summary.stale_positions} stale", Tone.STALE)
        fresh = Cell("all marked", Tone.MUTED)
        self._tile(
            "open", Cell(str(summary.open_positions)), stale if summary.stale_positions else fresh
        )
        self._tile("open-pnl", gain_cell(summary.open_pnl), self._trend_note(summary))
        total = gain_cell(summary.realized_pnl_total)
        self._tile("realized", gain_cell(summary.realized_pnl_today), _note(total.text, "total"))
        trades = Cell(count_text(summary.trades_today, "trade"), Tone.MUTED)
        self._tile("wins", win_rate(summary), trades)
        self._tile("signal-count", Cell(f"{summary.signals_today:,}"), _note("", "today"))

    def _tile(self, name: str, value: Cell, note: Cell) -> None:
        self.query_one(f"#{name}", Tile).show_value(value, note)

    def _trend_note(self, summary: DeskSummary) -> Cell:
        """Return the open PnL since the screen was opened, one bar per five seconds."""
        if summary.now_ms - self._trend_at_ms >= _TREND_EVERY_MS:
            self._trend_at_ms = summary.now_ms
            self._trend.append(float(summary.open_pnl))
        return Cell(bars(list(self._trend), 20), Tone.MUTED)

    @on(LiveTable.Selected)
    def open_detail(self, event: LiveTable.Selected) -> None:
        """Show everything about the chosen row."""
        match event.row:
            case PositionView() as position:
                self.show_detail(
                    f"Position {position.symbol}", position_facts(position, self.now_ms)
                )
            case SignalView() as signal:
                self.show_detail(f"Signal {signal.symbol}", signal_facts(signal))
            case EventView() as event_row:
                self.show_detail(f"Event {event_row.subject}", event_facts(event_row))

    def action_toggle_live(self) -> None:
        """End live trading of the connection under the cursor, or show the gates before it."""
        toggle_live_of(self, self.connection_at_cursor)

    def action_close_position(self) -> None:
        """Ask whether to close the position under the cursor."""
        ask_to_close(self, self.query_one("#positions", LiveTable).cursor_row)


def what_opens(summary: DeskSummary) -> str:
    """Return what the trader waits for, or has to do, until a position opens."""
    if not summary.connections_enabled:
        return "enable a connection: 2, then e"
    return "they open when a signal passes its checks; 4 shows the signals"


def win_rate(summary: DeskSummary) -> Cell:
    """Return the share of today's closed trades that won, or a dash without trades."""
    if not summary.trades_today:
        return Cell("-", Tone.MUTED)
    return Cell(f"{100 * summary.wins_today / summary.trades_today:.0f}%")


def _note(figure: str, words: str) -> Cell:
    return Cell(f"{figure} {words}".strip(), Tone.MUTED)


def _engine_tone(engine: EngineState) -> Tone:
    if engine in (EngineState.RUNNING, EngineState.ATTACHED):
        return Tone.GOOD
    return Tone.LIVE if engine is EngineState.FAILED else Tone.WARNING
