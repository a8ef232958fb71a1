"""Reads the log: the last lines, backwards over files that were moved aside, and what is new."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from cts_tui.logs.line import parse_line
from cts_tui.logs.writer import rotated
from cts_tui.model.log import LogLine

Wanted = Callable[[LogLine], bool]

_BLOCK: Final = 65_536
_MOST_BYTES: Final = 1_000_000
"""Read of a follower at once: what is beyond comes with its next reading."""
_MOST_FILES: Final = 10


def tail(file: Path, limit: int, wanted: Wanted) -> list[LogLine]:
    """Return the last `limit` lines that are `wanted`, oldest first; none where there is no log."""
    found: list[LogLine] = []
    for line in _backwards(file):
        if len(found) == limit:
            break
        if wanted(line):
            found.append(line)
    return found[::-1]


def _backwards(file: Path) -> Iterator[LogLine]:
    """Yield every line that there is, the newest first."""
    seen: set[int] = set()
    for path in _files(file):
        with suppress(FileNotFoundError), path.open("rb") as handle:
            inode = os.fstat(handle.fileno()).st_ino
            if inode in seen:  # it was moved aside while it was read
                continue
            seen.add(inode)
            for place, raw in _lines_backwards(handle):
                yield parse_line(raw, (inode, place))


def _files(file: Path) -> list[Path]:
    """Return the log and what was moved aside, the newest first."""
    return [file, *(rotated(file, number) for number in range(1, _MOST_FILES))]


def _lines_backwards(handle: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield place and text of each whole line, the last one first."""
    end = _end_of_lines(handle) - 1  # without the end of the last line
    rest = b""
    while end > 0:
        begin = max(end - _BLOCK, 0)
        handle.seek(begin)
        lines = (handle.read(end - begin) + rest).split(b"\n")
        rest = lines.pop(0) if begin else b""  # the end of a line that begins further ahead
        yield from reversed(_placed(lines, begin + len(rest) + 1 if begin else 0))
        end = begin


def _placed(lines: list[bytes], place: int) -> list[tuple[int, bytes]]:
    """Return the lines that are not empty with their places; the first is at `place`."""
    placed = []
    for line in lines:
        if line:
            placed.append((place, line))
        place += len(line) + 1
    return placed


def _end_of_lines(handle: BinaryIO) -> int:
    """Return the place behind the last whole line: what follows is being written."""
    end = handle.seek(0, os.SEEK_END)
    while end:
        begin = max(end - _BLOCK, 0)
        handle.seek(begin)
        found = handle.read(end - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0


class LogFollower:
    """Reads what is written to the log from now on, whoever writes it, across rotations."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._handle: BinaryIO | None = None
        self._place = 0
        with suppress(OSError):
            self._handle = file.open("rb")
            self._place = _end_of_lines(self._handle)

    def read(self) -> list[LogLine]:
        """Return the new lines, oldest first, a megabyte at most. Raises OSError."""
        lines = self._read_on()
        if not lines and self._go_to_newer():
            lines = self._read_on()
        return lines

    def close(self) -> None:
        """Let go of the file."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None

    def _read_on(self) -> list[LogLine]:
        if self._handle is None:
            return []
        found = os.fstat(self._handle.fileno())
        if found.st_size < self._place:  # somebody emptied it
            self._place = 0
        self._handle.seek(self._place)
        whole, newline, _ = self._handle.read(_MOST_BYTES).rpartition(b"\n")
        if not newline:
            return []
        placed = _placed(whole.split(b"\n"), self._place)
        self._place += len(whole) + 1
        return [parse_line(raw, (found.st_ino, place)) for place, raw in placed]

    def _go_to_newer(self) -> bool:
        """Go on with the file that came after the one at hand; return whether there is one."""
        newer = self._newer()
        if newer is None:
            return False
        self.close()
        self._handle, self._place = newer, 0
        return True

    def _newer(self) -> BinaryIO | None:
        """Open the next file; None where the one at hand is still written, or there is none."""
        ours = None if self._handle is None else os.fstat(self._handle.fileno()).st_ino
        next_one: Path | None = None
        for path in _files(self._file):
            with suppress(FileNotFoundError):
                if path.stat().st_ino == ours:
                    break
                next_one = path
        else:
            next_one = self._file if self._file.exists() else None
        return None if next_one is None else next_one.open("rb")
