"""The write-ahead log beside a file: the pages that were committed and not yet brought into it.

Section 4 of https://www.sqlite.org/fileformat2.html. A frame counts only if its checksum and those
of all before it are right, and a commit follows.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

_HEADER: Final = struct.Struct(">8I")
_FRAME: Final = struct.Struct(">6I")
_MAGIC: Final = 0x377F0682
_WORD: Final = 0xFFFFFFFF
_PAGE_SIZES: Final = frozenset(1 << power for power in range(9, 17))

Sums = tuple[int, int]


@dataclass(slots=True)
class LogFrames:
    """Where in a log the newest committed version of each page lies."""

    file: Path
    page_size: int = 0
    """0 where there is no log, or none that can be read."""
    places: dict[int, int] = field(default_factory=dict)
    """Offset in the log by number of the page."""
    page_count: int = 0
    """Pages of the database after the last commit."""
    is_cut: bool = False
    """Whether frames follow that belong to the log by their salt, and that are not as written."""

    def page(self, number: int) -> bytes | None:
        """Return a page as the log has it, None where it has not. Raises OSError."""
        place = self.places.get(number)
        if place is None:
            return None
        with self.file.open("rb") as log:
            log.seek(place)
            return log.read(self.page_size)


def read_log(file: Path) -> LogFrames:
    """Return the committed frames of a log; nothing where there is none."""
    found = LogFrames(file)
    try:
        _read(found)
    except FileNotFoundError:
        return found
    except OSError:  # its disk does not give all of it back
        found.is_cut = True
    return found


def _read(found: LogFrames) -> None:
    with found.file.open("rb") as log:
        header = log.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return
        magic, _, page_size, _, *salts, first, second = _HEADER.unpack(header)
        order = ">" if magic & 1 else "<"
        sums = _summed(header[:24], (0, 0), order)
        if magic & ~1 != _MAGIC or page_size not in _PAGE_SIZES or sums != (first, second):
            found.is_cut = True
            return
        found.page_size = page_size
        waiting: dict[int, int] = {}
        for number, commit, place in _frames(log, found, (salts[0], salts[1]), sums, order):
            waiting[number] = place
            if commit:
                found.places |= waiting
                found.page_count = commit
                waiting = {}


def _frames(
    log: IO[bytes], found: LogFrames, salts: Sums, sums: Sums, order: str
) -> Iterator[tuple[int, int, int]]:
    """Yield page, size after a commit or 0, and offset of each frame, up to the first wrong one."""
    while True:
        header = log.read(_FRAME.size)
        content = log.read(found.page_size)
        if len(header) < _FRAME.size:
            return
        number, commit, *salted, first, second = _FRAME.unpack(header)
        if tuple(salted) != salts:  # left over from before the log was begun anew
            return
        sums = _summed(header[:8] + content, sums, order)
        if len(content) < found.page_size or sums != (first, second) or not number:
            found.is_cut = True
            return
        yield number, commit, log.tell() - found.page_size


def _summed(content: bytes, sums: Sums, order: str) -> Sums:
    """Return the checksum of section 4.2 over bytes, begun with `sums`."""
    words = struct.unpack(f"{order}{len(content) // 4}I", content[: len(content) // 4 * 4])
    first, second = sums
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & _WORD
        second = (second + odd + first) & _WORD
    return first, second
