"""The pages of a file, as they are after its log: whatever of them can be read.

Sections 1.2 and 1.3 of https://www.sqlite.org/fileformat2.html.
"""

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from cts_tui.store.salvage.log_frames import LogFrames, read_log

MAGIC: Final = b"SQLite format 3\0"
HEADER_BYTES: Final = 100
_SIZES: Final = tuple(1 << power for power in range(9, 17))
_USUAL_SIZE: Final = 4096
_KINDS: Final = frozenset((0x02, 0x05, 0x0A, 0x0D))
_LOCK_BYTE: Final = 1 << 30
_LOOKED_AT: Final = 2_000
_NEARLY: Final = 0.75


@dataclass(slots=True)
class FreePages:
    """What the list of free pages says."""

    numbers: set[int] = field(default_factory=set)
    is_whole: bool = False
    """Whether it was read to its end: every other page is in use."""


class PageFile:
    """A database file by its pages, numbered from 1. It is only read."""

    def __init__(self, descriptor: int, file: Path) -> None:
        """`descriptor` is the open `file`, which stays the caller's. Raises OSError."""
        self._descriptor = descriptor
        self.bytes = os.fstat(descriptor).st_size
        self.log: LogFrames = read_log(file.with_name(file.name + "-wal"))
        head = self._plain(0, HEADER_BYTES)
        self.size = self.log.page_size or _stated_size(head) or self._guessed_size()
        self.header = (self.page(1) or b"")[:HEADER_BYTES]
        self.has_header = self.header.startswith(MAGIC) and _stated_size(self.header) == self.size
        reserved = self.header[20] if self.has_header else 0
        self.usable = self.size - reserved
        own = -(-self.bytes // self.size)
        self.count = self.log.page_count or own
        """Pages that can be asked for."""
        self.stated_count = self.log.page_count or self._stated_count() or own
        """Pages that there should be."""

    @property
    def missing(self) -> int:
        """How many pages the end of the file lacks."""
        return max(0, self.stated_count - -(-self.bytes // self.size)) if self.has_header else 0

    def page(self, number: int) -> bytes | None:
        """Return a page, shorter where the file ends within it; None beyond the end."""
        logged = self.log.page(number)
        if logged is not None:
            return logged
        return self._plain((number - 1) * self.size, self.size) or None

    def is_page(self, number: int) -> bool:
        """Return whether something may refer to such a page."""
        return 1 <= number <= max(self.count, self.stated_count)

    @cached_property
    def lock_page(self) -> int:
        """The page that SQLite never uses: its locks lie there."""
        return _LOCK_BYTE // self.size + 1

    @cached_property
    def free(self) -> FreePages:
        """The pages that hold nothing any more, whatever is still to be seen in them."""
        found = FreePages()
        if not self.has_header:
            return found
        trunk, expected = _integers(self.header, 32, 2)
        while trunk:
            content = self.page(trunk) or b""
            if trunk in found.numbers or not self.is_page(trunk) or len(content) < self.size:
                return found
            found.numbers.add(trunk)
            trunk, leaves = _integers(content, 0, 2)
            if leaves > self.usable // 4 - 2:
                return found
            listed = _integers(content, 8, leaves)
            if len({*listed}) != leaves or not all(map(self.is_page, listed)):
                return found
            found.numbers.update(listed)
        found.is_whole = len(found.numbers) == expected
        return found

    def _plain(self, at: int, length: int) -> bytes:
        """Return bytes of the file; none where its disk does not give them back."""
        try:
            return os.pread(self._descriptor, length, at)
        except OSError:
            return b""

    def _stated_count(self) -> int:
        """Return how many pages the header says there are, 0 where that is out of date."""
        if not self.has_header or self.header[24:28] != self.header[92:96]:
            return 0
        return _integers(self.header, 28, 1)[0]

    def _guessed_size(self) -> int:
        """Return the smallest size at whose multiples pages of trees begin, nearly everywhere."""

        def share(size: int) -> float:
            places = range(size, min(self.bytes, _LOOKED_AT * size), size)
            heads = [self._plain(at, 1) for at in places]
            return sum(head[0] in _KINDS for head in heads if head) / max(len(heads), 1)

        shares = {size: share(size) for size in _SIZES if 2 * size <= self.bytes}
        most = max(shares.values(), default=0.0)
        likely = [size for size, found in shares.items() if found > _NEARLY * most]
        return min(likely, default=_USUAL_SIZE)


def _integers(content: bytes, at: int, count: int) -> list[int]:
    return [
        int.from_bytes(content[place : place + 4], "big") for place in range(at, at + 4 * count, 4)
    ]


def _stated_size(header: bytes) -> int:
    """Return the size of a page as a header says it, 0 where it says none."""
    if not header.startswith(MAGIC):
        return 0
    stated = int.from_bytes(header[16:18], "big")
    size = 1 << 16 if stated == 1 else stated
    return size if size in _SIZES else 0
