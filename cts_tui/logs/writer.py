"""Writes the log: private files that rotate, shared by several processes, and never in the way.

A line that cannot be written (full disk, removed folder) is counted, and nobody hears of it by an
exception or on the terminal: trading goes on, the health report tells.
"""

import fcntl
import logging
import os
import time
from pathlib import Path
from typing import Any, Final

from cts_tui.logs.line import JsonFormatter

_BYTES: Final = 5_000_000
_KEPT: Final = 3
_RETRY_S: Final = 1.0
"""How long nothing is tried after a failure: a full disk is not asked at every line."""


class _PauseError(Exception):
    """A moment ago a line could not be written: this one is not tried."""


class LogFile(logging.Handler):
    """Appends lines to a file, and moves it aside when it is full; the oldest one is dropped."""

    def __init__(self, file: Path, *, most_bytes: int = _BYTES, kept: int = _KEPT) -> None:
        """Open `file`, making its folder where it is missing. Raises OSError."""
        super().__init__()
        self.setFormatter(JsonFormatter())
        self.file = file
        self.lost = 0
        """Lines that could not be written."""
        self.last_error = ""
        self.is_failing = False
        """Whether the last line could not be written."""
        self._most_bytes = most_bytes
        self._kept = kept
        self._descriptor = -1
        self._retry_at = 0.0
        self._is_torn = False
        """Whether the last write broke off within a line."""
        self._open()

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; a failure is counted."""
        try:
            self._write((self.format(record) + "\n").encode("utf-8", "replace"))
            self.is_failing = False
        except _PauseError:
            self.lost += 1
        except Exception as error:  # noqa: BLE001 - whatever a record or a disk holds in store
            self._lose(error)

    def figures(self) -> dict[str, Any]:
        """Return how the log is doing, JSON-ready."""
        return {"lost": self.lost, "is_failing": self.is_failing, "last_error": self.last_error}

    def close(self) -> None:
        """Let go of the file."""
        self.acquire()
        try:
            self._close_file()
        finally:
            self.release()
        super().close()

    def _write(self, line: bytes) -> None:
        """Append a line. Raises OSError."""
        if time.monotonic() < self._retry_at:
            raise _PauseError
        self._follow_file()
        if os.fstat(self._descriptor).st_size + len(line) > self._most_bytes:
            self._rotate()
        if self._is_torn:
            line = b"\n" + line
        self._is_torn = True
        written = os.write(self._descriptor, line)
        self._is_torn = written < len(line)
        if self._is_torn:
            raise OSError(f"only {written} of {len(line)} bytes were written")

    def _lose(self, error: Exception) -> None:
        self.lost += 1
        self.is_failing = True
        self.last_error = f"{type(error).__name__}: {error}"
        if isinstance(error, OSError):
            self._retry_at = time.monotonic() + _RETRY_S
            self._close_file()

    def _follow_file(self) -> None:
        """Open the file anew where another process has moved it aside, or somebody removed it."""
        if not self._is_in_place():
            self._open()

    def _is_in_place(self) -> bool:
        """Return whether the file that is open still is the one at its place."""
        if self._descriptor < 0:
            return False
        ours = os.fstat(self._descriptor)
        try:
            there = self.file.stat()
        except FileNotFoundError:
            return False
        return (there.st_ino, there.st_dev) == (ours.st_ino, ours.st_dev)

    def _open(self) -> None:
        self._close_file()
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._descriptor = os.open(self.file, flags, 0o600)
        os.fchmod(self._descriptor, 0o600)

    def _close_file(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _rotate(self) -> None:
        """Move the files one place on; who waited for another process finds it done."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)  # ends with the descriptor
        if self._is_in_place():
            for number in range(self._kept - 1, 0, -1):
                older = rotated(self.file, number)
                if older.exists():
                    older.replace(rotated(self.file, number + 1))
            self.file.replace(rotated(self.file, 1))
        self._open()


def log_file_in_use() -> LogFile | None:
    """Return the log file of this process, None where it writes none."""
    handlers = (one for one in logging.getLogger().handlers if isinstance(one, LogFile))
    return next(handlers, None)


def use_log_file(log: LogFile) -> None:
    """Have every logger of this process write to `log` from now on, and nothing to the terminal.

    The desk's own tell all, libraries what they warn of.
    """
    root = logging.getLogger()
    before = log_file_in_use()
    if before is not None:
        root.removeHandler(before)
        before.close()
    root.addHandler(log)
    logging.getLogger("cts_tui").setLevel(logging.INFO)


def rotated(file: Path, number: int) -> Path:
    """Return the place of the file that was full `number` rotations ago."""
    return file.with_name(f"{file.name}.{number}")
