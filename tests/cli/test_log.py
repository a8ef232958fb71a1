"""`log tail`: for people and for scripts, filtered, across files, following, without a store."""

import json
import logging
import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from cts_tui.logs.context import enter_connection, enter_processor
from cts_tui.logs.writer import LogFile
from cts_tui.paths import DataFolder

from .conftest import Cts
from .test_running import Start, start

__all__ = ["start"]
NOON = datetime(2025, 4, 3, 12, 0, tzinfo=UTC).timestamp()


class Feed:
    name = "feed"
    cycle_number = 12


@pytest.fixture
def log(folder: DataFolder) -> Iterator[LogFile]:
    log = LogFile(folder.log)
    yield log
    log.close()


def write(log: LogFile, message: str, level: int = logging.INFO, second: int = 0) -> None:
    record = logging.LogRecord("cts_tui.engine.feeding", level, "x", 1, message, None, None)
    record.created = NOON + second + 0.25
    log.handle(record)


def of_demo(log: LogFile) -> None:
    """Log as the feed of the demo does, in a context of its own."""
    import contextvars

    def within() -> None:
        enter_connection("demo")
        enter_processor(Feed())
        write(log, "no market data", logging.WARNING, 2)

    contextvars.copy_context().run(within)


@pytest.fixture
def three(log: LogFile) -> LogFile:
    write(log, "engine of demo started", second=1)
    of_demo(log)
    write(log, "the heartbeat cannot be written", logging.ERROR, 3)
    return log


@pytest.mark.usefixtures("three")
def test_people_read_time_level_place_and_message(cts: Cts) -> None:
    said = cts("log", "tail")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "2025-04-03 12:00:01.250Z INFO     engine.feeding: engine of demo started",
        "2025-04-03 12:00:02.250Z WARNING  demo/feed#12 engine.feeding: no market data",
        "2025-04-03 12:00:03.250Z ERROR    engine.feeding: the heartbeat cannot be written",
    ]


@pytest.mark.usefixtures("three")
def test_scripts_read_an_array(cts: Cts) -> None:
    rows = cts("log", "tail", "--json", "-n", 2).document
    assert rows[0] == {
        "time": "2025-04-03T12:00:02.250Z", "level": "WARNING", "logger": "cts_tui.engine.feeding",
        "connection": "demo", "processor": "feed", "cycle": 12, "message": "no market data",
        "exception": None, "pid": os.getpid(),
    }  # fmt: skip
    assert rows[1]["connection"] is None


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("options", "messages"),
    [
        (("--level", "warning"), ["no market data", "the heartbeat cannot be written"]),
        (("--level", "error"), ["the heartbeat cannot be written"]),
        (("--connection", "demo"), ["no market data"]),
        (("--connection", "okx"), []),
        (("-n", 0), []),
        (("--lines", 1), ["the heartbeat cannot be written"]),
    ],
)
def test_lines_are_chosen(cts: Cts, options: tuple[object, ...], messages: list[str]) -> None:
    assert [row["message"] for row in cts("log", "tail", "--json", *options).document] == messages


def test_no_log_is_no_fault(cts: Cts) -> None:
    assert cts("log", "tail").out == "nothing of the kind was logged\n"
    assert cts("log", "tail", "--json").document == []


def test_a_damaged_store_does_not_keep_the_log_from_being_read(
    cts: Cts, folder: DataFolder, three: LogFile
) -> None:
    folder.database.write_bytes(b"no database")
    assert len(cts("log", "tail", "--json").document) == 3


def test_a_level_that_there_is_not_is_a_usage_error(cts: Cts) -> None:
    said = cts("log", "tail", "--level", "loud")
    assert (said.code, said.out) == (2, "")


def test_what_would_steer_a_terminal_is_shown_as_harmless(cts: Cts, log: LogFile) -> None:
    write(log, "evil \x1b[2J\x07 text\nand a line")
    assert "\x1b" not in cts("log", "tail").out


def test_a_log_that_cannot_be_read_is_refused(cts: Cts, folder: DataFolder) -> None:
    folder.log.mkdir()
    assert "cannot be read: Is a directory" in cts("log", "tail").refusal


def test_following_tells_what_comes_until_it_is_interrupted(
    start: Start, folder: DataFolder, log: LogFile
) -> None:
    write(log, "before")
    process = start("log", "tail", "--follow", "--json", "--level", "warning", "-n", "5")
    of_demo(log)
    assert next_message(process) == "no market data"
    write(log, "not grave")
    write(log, "grave", logging.ERROR)
    assert next_message(process) == "grave"
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert (process.returncode, said) == (0, "")


def next_message(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    message: str = json.loads(process.stdout.readline())["message"]
    return message
