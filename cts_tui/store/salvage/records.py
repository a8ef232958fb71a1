"""Records as SQLite stores them: variable-length integers, and values by their serial types.

Sections 1.6 and 2.1 of https://www.sqlite.org/fileformat2.html.
"""

import struct
from typing import Any, Final

from cts_tui.store.verify.raw import RawText

Values = tuple[Any, ...]
"""The values of one record: None, int, float, RawText, bytes."""

_CONTINUES: Final = 0x80
_LONGEST_VARINT: Final = 9
_INTEGER_BYTES: Final = (0, 1, 2, 3, 4, 6, 8)
_REAL: Final = 7
_ZERO: Final = 8
_ONE: Final = 9
_FIRST_BLOB: Final = 12
_TOO_LARGE: Final = 1 << 63


class Undecodable(Exception):  # noqa: N818 - it says what the bytes are
    """The bytes are no record, no cell or no page: whatever they were is counted as lost."""


def varint(content: bytes, at: int) -> tuple[int, int]:
    """Return the integer at an offset, and the offset behind it. Raises Undecodable."""
    value = 0
    for length in range(1, _LONGEST_VARINT + 1):
        if at >= len(content):
            raise Undecodable
        byte = content[at]
        at += 1
        if length == _LONGEST_VARINT:
            value = (value << 8) | byte
            break
        value = (value << 7) | (byte & ~_CONTINUES)
        if byte < _CONTINUES:
            return value, at
    return (value - 2 * _TOO_LARGE if value >= _TOO_LARGE else value), at


def decode(payload: bytes) -> Values:
    """Return the values of a record that is exactly as long as it says. Raises Undecodable."""
    header_end, at = varint(payload, 0)
    if not at <= header_end <= len(payload):
        raise Undecodable
    serials = []
    while at < header_end:
        serial = payload[at]
        if serial < _CONTINUES:  # as nearly all are
            at += 1
        else:
            serial, at = varint(payload, at)
        serials.append(serial)
    if at != header_end:
        raise Undecodable
    values = []
    for serial in serials:
        value, at = _value(payload, at, serial)
        values.append(value)
    if at != len(payload):
        raise Undecodable
    return tuple(values)


def _value(payload: bytes, at: int, serial: int) -> tuple[Any, int]:
    """Return the value of a serial type, and the offset behind it."""
    if serial >= _FIRST_BLOB:
        end = at + (serial - _FIRST_BLOB) // 2
        if end > len(payload):
            raise Undecodable
        raw = payload[at:end]
        return (RawText(raw) if serial % 2 else raw), end
    if serial in (_ZERO, _ONE):
        return serial - _ZERO, at
    if not 0 <= serial <= _REAL:
        raise Undecodable
    if not serial:
        return None, at
    end = at + (8 if serial == _REAL else _INTEGER_BYTES[serial])
    if end > len(payload):
        raise Undecodable
    if serial == _REAL:
        return struct.unpack(">d", payload[at:end])[0], end
    return int.from_bytes(payload[at:end], "big", signed=True), end
