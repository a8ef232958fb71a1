"""A line of the log."""

from dataclasses import dataclass
from enum import IntEnum


class LogLevel(IntEnum):
    """How much a line matters; the numbers are Python's own."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40
    CRITICAL = 50


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where in the engine a line comes from; empty where it belongs to no part of it."""

    connection: str = ""
    processor: str = ""
    cycle: int | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the log, as it was written."""

    key: tuple[int, int]
    """File and place in it: no two lines have the same."""
    time_ms: int | None
    """UTC; None of a line that is not of this form."""
    level: LogLevel
    logger: str
    message: str
    where: Whereabouts = Whereabouts()
    exception: str = ""
    """The traceback, on several lines; empty where there is none."""
    pid: int | None = None
