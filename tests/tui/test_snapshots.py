"""What the screens look like, at 80×24 and 160×50, with frozen rows and a frozen clock."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from cts_tui.tui.widgets.candle_chart import CandleChart

from .conftest import NARROW, WIDE, make_stage
from .fake_desk import FakeDesk

SIZES = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x50"])
Compare = Callable[..., bool]


def look(compare: Compare, size: tuple[int, int], *keys: str, **options: Any) -> bool:
    """Compare what is seen after `keys`, once the desk was read."""
    stage = make_stage(is_needed=False, **options)
    is_empty = not stage.desk.positions.rows

    async def until(is_so: Callable[[], object]) -> None:
        for _ in range(300):
            if is_so():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the desk was not read")

    def has_rows() -> object:
        charts = stage.screen.query(CandleChart)
        return charts.first().view.candles if charts else stage.table.rows

    def is_reading() -> bool:
        shown = stage.app.screen
        return any(not one.is_finished for one in stage.app.workers if one.node is shown)

    async def arrange(pilot: Pilot[None]) -> None:
        stage.pilot = pilot
        await until(lambda: stage.app.session.summary and (has_rows() or is_empty))
        for key in keys:
            await pilot.press(key)
            await until(lambda: has_rows() or is_empty)
            await until(lambda: not is_reading())
        await stage.rest()

    return compare(stage.app, terminal_size=size, run_before=arrange)


@SIZES
@pytest.mark.parametrize(
    "keys",
    [
        pytest.param((), id="dashboard"),
        pytest.param(("2", "j"), id="connections"),
        pytest.param(("3",), id="positions"),
        pytest.param(("3", "t"), id="closed-positions"),
        pytest.param(("3", "enter"), id="position-detail"),
        pytest.param(("3", "G", "c"), id="close-live-position"),
        pytest.param(("4",), id="signals"),
        pytest.param(("6",), id="market"),
        pytest.param(("6", *("left",) * 9, "plus", "plus"), id="market-cursor"),
        pytest.param(("6", "o"), id="market-symbols"),
        pytest.param(("7",), id="journal"),
        pytest.param(("7", "t", "p"), id="journal-orders"),
        pytest.param(("7", "t", "t", "p", "p"), id="journal-fills"),
        pytest.param(("8",), id="health"),
        pytest.param(("9",), id="log"),
        pytest.param(("9", "j", "j", "j", "enter"), id="log-entry"),
        pytest.param(("9", "l", "p"), id="log-paused"),
        pytest.param(("question_mark",), id="help"),
        pytest.param(("2", "G", "L"), id="live-modal"),
        pytest.param(("K",), id="kill-modal"),
    ],
)
def test_screen(snap_compare: Compare, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    assert look(snap_compare, size, *keys)


@SIZES
def test_empty_desk(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert look(snap_compare, size, desk=FakeDesk().empty(), title_note="demo")


def test_light_theme(snap_compare: Compare) -> None:
    assert look(snap_compare, WIDE, theme="cts-light")
