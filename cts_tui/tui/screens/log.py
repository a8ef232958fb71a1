"""Screen 9: the log as it is written, by whichever process; only what is new is read."""

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from cts_tui.model.log import LogLevel, LogLine
from cts_tui.model.views import DeskSummary
from cts_tui.tui.actions import Where, bindings_for
from cts_tui.tui.log_rows import LOG_LINES, log_facts
from cts_tui.tui.screens.desk_screen import DeskScreen
from cts_tui.tui.screens.reading import Reading
from cts_tui.tui.session import Session
from cts_tui.tui.widgets.live_table import LiveTable

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk
    from cts_tui.logs.reader import LogFollower

_KEPT: Final = 2_000
"""Lines that are shown; older ones are in the files: `cts-tui log tail`."""
_LEVELS: Final = (LogLevel.INFO, LogLevel.WARNING, LogLevel.ERROR)


class LogScreen(DeskScreen[Sequence[LogLine]]):
    """One table, newest first, that follows the log unless it is paused."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Where.LOG)
    AUTO_FOCUS = "#log-lines"
    NAME = "log"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.level = LogLevel.INFO
        """Lines of this level and graver are shown."""
        self.is_paused = False
        self._lines: deque[LogLine] = deque(maxlen=_KEPT)
        self._follower: LogFollower | None = None
        self._read_level: LogLevel | None = None
        self._body: Sequence[LogLine] = ()
        """What was read last; the same object as long as nothing is new."""
        self._shown: Sequence[LogLine] | None = None

    def compose_body(self) -> ComposeResult:
        """Compose the table."""
        yield LiveTable(
            LOG_LINES,
            lambda line: line.key,
            title="Log",
            empty=("opening the desk…",),
            is_log=True,
            id="log-lines",
        )

    def on_unmount(self) -> None:
        """Let go of the file."""
        if self._follower is not None:
            self._follower.close()

    # -- reading ------------------------------------------------------------------------------

    def read(self, desk: "Desk") -> Sequence[LogLine]:
        """Read the last lines once, afterwards only what is new."""
        if self._follower is None or self._read_level is not self.level:
            self._begin(desk)
        elif not self.is_paused:
            self._take(desk.log.read_on(self._follower))
        return self._body

    def _begin(self, desk: "Desk") -> None:
        """Read the last lines of the level: there may be few of it for days."""
        level = self.level
        if self._follower is not None:
            self._follower.close()
        self._follower = desk.log.follow()
        self._lines.clear()
        self._lines.extend(reversed(desk.log.tail(_KEPT, level=level)))
        self._read_level, self._body = level, tuple(self._lines)

    def _take(self, new: Sequence[LogLine]) -> None:
        wanted = [line for line in new if line.level >= self.level]
        if wanted:
            self._lines.extendleft(wanted)
            self._body = tuple(self._lines)

    def _read_all(self, desk: "Desk") -> Reading[Sequence[LogLine]]:
        """Read the log before the store: where that fails, its log is what is wanted."""
        body = self.read(desk)
        return Reading(desk.summary(), desk.controls.is_killed(), body)

    def _note_failure(self, reason: str) -> None:
        super()._note_failure(reason)
        self._show_lines(self._body, self.now_ms)

    def show(self, body: Sequence[LogLine], summary: DeskSummary) -> None:
        """Show the lines."""
        self._show_lines(body, summary.now_ms)

    def _show_lines(self, body: Sequence[LogLine], now_ms: int) -> None:
        table: LiveTable[LogLine] = self.query_one("#log-lines", LiveTable)
        table.set_empty("nothing of the kind was logged", "l shows lines of every level")
        if body is not self._shown:
            self._shown = body
            table.update_rows(body, now_ms)
        table.set_note(self._note())

    def _note(self) -> str:
        """Return what of the log is seen."""
        notes = {
            f"{self.level.name.lower()} and graver": self.level is not LogLevel.INFO,
            "PAUSED: p follows again": self.is_paused,
            f"the newest {_KEPT:,}": len(self._body) == _KEPT,
        }
        return ", ".join(note for note, is_so in notes.items() if is_so)

    # -- actions ------------------------------------------------------------------------------

    def action_next_level(self) -> None:
        """Show lines of all levels, of warnings and graver, or of errors."""
        self.level = _LEVELS[(_LEVELS.index(self.level) + 1) % len(_LEVELS)]
        self.refresh_now()

    def action_pause(self) -> None:
        """Stop following the log, or follow it again from where it was stopped."""
        self.is_paused = not self.is_paused
        self.query_one("#log-lines", LiveTable).set_note(self._note())
        self.refresh_now()

    @on(LiveTable.Selected)
    def open_detail(self, event: LiveTable.Selected) -> None:
        """Show everything about the chosen line, its traceback too."""
        if isinstance(event.row, LogLine):
            self.show_detail(f"Log: {event.row.level.name.lower()}", log_facts(event.row))
