"""The chart widget: what it says and draws, its keys, and that a moving candle costs little."""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

from cts_tui.model.chart import ChartView, Curve, LastPrice, Mark, Study, StudyKind
from cts_tui.model.market import Candle
from cts_tui.model.trading import Direction
from cts_tui.tui.tones import DOMAIN_DEFAULTS
from cts_tui.tui.widgets.candle_chart import CandleChart
from cts_tui.tui.widgets.chart.panes import VOLUME

from . import frozen

PANES = ("rsi(14)", "macd(12,26,9)", VOLUME)
BTC = frozen.chart("bybit-paper", "BTC/USDT:USDT", "5m")


class SpyChart(CandleChart):
    """Notes the regions it marks dirty."""

    def __init__(self, **options: Any) -> None:
        super().__init__(empty=("nothing here", "do this"), **options)
        self.dirty: list[Region | None] = []
        self.moves: list[Candle | None] = []

    def refresh(self, *regions: Region, **options: Any) -> Any:
        if hasattr(self, "dirty"):
            self.dirty += regions or [None]
        return super().refresh(*regions, **options)

    def on_candle_chart_cursor_moved(self, event: CandleChart.CursorMoved) -> None:
        self.moves.append(event.candle)

    def text(self, y: int) -> str:
        return self.render_line(y).text

    @property
    def rows(self) -> list[str]:
        return [self.text(y) for y in range(self.size.height)]


class ChartApp(App[None]):
    def __init__(self, chart: CandleChart) -> None:
        super().__init__()
        self.chart = chart

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DOMAIN_DEFAULTS

    def compose(self) -> ComposeResult:
        yield self.chart


@asynccontextmanager
async def shown(
    view: ChartView = BTC, size: tuple[int, int] = (80, 24), panes: tuple[str, ...] = PANES
) -> AsyncIterator[tuple[SpyChart, Pilot[None]]]:
    chart = SpyChart(panes=panes)
    async with ChartApp(chart).run_test(size=size) as pilot:
        chart.focus()
        chart.show(view)
        await pilot.pause()
        chart.dirty.clear()
        yield chart, pilot


def hand_made() -> ChartView:
    """Five candles whose picture can be told by heart."""
    prices = ((10, 14, 9, 12), (12, 13, 6, 7), (7, 10, 7, 10), (10, 10, 10, 10), (10, 16, 10, 15))
    candles = tuple(
        Candle(1_743_638_400_000 + index * 300_000, *map(float, values), 10.0 + index)
        for index, values in enumerate(prices)
    )
    return ChartView("X/Y", "5m", candles)


async def test_hand_made_candles_are_drawn_where_they_belong() -> None:
    async with shown(hand_made(), (24, 14), ()) as (chart, _):
        plot = [row[: chart.viewport.columns][-5:] for row in chart.rows[2:13]]
        assert [row.replace("┈", " ").rstrip() for row in plot] == [
            "    │",
            "    ║",
            "│   ║",
            "││  ║",
            "║┃  ║",
            "║┃  ║",
            "║┃╻╻║",
            "│┃║",
            " ┃║",
            " ┃║",
            " │",
        ]  # fmt: skip


async def test_the_legend_tells_the_candle_under_the_cursor() -> None:
    async with shown(hand_made(), (100, 14), ()) as (chart, pilot):
        assert "2025-04-03 00:20  O 10.000  H 16.000  L 10.000  C 15.000" in chart.text(0)
        assert "▲ +50.00%" in chart.text(0)
        await pilot.press("left", "left", "left")
        assert "00:05  O 12.000  H 13.000  L 6.000  C 7.000  ▼ -41.67%  V 11" in chart.text(0)
        assert chart.moves[-1] == hand_made().candles[1]
        assert "00:05" in chart.rows[-1]


