"""Candles, lines and bars as characters. A column of glyphs goes from top to bottom.

A row holds two steps of a candle (box characters), four dots of a line (braille), eight steps of a
bar. A rise is hollow, a fall is solid: it can be told without colours.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from cts_tui.model.market import Candle
from cts_tui.tui.cells import Tone
from cts_tui.tui.widgets.chart.scale import Scale


class Glyph(NamedTuple):
    """One character in one tone."""

    char: str
    tone: Tone


BLANK = Glyph(" ", Tone.PLAIN)
Column = list[Glyph]

_NONE, _WICK, _BODY = 0, 1, 2
_BODIES = {
    (_NONE, _NONE): " ", (_NONE, _WICK): "╷", (_NONE, _BODY): "╻",
    (_WICK, _NONE): "╵", (_WICK, _WICK): "│", (_WICK, _BODY): "╽",
    (_BODY, _NONE): "╹", (_BODY, _WICK): "╿", (_BODY, _BODY): "┃",
}  # fmt: skip
"""By what the upper and the lower half of a row show."""
_DOUBLE = {**_BODIES, (_BODY, _BODY): "║"}
_SOLID = {**_BODIES, (_NONE, _BODY): "▄", (_BODY, _NONE): "▀", (_BODY, _BODY): "█"}
_HOLLOW = {
    **_BODIES, (_NONE, _BODY): " ", (_BODY, _NONE): " ", (_BODY, _BODY): " ",
    (_WICK, _BODY): "╵", (_BODY, _WICK): "╷",
}  # fmt: skip
_LEFT = {(False, False): " ", (False, True): "▗", (True, False): "▝", (True, True): "▐"}
_RIGHT = {(False, False): " ", (False, True): "▖", (True, False): "▘", (True, True): "▌"}
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_BRAILLE = 0x2800
_DOTS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))
"""The bits of the left and the right dots of a cell, from the bottom up."""


def candle_columns(candle: Candle, scale: Scale, width: int, tone: Tone) -> list[Column]:
    """Return a candle in `width` columns; from three on its body is wider than its wick."""
    is_fall = candle.close < candle.open
    halves = _halves(candle, scale)
    wide, narrow = (_SOLID, _BODIES) if is_fall else (_HOLLOW, _DOUBLE)
    middle = wide if width >= 3 else narrow
    columns = [[BLANK] * scale.rows for _ in range(width)]
    center = (width - 1) // 2
    columns[center] = [_glyph(middle[pair], tone) for pair in halves]
    if width >= 3:
        for x, side in ((center - 1, _LEFT), (center + 1, _RIGHT)):
            sides = [side[top == _BODY, bottom == _BODY] for top, bottom in halves]
            columns[x] = [_glyph(char, tone) for char in sides]
    return columns


def _halves(candle: Candle, scale: Scale) -> list[tuple[int, int]]:
    """Return what the upper and lower half of each row show, from the top row down."""
    top = scale.level(max(candle.open, candle.close), 2)
    bottom = scale.level(min(candle.open, candle.close), 2)
    high, low = scale.level(candle.high, 2), scale.level(candle.low, 2)
    shown = [
        _BODY if bottom <= level <= top else _WICK if low <= level <= high else _NONE
        for level in range(2 * scale.rows)
    ]
    return [(shown[2 * row + 1], shown[2 * row]) for row in reversed(range(scale.rows))]


def line_columns(
    values: Sequence[float], scale: Scale, width: int, tone: Tone, *, is_dotted: bool = False
) -> list[Column]:
    """Return the piece of a line around one candle, which joins the pieces beside it.

    `values` are those at the candle before, at the candle, and at the candle after; NaN is a gap.
    """
    bits = [[0] * scale.rows for _ in range(width)]
    center = (width - 1) // 2
    for dot in range(2 * width):
        if is_dotted and dot % 2:
            continue
        distance = (dot + 0.5) / 2 - (center + 0.5)
        value, before = (_between(values, d / width) for d in (distance, distance - 0.5))
        if math.isnan(value) or not scale.holds(value):
            continue
        level = scale.level(value, 4)
        start = level if math.isnan(before) or is_dotted else scale.level(before, 4)
        start += (level > start) - (level < start)
        for lit in range(min(start, level), max(start, level) + 1):
            bits[dot // 2][scale.rows - 1 - lit // 4] |= _DOTS[dot % 2][lit % 4]
    return [[_glyph(chr(_BRAILLE + b) if b else " ", tone) for b in column] for column in bits]


def _between(values: Sequence[float], share: float) -> float:
    """Return the line's value at `share` of the way to the next (+) or the last (−) candle."""
    before, here, after = values
    other = after if share > 0 else before
    if math.isnan(other):
        return here if abs(share) <= 0.25 else math.nan
    return here + (other - here) * abs(share)


def bar_columns(value: float, scale: Scale, width: int, tone: Tone) -> list[Column]:
    """Return a bar from zero up or down, in half rows; nothing for NaN and zero."""
    shown = [False] * (2 * scale.rows)
    if value and not math.isnan(value):
        zero, end = scale.level(0.0, 2), scale.level(value, 2)
        first, last = (zero, max(end, zero)) if value > 0 else (min(end, zero - 1), zero - 1)
        shown = [first <= level <= last for level in range(2 * scale.rows)]
    chars = {(False, False): " ", (False, True): "▄", (True, False): "▀", (True, True): "█"}
    rows = reversed(range(scale.rows))
    column = [_glyph(chars[shown[2 * row + 1], shown[2 * row]], tone) for row in rows]
    return _widened(column, width)


def volume_columns(volume: float, scale: Scale, width: int, tone: Tone) -> list[Column]:
    """Return a bar from the bottom, in eighths of a row."""
    filled = scale.level(volume, 8) + 1 if volume > 0 else 0
    rows = reversed(range(scale.rows))
    column = [_glyph(_EIGHTHS[min(max(filled - 8 * row, 0), 8)], tone) for row in rows]
    return _widened(column, width)


def _widened(column: Column, width: int) -> list[Column]:
    """Return the bar over a candle's columns, with a gap to the next."""
    blank = [BLANK] * len(column)
    return [column if x < max(width - 1, 1) else blank for x in range(width)]


def _glyph(char: str, tone: Tone) -> Glyph:
    return BLANK if char == " " else Glyph(char, tone)


def laid_over(lower: list[Column], upper: list[Column], covered: str = "") -> list[Column]:
    """Return both columns in one: `upper` wins where `lower` is blank or one of `covered`.

    Two lines in one place share their dots.
    """
    return [
        [_merged(a, b, covered) for a, b in zip(below, above, strict=True)]
        for below, above in zip(lower, upper, strict=True)
    ]


def _merged(lower: Glyph, upper: Glyph, covered: str) -> Glyph:
    if upper is BLANK:
        return lower
    if lower is BLANK or lower.char in covered:
        return upper
    is_dots = [ord(glyph.char) & ~0xFF == _BRAILLE for glyph in (lower, upper)]
    if all(is_dots):
        return Glyph(chr(ord(lower.char) | ord(upper.char)), upper.tone)
    return lower
