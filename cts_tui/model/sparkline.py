"""A line of bars: how a figure went, in the width of a few characters."""

from collections.abc import Sequence
from itertools import pairwise

_BARS = "▁▂▃▄▅▆▇█"


def bars(values: Sequence[float], width: int) -> str:
    """Return the last `width` values as a line of bars, from the lowest to the highest."""
    shown = values[-width:]
    if len(shown) < 2:
        return ""
    low, high = min(shown), max(shown)
    scale = (len(_BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(_BARS[round((value - low) * scale)] for value in shown)


def thinned(values: Sequence[float], width: int) -> list[float]:
    """Return at most `width` values over the whole length: of each part the highest, peaks stay."""
    if len(values) <= width:
        return list(values)
    edges = [len(values) * part // width for part in range(width + 1)]
    return [max(values[start:end]) for start, end in pairwise(edges)]
