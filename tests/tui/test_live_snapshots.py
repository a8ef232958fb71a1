"""What real money looks like: gates, header, flattening, limits and orders, at 80×24 and 160×50."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from cts_tui.model.trading import EngineStatus, Mode
from cts_tui.tui.screens.limits import RiskModal
from cts_tui.tui.widgets.flatten_progress import FlattenProgress
from cts_tui.tui.widgets.live_gates_modal import LiveGatesModal
from cts_tui.tui.widgets.orders_modal import OrdersModal

from .conftest import make_stage
from .fake_desk import FakeDesk
from .frozen import CLOSED_POSITIONS, DOGE
from .frozen_connections import LIVE, OFF, PAPER
from .frozen_live import BARE, CLOSED_GATES, DUSTY, TRIAL, TROUBLED
from .test_snapshots import SIZES, Compare


def look(compare: Compare, size: tuple[int, int], *keys: str, desk: FakeDesk) -> bool:
    """Compare what is seen after `keys`; after each, what it starts has ended."""
    stage = make_stage(desk, is_needed=False)

    async def until(is_so: Callable[[], object]) -> None:
        for _ in range(500):
            if is_so():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("it never came to rest")

    def is_at_rest() -> object:
        match stage.app.screen:
            case LiveGatesModal() as modal:
                return modal.verdict.text
            case FlattenProgress() as modal:
                return "asking" not in modal.lines.text
            case RiskModal() | OrdersModal() as modal:
                return modal.table.rows
        return stage.table.rows

    async def arrange(pilot: Pilot[None]) -> None:
        stage.pilot = pilot
        await until(lambda: stage.app.session.summary and stage.table.rows)
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
            await until(is_at_rest)
        await stage.rest()

    return compare(stage.app, terminal_size=size, run_before=arrange)


def calm() -> FakeDesk:
    """Nothing moves at an exchange yet."""
    desk = FakeDesk()
    desk.figures = replace(desk.figures, live=())
    quiet = replace(LIVE, live=False, open_positions=0, status=EngineStatus.RUNNING)
    desk.connections.rows = [quiet, PAPER, OFF]
    return desk


def troubled() -> FakeDesk:
    desk = FakeDesk()
    desk.figures = TROUBLED
    desk.positions.rows = [BARE, TRIAL, DOGE, DUSTY, *CLOSED_POSITIONS[1:]]
    return desk


@SIZES
@pytest.mark.parametrize(
    "keys",
    [
        pytest.param(("2", "j", "F"), id="flatten"),
        pytest.param(("F", *"ALL", "enter"), id="flatten-progress"),
        pytest.param(("2", "j", "l"), id="limits"),
        pytest.param(("2", "j", "l", "j", "j", "j", "enter", *"much", "enter"), id="limit"),
        pytest.param(("2", "j", "l", "z"), id="limits-reset"),
        pytest.param(("3", "G", "o"), id="orders"),
        pytest.param(("3", "G", "o", "enter"), id="order-unknown"),
        pytest.param(("3", "G", "o", "G", "enter"), id="order-filled"),
    ],
)
def test_live(snap_compare: Compare, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    assert look(snap_compare, size, *keys, desk=FakeDesk())


@SIZES
@pytest.mark.parametrize("mode", [Mode.LIVE, Mode.TESTNET])
def test_open_gates(snap_compare: Compare, size: tuple[int, int], mode: Mode) -> None:
    desk = calm()
    desk.connections.rows[0] = replace(desk.connections.rows[0], mode=mode)
    assert look(snap_compare, size, "2", "L", desk=desk)


@SIZES
def test_closed_gates(snap_compare: Compare, size: tuple[int, int]) -> None:
    desk = calm()
    desk.connections.gates = CLOSED_GATES
    assert look(snap_compare, size, "2", "L", desk=desk)


@SIZES
@pytest.mark.parametrize(
    "keys",
    [
        pytest.param((), id="dashboard"),
        pytest.param(("3",), id="positions"),
        pytest.param(("3", "enter"), id="position"),
        pytest.param(("3", "t", "enter"), id="dust"),
    ],
)
def test_trouble(snap_compare: Compare, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    assert look(snap_compare, size, *keys, desk=troubled())
