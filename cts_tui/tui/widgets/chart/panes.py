"""The panes of a chart: prices, volume, indicators. Each paints one candle's columns at a time."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence

from cts_tui.model.chart import ChartView, Curve, Mark, Study, StudyKind
from cts_tui.model.market import Candle
from cts_tui.model.trading import Direction
from cts_tui.tui.cells import Cell, Line, Tone
from cts_tui.tui.widgets.chart.glyphs import (
    BLANK,
    Column,
    Glyph,
    bar_columns,
    candle_columns,
    laid_over,
    line_columns,
    volume_columns,
)
from cts_tui.tui.widgets.chart.scale import (
    Scale,
    fitted,
    number_text,
    price_decimals,
    short_number,
    ticks,
)

VOLUME = "volume"
PRICE = "price"
_CURVES = (Tone.CURVE_A, Tone.CURVE_B, Tone.CURVE_C)
_WICKS = "│╷╵"
_GUIDE = Glyph("┈", Tone.GRID)
_LEVELS = {"stop": ("S", Tone.LOSS), "target": ("T", Tone.PROFIT)}
_RSI_GUIDES = (30.0, 70.0)

Triple = tuple[float, float, float]


class Pane(ABC):
    """One scale, and what is drawn on it."""

    name: str
    scale: Scale
    guides: Mapping[int, Glyph]
    """What blank characters of a row show."""
    labels: Mapping[int, Cell]
    """What stands right of a row: the first character is a mark."""

    @abstractmethod
    def key(self, index: int) -> object:
        """Return all that the columns of a candle depend on, besides the scale."""

    @abstractmethod
    def columns(self, index: int, width: int) -> list[Column]:
        """Return the columns of a candle."""

    @abstractmethod
    def legend(self, index: int) -> Line:
        """Return the values at a candle."""


class PricePane(Pane):
    """Candles, the lines over them, and the trades made on them."""

    name = PRICE

    def __init__(
        self,
        view: ChartView,
        shown: range,
        rows: int,
        before: Scale | None,
        marks: Mapping[int, Sequence[Mark]],
    ) -> None:
        self._view = view
        self._marks = marks
        self._overlays = [
            curve
            for study in view.studies
            if study.kind is StudyKind.OVERLAY
            for curve in study.curves
        ]
        self.scale = fitted(self._values(shown), rows, before)
        values, decimals = ticks(self.scale, 3)
        latest = view.candles[-1].close if view.candles else 1.0
        self.decimals = max(decimals, price_decimals(latest))
        self.guides = {self.scale.row(value): _GUIDE for value in values}
        self.labels = {
            self.scale.row(value): Cell(f" {self.price(value)}", Tone.MUTED) for value in values
        }
        self._add_levels()

    def _values(self, shown: range) -> Iterable[float]:
        for index in shown:
            yield self._view.candles[index].high
            yield self._view.candles[index].low
        for curve in self._overlays:
            yield from curve.values[shown.start : shown.stop]

    def _add_levels(self) -> None:
        """Note the levels of open positions, and over all the last price, beside their rows."""
        guides, labels = dict(self.guides), dict(self.labels)
        for level in self._view.levels:
            if self.scale.holds(level.price):
                letter, tone = _LEVELS.get(level.name, ("E", Tone.MUTED))
                row = self.scale.row(level.price)
                guides[row] = Glyph("╌", tone)
                labels[row] = Cell(f"{letter}{self.price(level.price)}", tone)
        if (last := last_label(self._view)) and self.scale.holds(last[0]):
            labels[self.scale.row(last[0])] = Cell(f"◂{self.price(last[0])}", last[1])
        self.guides, self.labels = guides, labels

    def price(self, value: float) -> str:
        """Return a price with the decimals of this pane."""
        return number_text(value, self.decimals)

    def key(self, index: int) -> object:
        """Return all that the columns of a candle depend on."""
        candle = self._view.candles[index]
        values = [around(curve, index) for curve in self._overlays]
        return (candle, candle.time_ms in self._view.invented, self._marks.get(index), values)

    def columns(self, index: int, width: int) -> list[Column]:
        """Return the candle under the lines under the marks."""
        candle = self._view.candles[index]
        is_invented = candle.time_ms in self._view.invented
        tone = Tone.WARNING if is_invented else candle_tone(candle)
        columns = candle_columns(candle, self.scale, width, tone)
        for curve, curve_tone in zip(self._overlays, tones_of(self._overlays), strict=True):
            line = line_columns(around(curve, index), self.scale, width, curve_tone)
            columns = laid_over(columns, line, _WICKS)
        center = (width - 1) // 2
        if is_invented and columns[center][-1] is BLANK:
            columns[center][-1] = Glyph("~", Tone.WARNING)
        if marks := self._marks.get(index):
            self._put_marks(columns[center], candle, marks)
        return columns

    def _put_marks(self, column: Column, candle: Candle, marks: Sequence[Mark]) -> None:
        """Put marks beside the candle, from its ends outward: buys below, sells above."""
        below, above = self.scale.row(candle.low) + 1, self.scale.row(candle.high) - 1
        for mark in marks:
            is_below = (mark.direction is Direction.LONG) == mark.is_entry
            row = min(below, len(column) - 1) if is_below else max(above, 0)
            column[row] = mark_glyph(mark)
            below, above = below + is_below, above - (not is_below)

    def legend(self, index: int) -> Line:
        """Return the values of the lines over the candles, and what was traded."""
        cells: list[Cell] = []
        for curve, tone in zip(self._overlays, tones_of(self._overlays), strict=True):
            value = newest(curve, index)
            text = "-" if math.isnan(value) else self.price(value)
            cells += [Cell(f"{curve.name.upper()} ", tone), Cell(f"{text}  ")]
        for mark in self._marks.get(index, ()):
            cells += [Cell("  "), *self._told(mark)]
        return tuple(cells)

    def _told(self, mark: Mark) -> Line:
        what = "entry" if mark.is_entry else "exit"
        glyph = mark_glyph(mark)
        price = f"{glyph.char} {mark.direction.upper()} {what} {self.price(mark.price)}"
        gain = "" if mark.pnl is None else f" {mark.pnl:+,.2f}"
        return (Cell(price, glyph.tone), Cell(gain, glyph.tone))


class StudyPane(Pane):
    """An indicator on a scale of its own."""

    def __init__(self, study: Study, shown: range, rows: int, before: Scale | None) -> None:
        self.name = study.name
        self._curves = study.curves
        if study.kind is StudyKind.BOUNDED:
            self.scale = Scale(0.0, 100.0, rows)
            values, decimals = list(_RSI_GUIDES), 0
        else:
            seen = (v for c in study.curves for v in c.values[shown.start : shown.stop])
            self.scale = fitted([0.0, *seen], rows, before)
            values, decimals = ticks(self.scale, 2)
        self._decimals = decimals + 2
        self.guides = {self.scale.row(value): _GUIDE for value in values}
        self.labels = {
            self.scale.row(value): Cell(f" {number_text(value, decimals)}", Tone.MUTED)
            for value in values
        }

    def key(self, index: int) -> object:
        """Return the values around a candle."""
        return [around(curve, index) for curve in self._curves]

    def columns(self, index: int, width: int) -> list[Column]:
        """Return bars under lines; every second line is dotted."""
        columns: list[Column] = [[BLANK] * self.scale.rows] * width
        lines: list[list[Column]] = []
        for curve, tone in zip(self._curves, tones_of(self._curves), strict=True):
            values = around(curve, index)
            if curve.is_histogram:
                bar = Tone.PROFIT if values[1] > 0 else Tone.LOSS
                columns = bar_columns(values[1], self.scale, width, bar)
            else:
                is_dotted = len(lines) % 2 == 1
                line = line_columns(values, self.scale, width, tone, is_dotted=is_dotted)
                lines.append(line)
        for line in reversed(lines):
            columns = laid_over(columns, line, "█▀▄")
        return columns

    def legend(self, index: int) -> Line:
        """Return the indicator's values."""
        cells = [Cell(self.name.upper(), Tone.MUTED)]
        for curve, tone in zip(self._curves, tones_of(self._curves), strict=True):
            value = newest(curve, index)
            text = "-" if math.isnan(value) else number_text(value, self._decimals)
            name = f"  {curve.name} " if len(self._curves) > 1 else " "
            ink = candle_like(value) if curve.is_histogram else tone
            cells += [Cell(name, ink), Cell(text)]
        return tuple(cells)


