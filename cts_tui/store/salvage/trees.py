"""Pages of trees and their cells; sections 1.6 and 2.3 of https://www.sqlite.org/fileformat2.html."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from cts_tui.store.salvage.pages import HEADER_BYTES, PageFile
from cts_tui.store.salvage.records import Undecodable, Values, decode, varint

INDEX_INTERIOR: Final = 0x02
TABLE_INTERIOR: Final = 0x05
INDEX_LEAF: Final = 0x0A
TABLE_LEAF: Final = 0x0D
INTERIOR: Final = frozenset((INDEX_INTERIOR, TABLE_INTERIOR))
OF_INDEX: Final = frozenset((INDEX_INTERIOR, INDEX_LEAF))
OF_TABLE: Final = frozenset((TABLE_INTERIOR, TABLE_LEAF))
_KINDS: Final = OF_INDEX | OF_TABLE
_LEAST_CELL: Final = 4


class Node(NamedTuple):
    """A page of a tree."""

    number: int
    kind: int
    content: bytes
    pointers: tuple[int, ...]
    """Where the cells begin."""
    right: int
    """The page behind the last cell, 0 of a leaf."""

    @property
    def is_interior(self) -> bool:
        """Whether it leads to other pages."""
        return self.kind in INTERIOR


class Cell(NamedTuple):
    """What a cell holds."""

    child: int
    """The page before it, 0 in a leaf."""
    rowid: int | None
    """None in the tree of an index, or of a table without row ids."""
    values: Values
    """Empty in an interior page of a table."""
    chain: tuple[int, ...]
    """Pages on which its end lies."""


def node_at(pages: PageFile, number: int) -> Node | None:
    """Return a page if it can be one of a tree."""
    content = pages.page(number) if pages.is_page(number) else None
    at = HEADER_BYTES if number == 1 else 0
    if content is None or len(content) < at + 12 or content[at] not in _KINDS:
        return None
    kind = content[at]
    start = at + (12 if kind in INTERIOR else 8)
    count = int.from_bytes(content[at + 3 : at + 5], "big")
    if count * (_LEAST_CELL + 2) > pages.usable - start or start + 2 * count > len(content):
        return None
    if not count and content[at + 5 : at + 7] != (pages.usable & 0xFFFF).to_bytes(2, "big"):
        return None  # of an empty one all room is free: this one has lost its count
    pointers = tuple(
        int.from_bytes(content[place : place + 2], "big")
        for place in range(start, start + 2 * count, 2)
    )
    right = int.from_bytes(content[at + 8 : at + 12], "big") if kind in INTERIOR else 0
    return Node(number, kind, content, pointers, right)


def cell_at(pages: PageFile, node: Node, pointer: int) -> Cell:
    """Return a cell that is exactly as its page says. Raises Undecodable."""
    content, at, child, rowid = node.content, pointer, 0, None
    begin = (HEADER_BYTES if node.number == 1 else 0) + 8 + 2 * len(node.pointers)
    if not begin <= pointer < min(len(content), pages.usable):
        raise Undecodable
    if node.is_interior:
        child, at = child_at(node, pointer), at + 4
    if node.kind == TABLE_INTERIOR:
        rowid, _ = varint(content, at)
        return Cell(child, rowid, (), ())
    length, at = varint(content, at)
    if node.kind == TABLE_LEAF:
        rowid, at = varint(content, at)
    payload, chain = _payload(pages, node, at, length)
    return Cell(child, rowid, decode(payload), chain)


def child_at(node: Node, pointer: int) -> int:
    """Return the page that a cell of an interior page leads to. Raises Undecodable."""
    if pointer + 4 > len(node.content):
        raise Undecodable
    return int.from_bytes(node.content[pointer : pointer + 4], "big")


def cells_of(pages: PageFile, node: Node) -> Iterator[Cell | None]:
    """Yield the cells of a page, None for each that is none."""
    for pointer in node.pointers:
        try:
            yield cell_at(pages, node, pointer)
        except Undecodable:
            yield None


def _payload(pages: PageFile, node: Node, at: int, length: int) -> tuple[bytes, tuple[int, ...]]:
    """Return what a cell holds, with what of it lies on other pages."""
    if not 0 < length <= pages.usable * max(pages.count, pages.stated_count):
        raise Undecodable
    local = _local_length(pages.usable, length, is_table=node.kind == TABLE_LEAF)
    end = at + local
    if end > min(len(node.content), pages.usable):
        raise Undecodable
    payload = node.content[at:end]
    if local == length:
        return payload, ()
    first = int.from_bytes(node.content[end : end + 4], "big")
    rest, chain = _chained(pages, first, length - local)
    return payload + rest, chain


def _local_length(usable: int, length: int, *, is_table: bool) -> int:
    """Return how much of a payload lies on the page itself."""
    most = usable - 35 if is_table else (usable - 12) * 64 // 255 - 23
    if length <= most:
        return length
    least = (usable - 12) * 32 // 255 - 23
    fitting = least + (length - least) % (usable - 4)
    return fitting if fitting <= most else least


def _chained(pages: PageFile, first: int, length: int) -> tuple[bytes, tuple[int, ...]]:
    """Return so many bytes from a chain of pages that ends with them. Raises Undecodable."""
    parts, chain, number, left = [], [], first, length
    while left > 0:
        content = pages.page(number) if pages.is_page(number) and number not in chain else None
        take = min(left, pages.usable - 4)
        if content is None or len(content) < 4 + take:
            raise Undecodable
        parts.append(content[4 : 4 + take])
        chain.append(number)
        number, left = int.from_bytes(content[:4], "big"), left - take
    if number:
        raise Undecodable
    return b"".join(parts), tuple(chain)
