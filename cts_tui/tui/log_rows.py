"""Lines of the log as the screens show them: a row, and everything about one."""

from typing import Final

from cts_tui.model.log import LogLevel, LogLine
from cts_tui.tui.cells import Cell, Tone
from cts_tui.tui.formats import NONE, one_line, stamp_text, time_text
from cts_tui.tui.widgets.columns import Column
from cts_tui.tui.widgets.detail import Fact

_TONES: Final = {
    LogLevel.DEBUG: Tone.MUTED,
    LogLevel.INFO: Tone.MUTED,
    LogLevel.WARNING: Tone.WARNING,
    LogLevel.ERROR: Tone.ERROR,
    LogLevel.CRITICAL: Tone.LIVE,
}
_OURS: Final = "cts_tui."


def _time(line: LogLine, now_ms: int) -> Cell:
    return NONE if line.time_ms is None else Cell(time_text(line.time_ms, now_ms), Tone.MUTED)


def _level(line: LogLine) -> Cell:
    return Cell(line.level.name.lower(), _TONES[line.level])


def _processor(line: LogLine) -> Cell:
    where = line.where
    if not where.processor:
        return NONE
    return Cell(where.processor + ("" if where.cycle is None else f"#{where.cycle}"))


def _message(line: LogLine) -> Cell:
    """Return the message, and of an exception the line that says what it was."""
    last = line.exception.rstrip().rpartition("\n")[2]
    text = one_line(line.message) + (f": {one_line(last)}" if last else "")
    return Cell(text, Tone.PLAIN if line.level < LogLevel.ERROR else Tone.ERROR)


_C = Column[LogLine]
LOG_LINES: Final = (
    _C("time", "Time", _time, 8, 1, is_timed=True, order=lambda x: x.time_ms),
    _C("level", "Level", lambda x, _: _level(x), 7, 1, order=lambda x: -x.level),
    _C("connection", "Connection", lambda x, _: Cell(x.where.connection or "-", Tone.MUTED),
       10, 3, 20, order=lambda x: x.where.connection),
    _C("processor", "Processor", lambda x, _: _processor(x), 9, 4, 22,
       order=lambda x: x.where.processor),
    _C("logger", "From", lambda x, _: Cell(x.logger.removeprefix(_OURS) or "-", Tone.MUTED),
       8, 5, 24, order=lambda x: x.logger),
    _C("message", "Message", lambda x, _: _message(x), 20, 1, 40, is_flexible=True),
)  # fmt: skip
"""Lines of the log, of all engines and processes."""


def log_facts(line: LogLine) -> list[Fact]:
    """Return everything that is known of a line; a traceback as it was written, line by line."""
    at = "-" if line.time_ms is None else time_stamp(line.time_ms)
    facts = [
        Fact("Level", _level(line)),
        Fact("Connection", Cell(line.where.connection or "-")),
        Fact("Processor", _processor(line)),
        Fact("Process", Cell("-" if line.pid is None else str(line.pid))),
        Fact("Time", Cell(at), is_long=True),
        Fact("From", Cell(line.logger or "-"), is_long=True),
        Fact("Message", Cell(line.message, Tone.STRONG), is_long=True),
    ]
    for number, text in enumerate(filter(str.strip, line.exception.splitlines())):
        facts.append(Fact("" if number else "Exception", Cell(text, Tone.MUTED), is_long=True))
    return facts


def time_stamp(time_ms: int) -> str:
    """Return a full UTC time to the millisecond: `2025-04-03 17:05:00.123Z`."""
    whole = stamp_text(time_ms)
    return f"{whole[:-1]}.{time_ms % 1000:03}Z"
