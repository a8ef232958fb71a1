"""The line above a chart: time, prices and volume of the candle under the cursor."""

from cts_tui.model.chart import ChartView
from cts_tui.tui.cells import Cell, Line, Tone, joined, length
from cts_tui.tui.widgets.chart.axes import legend_time
from cts_tui.tui.widgets.chart.panes import candle_tone
from cts_tui.tui.widgets.chart.scale import number_text, short_number


def candle_legend(view: ChartView, index: int, decimals: int, width: int) -> Line:
    """Return the values of a candle; the least important ones go first where it is narrow."""
    candle = view.candles[index]
    tone = candle_tone(candle)
    prices = zip("OHLC", candle[1:5], strict=True)
    time_text = legend_time(candle.time_ms)
    groups: list[Line] = [
        (Cell(f" {time_text if width >= 100 else time_text[5:]}", Tone.STRONG),),
        *((Cell(f"{n} ", Tone.MUTED), Cell(number_text(p, decimals), tone)) for n, p in prices),
        (Cell(_change(view, index), tone),),
    ]
    if candle.time_ms in view.invented:
        groups.append((Cell("SYNTHETIC", Tone.STALE),))
    if view.has_forming and index == len(view.candles) - 1:
        groups.append((Cell("forming", Tone.MUTED),))
    groups.append((Cell("V ", Tone.MUTED), Cell(short_number(candle.volume))))
    while len(groups) > 1 and length(joined(groups)) > width:
        groups.pop()
    return joined(groups)


def _change(view: ChartView, index: int) -> str:
    """Return how far the close is from the one before, with a sign and an arrow."""
    candle = view.candles[index]
    before = view.candles[index - 1].close if index else candle.open
    change = 100 * (candle.close / before - 1) if before else 0.0
    arrow = "▼" if candle.close < candle.open else "▲"
    return f"{arrow} {change:+.2f}%"
