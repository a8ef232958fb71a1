"""The log file for faces: writing to it, its last lines, and following it."""

from pathlib import Path

from cts_tui.errors import ConfigError
from cts_tui.logs.reader import LogFollower, tail
from cts_tui.logs.writer import LogFile, use_log_file
from cts_tui.model.log import LogLevel, LogLine


def log_to(file: Path) -> None:
    """Have every logger of this process write to `file`. A second call changes the file.

    Raises ConfigError when it cannot be written.
    """
    try:
        log = LogFile(file)
    except OSError as error:
        raise ConfigError(
            f"the log file {file} cannot be written: {error.strerror or error}; "
            "make it writable for this user, or choose another folder with --data-dir"
        ) from error
    use_log_file(log)


class LogDesk:
    """The log of a data folder; it needs no store."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def tail(
        self,
        limit: int,
        *,
        level: LogLevel = LogLevel.DEBUG,
        connection: str | None = None,
    ) -> list[LogLine]:
        """Return the last `limit` lines of at least `level`, oldest first, also from older files.

        Raises ConfigError where the log cannot be read; there are none where nothing was logged.
        """
        try:
            return tail(self._file, limit, lambda line: is_wanted(line, level, connection))
        except OSError as error:
            raise self._unreadable(error) from error

    def follow(self) -> LogFollower:
        """Return what reads the lines that are written from now on."""
        return LogFollower(self._file)

    def read_on(self, follower: LogFollower) -> list[LogLine]:
        """Return the lines that are new to a follower. Raises ConfigError where it cannot be."""
        try:
            return follower.read()
        except OSError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: OSError) -> ConfigError:
        return ConfigError(
            f"the log {self._file} cannot be read: {error.strerror or error}; make it readable "
            "for this user"
        )


def is_wanted(line: LogLine, level: LogLevel, connection: str | None) -> bool:
    """Return whether a line is of at least `level`, and of a connection where one is asked for."""
    return line.level >= level and connection in (None, line.where.connection)
