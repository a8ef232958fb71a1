"""The report of a backtest: opened from the strategies, paged, on every stored series."""

import asyncio

import pytest
from textual.pilot import Pilot

from cts_tui.tui.cells import Tone
from cts_tui.tui.screens.backtest_report import BacktestReport, metric_lines
from cts_tui.tui.widgets.curve_plot import curve_lines, resampled

from .conftest import NARROW, WIDE, Play, Stage, make_stage
from .fake_desk import FakeDesk
from .fake_reports import METRICS, TRADES
from .test_snapshots import SIZES, Compare


async def opened(stage: Stage) -> BacktestReport:
    await stage.go("5")
    await stage.press("b")
    await stage.until(lambda: isinstance(stage.app.screen, BacktestReport), "the report")
    report = stage.app.screen
    assert isinstance(report, BacktestReport)
    await stage.until(lambda: "computing" not in report.head.text, "an answer")
    await stage.pilot.pause()
    return report


def seen(report: BacktestReport) -> list[str]:
    parts = (report.equity, report.trades, report.months)
    return [str(part.id) for part in parts if part.region.area]


async def test_b_opens_t_toggles_and_esc_goes_back(play: Play) -> None:
    async with play(size=NARROW) as stage:
        report = await opened(stage)
        assert ("backtest", "macd-trend", "BTC/USDT:USDT") in stage.desk.calls
        shown = [seen(report)]
        for _ in range(3):
            await stage.press("t")
            await stage.pilot.pause()
            shown.append(seen(report))
        assert shown == [["equity"], ["trades"], ["months"], ["equity"]]
        assert "SYNTHETIC" in report.head.text
        await stage.press("t")
        await stage.until(lambda: report.focused is report.trades and seen(report) == ["trades"])
        await stage.press("j", "j")
        assert report.trades.cursor == 2
        await stage.press("escape")
        assert stage.app.screen is stage.screen


async def test_a_large_terminal_shows_all_and_t_moves_the_keys(play: Play) -> None:
    async with play(size=WIDE) as stage:
        report = await opened(stage)
        assert seen(report) == ["equity", "trades", "months"]
        await stage.until(lambda: report.focused is report.trades)
        assert len(report.trades.rows) == len(TRADES)
        await stage.press("t", "t")
        await stage.until(lambda: report.focused is report.months)


async def test_brackets_take_another_series_and_a_refusal_is_told(play: Play) -> None:
    async with play() as stage:
        report = await opened(stage)
        await stage.press("right_square_bracket")
        await stage.until(lambda: "DOGE/USDT:USDT 5m" in report.head.text)
        await stage.press("right_square_bracket")
        await stage.until(lambda: "✖ strategy macd-trend runs on 1m" in report.head.text)
        assert report.view is None
        assert seen(report) == []
        await stage.press("right_square_bracket")
        await stage.until(lambda: "series 1 of 3" in report.head.text)
        await stage.press("left_square_bracket")
        await stage.until(lambda: "series 3 of 3" in report.head.text)


async def test_it_begins_with_a_symbol_of_the_strategy(play: Play) -> None:
    async with play() as stage:
        stage.desk.market.rows.reverse()
        await stage.go("5")
        await stage.press("j", "j", "b")
        await stage.until(lambda: ("backtest", "rsi-dip", "BTC/USDT:USDT") in stage.desk.calls)


async def test_without_candles_it_says_what_brings_them(play: Play) -> None:
    desk = FakeDesk()
    desk.market.rows = []
    async with play(make_stage(desk)) as stage:
        report = await opened(stage)
        assert report.head.text.startswith("no candles are stored yet")
        await stage.press("right_square_bracket", "t", "escape")
        assert stage.app.screen is stage.screen


def test_a_curve_fills_its_room_whatever_the_number_of_values() -> None:
    assert resampled([1.0, 3.0], 5) == [1.0, 1.5, 2.0, 2.5, 3.0]
    assert resampled([5.0], 3) == [5.0, 5.0, 5.0]
    assert resampled([0.0, -4.0, -1.0, 0.0], 2, min) == [-4.0, -1.0]
    for count in (1, 2, 7, 400):
        lines = curve_lines(list(map(float, range(count))), ("a", "b"), 40, 6, Tone.CURVE_A)
        assert len(lines) == 6
        assert "".join(cell.text for cell in lines[-1]) == "a" + "b".rjust(28)
    assert curve_lines([], ("", ""), 40, 6, Tone.LOSS) == []
    assert curve_lines([1.0, 2.0], ("", ""), 8, 6, Tone.LOSS) == []


@pytest.mark.parametrize("width", [20, 76, 156])
def test_every_figure_has_its_place(width: int) -> None:
    text = " ".join(cell.text for line in metric_lines(METRICS, width) for cell in line)
    assert all(label in text and figure in text for label, figure in METRICS)


@SIZES
@pytest.mark.parametrize("keys", [(), ("t",), ("t", "t")], ids=["curves", "trades", "months"])
def test_look(snap_compare: Compare, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    stage = make_stage(is_needed=False)

    async def arrange(pilot: Pilot[None]) -> None:
        stage.pilot = pilot
        await stage.until(lambda: stage.app.session.summary and stage.table.rows)
        await opened(stage)
        await stage.press(*keys)
        await pilot.pause()
        await asyncio.sleep(0.05)

    assert snap_compare(stage.app, terminal_size=size, run_before=arrange)


@SIZES
def test_look_without_candles(snap_compare: Compare, size: tuple[int, int]) -> None:
    stage = make_stage(is_needed=False)
    stage.desk.market.rows = []

    async def arrange(pilot: Pilot[None]) -> None:
        stage.pilot = pilot
        await stage.until(lambda: stage.app.session.summary and stage.table.rows)
        await opened(stage)

    assert snap_compare(stage.app, terminal_size=size, run_before=arrange)