class VolumePane(Pane):
    """How much was traded."""

    name = VOLUME

    def __init__(self, view: ChartView, shown: range, rows: int, before: Scale | None) -> None:
        self._view = view
        highest = max((view.candles[index].volume for index in shown), default=0.0) or 1.0
        kept = before and before.rows == rows and highest <= before.high <= 2 * highest
        self.scale = before if before and kept else Scale(0.0, highest * 1.1, rows)
        self.guides = {}
        values, _ = ticks(self.scale, 2)
        self.labels = {
            self.scale.row(value): Cell(f" {short_number(value)}", Tone.MUTED)
            for value in values
            if value
        }

    def key(self, index: int) -> object:
        """Return the candle."""
        return self._view.candles[index]

    def columns(self, index: int, width: int) -> list[Column]:
        """Return a bar in the candle's tone."""
        candle = self._view.candles[index]
        return volume_columns(candle.volume, self.scale, width, candle_tone(candle))

    def legend(self, index: int) -> Line:
        """Return the volume."""
        volume = self._view.candles[index].volume
        return (Cell("VOLUME ", Tone.MUTED), Cell(short_number(volume)))


def candle_tone(candle: Candle) -> Tone:
    """Return the tone of a rise or a fall; a candle that closes where it opened is a rise."""
    return Tone.LOSS if candle.close < candle.open else Tone.PROFIT