async def test_only_what_a_moving_candle_changes_is_repainted() -> None:
    async with shown(size=(100, 40)) as (chart, pilot):
        last = BTC.candles[-1]
        close = (last.open + last.close) / 2
        moved = replace(BTC, candles=(*BTC.candles[:-1], last._replace(close=close)))
        chart.show(moved)
        await pilot.pause()
        regions = [region for region in chart.dirty if region is not None]
        assert len(regions) == len(chart.dirty)
        gutter_x = chart.viewport.columns
        plot = [region for region in regions if region.x < gutter_x and region.y >= 2]
        assert [(region.x, region.width) for region in plot] == [(gutter_x - 1, 1)]
        legend = [region for region in regions if region.y < 2]
        assert [region.y for region in legend] == [0]
        labels = [region for region in regions if region.x >= gutter_x and region.y >= 2]
        assert len(labels) <= 2
        assert sum(region.area for region in regions) < 100


async def test_a_view_that_changed_nothing_repaints_nothing() -> None:
    async with shown() as (chart, pilot):
        chart.show(replace(BTC, candles=tuple(BTC.candles)))
        await pilot.pause()
        assert chart.dirty == []


async def test_moving_the_cursor_repaints_two_columns_and_the_legends() -> None:
    async with shown() as (chart, pilot):
        await pilot.press("left", "left")
        chart.dirty.clear()
        await pilot.press("left")
        await pilot.pause()
        regions = [region for region in chart.dirty if region is not None]
        assert len(regions) == len(chart.dirty)
        tall = [region for region in regions if region.height > 1]
        assert sorted(region.x for region in tall) == [
            chart.viewport.columns - 4, chart.viewport.columns - 3,
        ]  # fmt: skip
        assert sum(region.area for region in regions) < 250


async def test_keys_move_zoom_pan_and_follow() -> None:
    async with shown() as (chart, pilot):
        viewport, count = chart.viewport, len(BTC.candles)
        assert viewport.is_following
        await pilot.press("left", "h", "right")
        assert viewport.cursor == count - 2
        await pilot.press("shift+left")
        assert viewport.right == count - viewport.capacity // 4
        before = viewport.capacity
        await pilot.press("plus")
        assert viewport.capacity == before // 2
        await pilot.press("minus", "minus")
        assert viewport.capacity == before
        await pilot.press("home")
        assert (viewport.cursor, viewport.left) == (0, 0)
        await pilot.press("left", "pageup")
        assert viewport.cursor == 0
        await pilot.press("end")
        assert (viewport.cursor, viewport.is_following) == (None, True)
        assert chart.moves[-1] is None


async def test_the_mouse_puts_the_cursor_and_zooms() -> None:
    async with shown() as (chart, pilot):
        await pilot.click(chart, offset=(chart.viewport.columns - 1, 8))
        assert chart.viewport.cursor == len(BTC.candles) - 1
        await pilot.click(chart, offset=(chart.viewport.columns + 3, 8))  # the price axis
        assert chart.viewport.cursor == len(BTC.candles) - 1
        chart.on_mouse_scroll_up()
        assert chart.viewport.width == 2
        chart.on_mouse_scroll_down()
        assert chart.viewport.width == 1


async def test_a_new_candle_shifts_the_window_only_while_it_follows() -> None:
    following = replace(BTC, candles=BTC.candles[:-1], has_forming=False)
    async with shown(following) as (chart, pilot):
        chart.show(BTC)
        assert chart.viewport.right == 300
        await pilot.press("shift+left")
        right = chart.viewport.right
        more = BTC.candles[-1]._replace(time_ms=BTC.candles[-1].time_ms + 300_000)
        chart.show(replace(BTC, candles=(*BTC.candles, more)))
        assert chart.viewport.right == right


async def test_entries_exits_and_levels_stand_at_their_candles() -> None:
    async with shown() as (chart, pilot):
        text = "\n".join(chart.rows)
        assert text.count("▲") >= 2
        assert "▼" in text
        assert text.count("✕") == 2
        for start in ("S ", "T ", "◂"):  # the entry is behind the last price
            assert any(row[chart.viewport.columns :].startswith(start) for row in chart.rows[2:-1])
        chart.go_to(BTC.marks[1].time_ms + 7)
        await pilot.pause()
        assert "✕ LONG exit" in chart.text(1)
        assert "+12.50" in chart.text(1)


