"""Toned text: the plain value that screens hand to widgets, before any colour is known."""

from enum import StrEnum
from typing import NamedTuple


class Tone(StrEnum):
    """What a piece of text means; the theme decides what that looks like."""

    PLAIN = "plain"
    MUTED = "muted"
    STRONG = "strong"
    TITLE = "title"
    KEY = "key"
    GOOD = "good"
    WARNING = "warning"
    ERROR = "error"
    PROFIT = "profit"
    LOSS = "loss"
    LONG = "long"
    SHORT = "short"
    LIVE = "live"
    TESTNET = "testnet"
    PAPER = "paper"
    STALE = "stale"
    GRID = "grid"
    CURVE_A = "curve-a"
    CURVE_B = "curve-b"
    CURVE_C = "curve-c"
    BADGE_BRAND = "badge-brand"
    BADGE_LIVE = "badge-live"
    BADGE_TESTNET = "badge-testnet"
    BADGE_PAPER = "badge-paper"
    BADGE_DEMO = "badge-demo"
    BADGE_STALE = "badge-stale"
    BADGE_KILLED = "badge-killed"
    BADGE_PROFIT = "badge-profit"
    BADGE_LOSS = "badge-loss"


class Cell(NamedTuple):
    """A piece of text in one tone."""

    text: str
    tone: Tone = Tone.PLAIN


Line = tuple[Cell, ...]
"""One line of a widget, left to right."""

BLANK = Cell("")


def line(*parts: str | Cell) -> Line:
    """Return a line of `parts`; a plain string has the plain tone."""
    return tuple(Cell(part) if isinstance(part, str) else part for part in parts)


def length(cells: Line) -> int:
    """Return how many characters the line has."""
    return sum(len(cell.text) for cell in cells)


def joined(groups: list[Line], gap: str = "  ") -> Line:
    """Return the groups as one line with `gap` between them; empty groups leave no gap."""
    cells: list[Cell] = []
    for group in filter(None, groups):
        if cells:
            cells.append(Cell(gap))
        cells.extend(group)
    return tuple(cells)
