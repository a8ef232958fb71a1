"""`cts-tui log tail`: the last lines of the log, and those that come."""

import contextlib
import json
import sys
import time
from enum import StrEnum
from textwrap import indent
from typing import Annotated, Any, Final

import typer

from cts_tui.cli.options import JsonOption, current_folder, iso_or_none, print_json
from cts_tui.cli.tables import say
from cts_tui.model.log import LogLevel, LogLine

app = typer.Typer(help="What engines and desk had to say.", no_args_is_help=True)
_POLL_S: Final = 0.2


class Level(StrEnum):
    """The levels by which lines are chosen."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


@app.callback()
def log() -> None:
    """What engines and desk had to say."""


@app.command("tail")
def tail(
    lines: Annotated[
        int, typer.Option("--lines", "-n", min=0, metavar="N", help="So many of the last lines.")
    ] = 20,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")
    ] = False,
    level: Annotated[Level, typer.Option("--level", help="Lines of this level or graver.")] = (
        Level.DEBUG
    ),
    connection: Annotated[
        str | None, typer.Option("--connection", metavar="NAME", help="Lines of this connection.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the last lines of the log, oldest first, also of files that were moved aside."""
    from cts_tui.desk.log_file import LogDesk, is_wanted

    desk, least = LogDesk(current_folder().log), LogLevel[level.name]
    with contextlib.closing(desk.follow()) as follower, contextlib.suppress(KeyboardInterrupt):
        found = desk.tail(lines, level=least, connection=connection) if lines else []
        if not follow:
            _print_all(found, as_json=as_json)
            return
        while True:
            for line in found:
                _print_one(line, as_json=as_json)
            sys.stdout.flush()
            time.sleep(_POLL_S)
            found = [x for x in desk.read_on(follower) if is_wanted(x, least, connection)]


def _print_all(found: list[LogLine], *, as_json: bool) -> None:
    if as_json:
        print_json([_row(line) for line in found])
        return
    for line in found:
        say(_text(line))
    if not found:
        say("nothing of the kind was logged")


def _print_one(line: LogLine, *, as_json: bool) -> None:
    """Print a line as it comes: a text, or one JSON object on a line of its own."""
    say(json.dumps(_row(line), allow_nan=False) if as_json else _text(line))


def _row(line: LogLine) -> dict[str, Any]:
    where = line.where
    return {
        "time": iso_or_none(line.time_ms),
        "level": line.level.name,
        "logger": line.logger,
        "connection": where.connection or None,
        "processor": where.processor or None,
        "cycle": where.cycle,
        "message": line.message,
        "exception": line.exception or None,
        "pid": line.pid,
    }


def _text(line: LogLine) -> str:
    """Return `2025-04-03 17:05:00.123Z ERROR demo/feed#12 engine.feeding: lost`, with traceback."""
    if line.time_ms is None:
        return _shown(line.message)
    at = (iso_or_none(line.time_ms - line.time_ms % 1000) or "")[:-1].replace("T", " ")
    place = " ".join(filter(None, (where_text(line), line.logger.removeprefix("cts_tui."))))
    head = f"{at}.{line.time_ms % 1000:03}Z {line.level.name:8} {place}: {_shown(line.message)}"
    return head + ("\n" + indent(_shown(line.exception), "    ") if line.exception else "")


def where_text(line: LogLine) -> str:
    """Return `demo/feed#12`, or what is known of it."""
    where = line.where
    cycle = "" if where.cycle is None else f"#{where.cycle}"
    return "/".join(filter(None, (where.connection, where.processor + cycle)))


def _shown(text: str) -> str:
    """Return a text without the characters that would steer a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in text)
