"""From values to rows: the range of a pane, its round numbers, and how many decimals they need."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

_PADDING = 0.04
_LEAST_USED = 0.5
"""The share of a range that values must still fill; below it the range is drawn anew."""
_LONGEST_NUMBER = 18
_MOST_DECIMALS = 16


@dataclass(frozen=True, slots=True)
class Scale:
    """A range of values over `rows` rows; the lowest value is at the bottom."""

    low: float
    high: float
    rows: int

    def level(self, value: float, per_row: int) -> int:
        """Return how far `value` is from the bottom, in `per_row` steps a row.

        A value outside the range is put on its edge; NaN is put on the bottom.
        """
        steps = self.rows * per_row
        share = (value - self.low) / (self.high - self.low)
        return min(int(min(share, 1.0) * steps), steps - 1) if share > 0 else 0

    def row(self, value: float) -> int:
        """Return the row of `value`, counted from the top."""
        return self.rows - 1 - self.level(value, 1)

    def holds(self, value: float) -> bool:
        """Return whether `value` lies in the range."""
        return self.low <= value <= self.high


def fitted(values: Iterable[float], rows: int, before: Scale | None = None) -> Scale:
    """Return a range that holds every finite one of `values`, with a little room around.

    `before` is kept while it holds them and they fill half of it: a chart that scales with every
    tick cannot be read.
    """
    finite = [value for value in values if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    fits = before and before.rows == rows and before.holds(low) and before.holds(high)
    if before and fits and high - low >= _LEAST_USED * (before.high - before.low):
        return before
    if high - low <= abs(high) * 1e-9:
        room = abs(high) * 0.005 or 1.0
        return Scale(low - room, high + room, rows)
    room = (high - low) * _PADDING
    return Scale(max(low - room, 0.0) if low >= 0 else low - room, high + room, rows)


def ticks(scale: Scale, every_rows: int) -> tuple[list[float], int]:
    """Return round numbers at least `every_rows` rows apart, and the decimals they need.

    Round are 1, 2, 2.5 and 5 times a power of ten.
    """
    least = (scale.high - scale.low) * every_rows / max(scale.rows, 1)
    power = math.floor(math.log10(least))
    sizes = ((factor, power + extra) for extra in (0, 1) for factor in (1.0, 2.0, 2.5, 5.0))
    factor, power = next((f, p) for f, p in sizes if f * 10.0**p >= least * (1 - 1e-9))
    step = factor * 10.0**power
    first = math.ceil(scale.low / step)
    found = [(first + index) * step for index in range(scale.rows + 1)]
    return [v for v in found if scale.holds(v)], max(0, -power + (factor == 2.5))


def number_text(value: float, decimals: int) -> str:
    """Return `value` with `decimals` decimals, in powers of ten where that would be too long."""
    text = f"{value:,.{decimals}f}"
    is_lost = decimals >= _MOST_DECIMALS and abs(value) < 10.0**-decimals
    return f"{value:.5g}" if len(text) > _LONGEST_NUMBER or is_lost else text


def price_decimals(price: float) -> int:
    """Return how many decimals show about six digits of `price`: 81204.9 → 2, 0.17 → 5."""
    size = abs(price)
    for least, decimals in ((1e6, 0), (1e3, 2), (10, 3), (1, 4)):
        if size >= least:
            return decimals
    return min(4 - math.floor(math.log10(size)), _MOST_DECIMALS) if size else 2


def short_number(value: float) -> str:
    """Return a volume in four characters or so: 12345 → `12.3k`."""
    if not math.isfinite(value):
        return "-"
    for size, unit in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            scaled = value / size
            return f"{scaled:.1f}{unit}" if abs(scaled) < 1e4 else f"{value:.2g}"
    return f"{value:.3g}"
