"""Screen 6: symbols and timeframes are chosen, the chart is read while it is seen."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import pytest

from cts_tui.errors import ConfigError
from cts_tui.model.chart import ChartView
from cts_tui.tui.screens.market import MarketScreen
from cts_tui.tui.widgets.candle_chart import CandleChart
from cts_tui.tui.widgets.live_lines import LiveLines
from cts_tui.tui.widgets.pick_modal import PickModal

from . import frozen
from .conftest import NARROW, WIDE, Play, Stage, make_stage
from .fake_desk import FakeDesk


class Seat:
    """The market screen of a stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.press = stage.press

    @property
    def screen(self) -> MarketScreen:
        return cast(MarketScreen, self.stage.screen)

    @property
    def chart(self) -> CandleChart:
        return self.screen.chart

    @property
    def subject(self) -> str:
        return self.screen.query_one("#subject", LiveLines).text

    async def shows(self, symbol: str, timeframe: str = "5m") -> None:
        await self.stage.until(
            lambda: (self.chart.view.symbol, self.chart.view.timeframe) == (symbol, timeframe),
            f"{symbol} {timeframe}",
        )


@asynccontextmanager
async def seated(
    play: Play, size: tuple[int, int] = NARROW, stage: Stage | None = None
) -> AsyncIterator[Seat]:
    async with play(stage, size=size) as playing:
        await playing.press("6")
        await playing.until(lambda: playing.screen.NAME == "market", "the screen")
        seat = Seat(playing)
        await playing.until(lambda: seat.screen.is_mounted and seat.chart.view.candles, "candles")
        yield seat


async def test_the_first_enabled_symbol_is_shown_in_its_stored_timeframe(play: Play) -> None:
    async with seated(play) as seat:
        await seat.shows("BTC/USDT:USDT")
        for part in ("BTC/USDT:USDT", "5m", "bybit-paper", "stream", "2s ago"):
            assert part in seat.subject
        assert seat.stage.app.focused is seat.chart


async def test_brackets_go_through_the_symbols_and_round(play: Play) -> None:
    async with seated(play) as seat:
        await seat.press("right_square_bracket")
        await seat.shows("DOGE/USDT:USDT")
        await seat.press("left_square_bracket", "left_square_bracket")
        await seat.shows("ETH/USD")
        assert "STALE" in seat.subject


async def test_comma_and_full_stop_change_the_timeframe_and_it_stays(play: Play) -> None:
    async with seated(play) as seat:
        await seat.press("full_stop")
        await seat.shows("BTC/USDT:USDT", "15m")
        await seat.press("full_stop", "full_stop", "full_stop", "full_stop")
        await seat.shows("BTC/USDT:USDT", "1d")
        await seat.press("right_square_bracket")
        await seat.shows("DOGE/USDT:USDT", "1d")
        await seat.press(*["comma"] * 9)
        await seat.shows("DOGE/USDT:USDT", "5m")


async def test_a_symbol_is_picked_from_the_list_by_typing(play: Play) -> None:
    async with seated(play) as seat:
        await seat.press("o")
        modal = seat.stage.app.screen
        assert isinstance(modal, PickModal)
        await seat.stage.until(lambda: len(modal.table.rows) == 3)
        await seat.press("down", "up", *"kraken")
        await seat.stage.until(lambda: len(modal.table.rows) == 1)
        await seat.press("enter")
        await seat.shows("ETH/USD")
        await seat.press("enter", *"no such thing", "enter", "escape")
        assert seat.stage.app.screen is seat.screen
        await seat.shows("ETH/USD")


async def test_i_changes_what_is_below_the_candles(play: Play) -> None:
    async with seated(play) as seat:
        seen = []
        for _ in range(6):
            seen.append(tuple(seat.chart.pane_names[1:]))
            await seat.press("i")
        assert seen == [
            ("rsi(14)",), ("macd(12,26,9)",), ("volume",), (), ("rsi(14)", "macd(12,26,9)"),
            ("rsi(14)",),
        ]  # fmt: skip


async def test_a_tall_terminal_shows_all_panes(play: Play) -> None:
    async with seated(play, WIDE) as seat:
        assert seat.chart.pane_names == ["price", "rsi(14)", "macd(12,26,9)", "volume"]
        await seat.stage.pilot.resize_terminal(*NARROW)
        await seat.stage.until(lambda: seat.chart.pane_names == ["price", "rsi(14)"])


async def test_esc_follows_again_and_then_leaves(play: Play) -> None:
    async with seated(play) as seat:
        await seat.press("shift+left")
        await seat.stage.until(lambda: "not following" in seat.subject)
        await seat.press("escape")
        await seat.stage.until(lambda: "not following" not in seat.subject)
        await seat.press("escape")
        assert seat.stage.screen.NAME == "dashboard"


async def test_the_cursor_stays_when_the_market_moves(play: Play) -> None:
    async with seated(play) as seat:
        await seat.press("left", "left", "left")
        before = seat.chart.cursor_candle
        market = seat.stage.desk.market

        def move(view: ChartView) -> ChartView:
            last = view.candles[-1]
            return replace(view, candles=(*view.candles[:-1], last._replace(close=last.low)))

        market.change = move
        await seat.stage.until(lambda: seat.chart.view.candles[-1].close == move(
            seat.chart.view).candles[-1].close)  # fmt: skip
        assert seat.chart.cursor_candle == before


async def test_nothing_is_read_while_the_screen_is_hidden(play: Play) -> None:
    async with seated(play) as seat:
        await seat.press("1")
        await seat.stage.until(lambda: seat.stage.screen.NAME == "dashboard")
        workers = seat.stage.app.workers
        await seat.stage.until(lambda: not any(worker.group == "reading" for worker in workers))
        asked, readings = len(seat.stage.desk.market.asked), seat.stage.desk.readings
        await seat.stage.until(lambda: seat.stage.desk.readings > readings + 1)
        assert len(seat.stage.desk.market.asked) == asked


async def test_a_chart_that_is_refused_is_told_and_read_again(play: Play) -> None:
    async with seated(play) as seat:
        market = seat.stage.desk.market

        def refuse(_view: ChartView) -> ChartView:
            market.rows = [row for row in frozen.SERIES if row.connection == "kraken-main"]
            raise ConfigError("there is no connection called 'bybit-paper'")

        market.change = refuse
        await seat.stage.told("no connection called 'bybit-paper'")
        market.change = lambda view: view
        await seat.shows("ETH/USD")


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_without_candles_it_says_what_to_do(play: Play, size: tuple[int, int]) -> None:
    async with play(make_stage(FakeDesk().empty()), size=size) as stage:
        await stage.press("6")
        await stage.until(lambda: stage.screen.NAME == "market" and stage.screen.is_mounted)
        chart: Any = cast(MarketScreen, stage.screen).chart
        await stage.until(lambda: "no candles are stored yet" in chart.render_line(1).text)
        await stage.press("o", "i", "full_stop", "right_square_bracket", "left", "plus")
        await stage.told("no candles are stored yet")


async def test_a_timeframe_without_a_whole_candle_says_so(play: Play) -> None:
    async with seated(play) as seat:
        market = seat.stage.desk.market
        market.change = lambda view: replace(view, candles=(), studies=(), has_forming=False)
        await seat.stage.until(lambda: "no whole candle" in seat.chart.render_line(1).text)
        assert "BTC/USDT:USDT" in seat.subject
