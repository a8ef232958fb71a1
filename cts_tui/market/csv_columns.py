"""The text of a candle file as columns: a fast path for clean text, a patient one for the rest.

Both give the same numbers on a clean file. Nothing is judged here: what cannot be read becomes
NaN (a time: −1) and is dropped and counted by `clean`.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import orjson

from cts_tui.errors import ConfigError
from cts_tui.market.clean import MAX_TIME_MS
from cts_tui.model.columns import CandleColumns, FloatArray, IntArray

HEADER: Final = ("timestamp_ms", "open", "high", "low", "close", "volume")
_BOM: Final = b"\xef\xbb\xbf"
_PLAIN: Final = b"0123456789.,-+eE\n"
_PIECE: Final = 262_144
"""Bytes read at once."""
_SHOWN_CHARACTERS: Final = 60


def parse_columns(content: bytes) -> CandleColumns:
    """Return one row per data line of a CSV file; blank lines are none.

    The header names the columns, in any order; further columns are ignored. Raises ConfigError
    when the first line is not such a header.
    """
    text = content.removeprefix(_BOM).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    header, _, body = text.partition(b"\n")
    places, width = _places(header)
    rows = parse_plain(body, width)
    if rows is None:
        rows = parse_dirty(body, width)
    values = np.ascontiguousarray(rows.T[places])
    return CandleColumns(_whole_times(values[0]), *values[1:])


def parse_plain(body: bytes, width: int) -> FloatArray | None:
    """Return the rows, shape (lines, width), or None unless every line is `width` plain numbers.

    The text goes through the JSON parser as arrays of arrays: nothing here reads numbers faster,
    and what JSON does not know (NaN, words, blank lines) falls to the patient path.
    """
    parts = []
    for lines in _pieces(body.rstrip(b"\n")):
        if lines.translate(None, _PLAIN):
            return None
        try:
            table = orjson.loads(b"[[" + lines.replace(b"\n", b"],[") + b"]]")
            rows = np.array(table, dtype=np.float64)
        except (ValueError, OverflowError):  # not JSON, or lines of different length
            return None
        if rows.shape[1] != width:
            return None
        parts.append(rows)
    return np.concatenate(parts)


def _pieces(lines: bytes) -> Iterator[bytes]:
    """Yield `lines` in pieces of whole lines: Python's numbers take ten times their text."""
    start = 0
    while len(lines) - start > _PIECE and (end := lines.find(b"\n", start + _PIECE)) >= 0:
        yield lines[start:end]
        start = end + 1
    yield lines[start:]


def parse_dirty(body: bytes, width: int) -> FloatArray:
    """Return the rows, shape (lines, width); a line with another number of fields is all NaN."""
    rows = [_numbers(line.split(b","), width) for line in body.split(b"\n") if line.strip()]
    return np.array(rows, dtype=np.float64).reshape(-1, width)


def _numbers(fields: Sequence[bytes], width: int) -> list[float]:
    if len(fields) != width:
        return [np.nan] * width
    return [_number(field) for field in fields]


def _number(field: bytes) -> float:
    text = field.strip().strip(b'"')
    try:
        return np.nan if b"_" in text else float(text)  # Python reads 1_0 as 10, a file does not
    except ValueError:
        return np.nan


def _whole_times(times: FloatArray) -> IntArray:
    """Return the times as whole milliseconds, −1 where they are none."""
    is_time = (times >= 0) & (times <= MAX_TIME_MS)
    times = np.where(is_time, times, -1.0)
    return np.where(times == np.floor(times), times, -1.0).astype(np.int64)


def _places(header: bytes) -> tuple[list[int], int]:
    """Return where in a line each column of `HEADER` stands, and the number of fields."""
    names = [name.strip(b' \t"').lower() for name in header.split(b",")]
    wanted = [name.encode() for name in HEADER]
    if any(names.count(name) != 1 for name in wanted):
        raise ConfigError(
            f"expected the header {','.join(HEADER)}, found {_shown(header)}; "
            "write that header as the first line"
        )
    return [names.index(name) for name in wanted], len(names)


def _shown(header: bytes) -> str:
    text = header.decode("utf-8", "replace")
    if len(text) > _SHOWN_CHARACTERS:
        text = text[:_SHOWN_CHARACTERS] + "…"
    return ascii(text).replace("\\u2026", "…") if text else "an empty line"
