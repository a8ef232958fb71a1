"""A log file of the test's own, written through a logger of its own."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cts_tui.logs.writer import LogFile

MakeLog = Callable[..., LogFile]
LOG = logging.getLogger("cts_tui.of.a.test")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "cts.log"


@pytest.fixture
def make(file: Path) -> Iterator[MakeLog]:
    """Open a log on the file; closed at the end."""
    opened: list[LogFile] = []

    def open_log(**options: int) -> LogFile:
        opened.append(LogFile(file, **options))
        return opened[-1]

    yield open_log
    for log in opened:
        log.close()


def write(log: LogFile, message: str, level: int = logging.INFO, **options: object) -> None:
    """Write one record, as a logger would."""
    error = options.get("error")
    info = (type(error), error, error.__traceback__) if isinstance(error, Exception) else None
    record = logging.LogRecord(LOG.name, level, __file__, 1, message, None, info)
    log.handle(record)
