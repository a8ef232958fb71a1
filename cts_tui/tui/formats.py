"""Values as short text: prices, money with its sign, times in UTC, ages."""

import time
from decimal import Decimal

from cts_tui.model.money import money_text
from cts_tui.model.trading import Direction
from cts_tui.tui.cells import Cell, Tone

NONE = Cell("-", Tone.MUTED)
_DAY_MS = 86_400_000
_DIGITS = ((1000, 2), (10, 3), (1, 4))
"""From which price on how many decimals are enough to see a tick."""


def price_text(price: Decimal) -> str:
    """Return a price with about six significant digits: 81804.9 → `81,804.90`."""
    size = abs(price)
    for least, digits in _DIGITS:
        if size >= least:
            return f"{price:,.{digits}f}"
    if not size:
        return "0"
    return f"{price:.{4 - size.adjusted()}f}"


def price_cell(price: Decimal | None, tone: Tone = Tone.PLAIN) -> Cell:
    """Return a price, or a dash where there is none."""
    return NONE if price is None else Cell(price_text(price), tone)


def quantity_text(quantity: Decimal) -> str:
    """Return a quantity without trailing zeros, to six decimals at most: 0.50000 → `0.5`."""
    if abs(quantity) < 1:
        return money_text(quantity.quantize(Decimal("1e-8")))
    text = f"{quantity:,.4f}"
    return text.rstrip("0").rstrip(".")


def signed_text(amount: Decimal) -> str:
    """Return money with its sign: 12.3 → `+12.30`, 0 → `0.00`."""
    return f"{amount:+,.2f}" if round(amount, 2) else "0.00"


def gain_tone(amount: Decimal | float) -> Tone:
    """Return the tone of a gain (+) or a loss (−)."""
    if not amount:
        return Tone.PLAIN
    return Tone.PROFIT if amount > 0 else Tone.LOSS


def gain_cell(amount: Decimal) -> Cell:
    """Return money with its sign, in the tone of a gain or a loss."""
    return Cell(signed_text(amount), gain_tone(round(amount, 2)))


def gain_pct_cell(pct: float) -> Cell:
    """Return a percentage with its sign, in the tone of a gain or a loss."""
    shown = round(pct, 2)
    return Cell(f"{shown:+.2f}%" if shown else "0.00%", gain_tone(shown))


def direction_cell(side: Direction) -> Cell:
    """Return `LONG` or `SHORT`."""
    return Cell(side.upper(), Tone.LONG if side is Direction.LONG else Tone.SHORT)


def age_text(age_ms: int) -> str:
    """Return an age in its largest unit: 75000 → `1m`."""
    seconds = max(age_ms, 0) // 1000
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def age_cell(since_ms: int | None, now_ms: int) -> Cell:
    """Return how long ago `since_ms` was, or a dash."""
    return NONE if since_ms is None else Cell(age_text(now_ms - since_ms), Tone.MUTED)


def time_text(time_ms: int, now_ms: int) -> str:
    """Return a UTC time: `17:05:00` within today's date, else `04-03 17:05`."""
    is_today = time_ms // _DAY_MS == now_ms // _DAY_MS
    return time.strftime("%H:%M:%S" if is_today else "%m-%d %H:%M", time.gmtime(time_ms // 1000))


def stamp_text(time_ms: int | None) -> str:
    """Return a full UTC time to the second: `2025-04-03 17:05:00Z`, or a dash."""
    if time_ms is None:
        return "-"
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(time_ms // 1000))


def clock_text(now_ms: int) -> str:
    """Return the UTC clock of the header: `17:05:00Z`."""
    return time.strftime("%H:%M:%SZ", time.gmtime(now_ms // 1000))


def count_text(count: int, noun: str) -> str:
    """Return a count with its noun: 1 → `1 position`, 2 → `2 positions`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def millis_cell(millis: float | None) -> Cell:
    """Return a duration in milliseconds with sensible digits: 3.24 → `3.2`."""
    if millis is None:
        return NONE
    return Cell(f"{millis:.1f}" if millis < 100 else f"{millis:,.0f}")


def one_line(text: str) -> str:
    """Return `text` without line breaks and control characters, fit for a table cell."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