def candle_like(value: float) -> Tone:
    """Return the tone of a positive or negative value."""
    return Tone.LOSS if value < 0 else Tone.PROFIT


def mark_glyph(mark: Mark) -> Glyph:
    """Return ▲ for a long entry, ▼ for a short one, ✕ for an exit in the tone of what it won."""
    if mark.is_entry:
        is_long = mark.direction is Direction.LONG
        return Glyph("▲", Tone.LONG) if is_long else Glyph("▼", Tone.SHORT)
    return Glyph("✕", Tone.STRONG if mark.pnl is None else candle_like(mark.pnl))


def last_label(view: ChartView) -> tuple[float, Tone] | None:
    """Return the price to mark on the axis, and its tone."""
    if view.last and view.last.is_stale:
        return view.last.price, Tone.BADGE_STALE
    if not view.candles:
        return None
    candle = view.candles[-1]
    is_fall = candle.close < candle.open
    return candle.close, Tone.BADGE_LOSS if is_fall else Tone.BADGE_PROFIT


def around(curve: Curve, index: int) -> Triple:
    """Return a curve's values before, at and after a candle; NaN where there is none."""
    return at(curve, index - 1), at(curve, index), at(curve, index + 1)


def at(curve: Curve, index: int) -> float:
    """Return a curve's value at a candle; NaN where there is none."""
    return curve.values[index] if 0 <= index < len(curve.values) else math.nan


def newest(curve: Curve, index: int) -> float:
    """Return a curve's value at a candle, at the last closed one for the one that forms."""
    return at(curve, min(index, len(curve.values) - 1))


def tones_of(curves: Sequence[Curve]) -> list[Tone]:
    """Return a tone for each curve."""
    return [_CURVES[index % len(_CURVES)] for index in range(len(curves))]