async def test_gaps_in_an_indicator_are_gaps() -> None:
    view = hand_made()
    nan = math.nan
    curve = Curve("sma(3)", (nan, 11.0, nan, nan, 11.0))
    gappy = replace(view, studies=(Study("sma(3)", StudyKind.OVERLAY, (curve,)),))
    async with shown(gappy, (60, 20), ()) as (chart, pilot):
        assert "SMA(3) 11.000" in chart.text(1)
        await pilot.press("left", "left")
        assert "SMA(3) -" in chart.text(1)


async def test_synthetic_candles_say_so() -> None:
    view = hand_made()
    flagged = replace(view, invented=frozenset({view.candles[-1].time_ms}))
    async with shown(flagged, (100, 20), ()) as (chart, _):
        assert "SYNTHETIC" in chart.text(0)
        assert chart.text(chart.size.height - 2)[chart.viewport.columns - 1] == "~"


async def test_a_stale_price_is_marked_apart_from_the_candle() -> None:
    stale = LastPrice(12.0, 0, "rest", is_stale=True)
    async with shown(replace(hand_made(), last=stale), (60, 20), ()) as (chart, _):
        assert any("◂ 12.000" in row for row in chart.rows)


@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.parametrize("size", [(80, 24), (21, 7), (10, 3), (1, 1)])
async def test_few_candles_and_little_room_are_no_fault(count: int, size: tuple[int, int]) -> None:
    view = replace(hand_made(), candles=hand_made().candles[:count])
    async with shown(view, size) as (chart, pilot):
        rows = chart.rows
        if count and size[0] > 20:
            assert "O 10.000" in rows[0] or "00:0" in rows[0]
        if not count and size[0] == 80:
            assert "nothing here" in rows[1]
        await pilot.press("left", "plus", "home", "shift+left", "end")
        await pilot.resize_terminal(40, 15)
        await pilot.pause()
        assert all(len(row) == 40 for row in chart.rows)


@pytest.mark.parametrize("factor", [1e-14, 1e-7, 1e9, 1e100])
async def test_prices_of_any_size_fit(factor: float) -> None:
    candles = tuple(
        Candle(c.time_ms, *(v * factor for v in c[1:5]), c.volume * factor) for c in BTC.candles
    )
    async with shown(replace(BTC, candles=candles, studies=(), levels=()), panes=(VOLUME,)) as (
        chart, _,
    ):  # fmt: skip
        assert chart.viewport.columns >= 55
        assert all(len(row) == 80 for row in chart.rows)


async def test_another_symbol_starts_anew() -> None:
    async with shown() as (chart, pilot):
        await pilot.press("home")
        chart.show(frozen.chart("kraken-main", "ETH/USD", "5m"))
        await pilot.pause()
        assert chart.viewport.cursor is None
        assert chart.viewport.is_following
        assert chart.viewport.columns == 80 - len(" 1,800.00") - 1


async def test_panes_are_dropped_where_there_is_no_room() -> None:
    async with shown(size=(80, 50)) as (chart, pilot):
        assert chart.pane_names == ["price", *PANES]
        await pilot.resize_terminal(80, 20)
        await pilot.pause()
        assert chart.pane_names == ["price", "rsi(14)"]
        await pilot.resize_terminal(80, 10)
        await pilot.pause()
        assert chart.pane_names == ["price"]
        chart.set_panes((VOLUME,))
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert chart.pane_names == ["price", VOLUME]


async def test_panning_fits_the_scale_to_what_is_seen() -> None:
    async with shown(panes=()) as (chart, pilot):
        before = chart._picture.panes[0].scale
        await pilot.press("home")
        after = chart._picture.panes[0].scale
        shown_candles = BTC.candles[: chart.viewport.right]
        spread = max(c.high for c in shown_candles) - min(c.low for c in shown_candles)
        assert after != before
        assert spread > 0.8 * (after.high - after.low)


async def test_the_trades_of_a_backtest_are_drawn_by_the_same_widget() -> None:
    candles = hand_made().candles
    marks = (
        Mark(candles[1].time_ms, 12.0, Direction.SHORT, is_entry=True),
        Mark(candles[2].time_ms, 8.0, Direction.SHORT, is_entry=False, pnl=4.0),
    )
    async with shown(ChartView("X/Y", "5m", candles, marks=marks), (60, 20), ()) as (chart, _):
        text = "\n".join(chart.rows)
        assert "▼" in text
        assert "✕" in text
