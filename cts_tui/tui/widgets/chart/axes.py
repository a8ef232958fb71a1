"""The axes: prices on the right, times below."""

import time
from collections.abc import Sequence

from cts_tui.model.market import Candle
from cts_tui.tui.cells import Cell, Line, Tone
from cts_tui.tui.widgets.chart.viewport import Viewport

_MINUTE, _HOUR, _DAY = 60_000, 3_600_000, 86_400_000
_STEPS = (
    _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE,
    _HOUR, 2 * _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR,
    _DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY, 30 * _DAY, 90 * _DAY, 360 * _DAY,
)  # fmt: skip
_LABEL_ROOM = 12
"""Columns from one time to the next, at least."""


def time_axis(candles: Sequence[Candle], viewport: Viewport, step_ms: int, width: int) -> Line:
    """Return the times below the candles in view; the cursor's one stands out."""
    row = [" "] * width
    per_label = _LABEL_ROOM * step_ms / viewport.width
    every_ms = next((step for step in _STEPS if step >= per_label), _STEPS[-1])
    free = 0
    for index in range(viewport.left, viewport.right):
        time_ms = candles[index].time_ms
        before_ms = candles[index - 1].time_ms if index else time_ms - step_ms
        if time_ms // every_ms == before_ms // every_ms:
            continue
        is_new_day = time_ms // _DAY != before_ms // _DAY
        text = axis_time(time_ms, is_date=is_new_day or every_ms >= _DAY)
        free = _write(row, text, viewport.x_of(index) + viewport.center, free)
    if viewport.cursor is None:
        return (Cell("".join(row), Tone.MUTED),)
    return _with_cursor(row, candles[viewport.cursor].time_ms, viewport)


def _write(row: list[str], text: str, center: int, free: int) -> int:
    """Write a time around column `center` where that is free; return what is free after it."""
    start = center - len(text) // 2
    if start < free or start + len(text) > len(row):
        return free
    row[start : start + len(text)] = text
    return start + len(text) + 1


def _with_cursor(row: list[str], time_ms: int, viewport: Viewport) -> Line:
    text = f" {axis_time(time_ms, is_date=False)} "
    x = viewport.x_of(viewport.cursor or 0) + viewport.center - len(text) // 2
    start = min(max(x, 0), max(len(row) - len(text), 0))
    before, after = "".join(row[:start]), "".join(row[start + len(text) :])
    before = before[: before.rfind(" ") + 1].ljust(len(before))  # a label cut in two is left out
    after = after[max(after.find(" "), 0) :].rjust(len(after))
    return (
        Cell(before, Tone.MUTED), Cell(text, Tone.BADGE_BRAND), Cell(after, Tone.MUTED)
    )  # fmt: skip


def axis_time(time_ms: int, *, is_date: bool) -> str:
    """Return a UTC time for the axis: `17:05`, or the date `04-03`."""
    return time.strftime("%m-%d" if is_date else "%H:%M", time.gmtime(time_ms // 1000))


def legend_time(time_ms: int) -> str:
    """Return a UTC time in full: `2025-04-03 17:05`."""
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(time_ms // 1000))
