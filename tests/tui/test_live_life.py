"""The same keys on a real desk: gates, limits, flattening and orders are what the store says."""

from pathlib import Path

import pytest

from cts_tui.desk.desk import Desk
from cts_tui.model.trading import Actor
from cts_tui.paths import DataFolder
from cts_tui.tui.screens.limits import RiskModal
from cts_tui.tui.widgets.confirm_modal import ConfirmModal
from cts_tui.tui.widgets.flatten_progress import FlattenProgress
from cts_tui.tui.widgets.limit_modal import LimitModal
from cts_tui.tui.widgets.orders_modal import OrdersModal
from tests.desk.conftest import Hand

from .conftest import Play, Stage
from .test_connection_life import real_stage
from .test_live import asked, gates_of


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.open(DataFolder(tmp_path / "data"), Actor.TUI)


def set_live(desk: Desk) -> Hand:
    """Have `binance` trade real money, with a position, whatever its gates say."""
    hand = Hand(desk)
    hand.execute(
        "UPDATE connections SET mode = 'live', enabled = 1, live = 1 WHERE name = 'binance'"
    )
    hand.position("a", "binance", is_live=True, unprotected_since_ms=1)
    return hand


async def on_binance(stage: Stage) -> None:
    await stage.go("2")
    await stage.press("g")
    await stage.until(lambda: stage.table.cursor_row.view.name == "binance")


async def test_the_gates_of_a_new_connection_are_listed_and_refuse(play: Play, desk: Desk) -> None:
    async with play(real_stage(desk)) as stage:
        await on_binance(stage)
        await stage.press("L")
        modal = await gates_of(stage)
        assert "closed: live trading stays off" in modal.verdict.text
        for name in ("enabled", "mode", "credentials", "tested", "reconciled", "kill switch"):
            assert name in modal.gates.text
        await stage.press(*"binance", "enter")
        await stage.until(lambda: "refused: live trading stays off" in modal.refusal.text)
        assert not desk.connections.get("binance").live


async def test_l_ends_live_and_the_header_goes_on_telling_of_what_is_held(
    play: Play, desk: Desk
) -> None:
    set_live(desk)
    async with play(real_stage(desk)) as stage:
        await on_binance(stage)
        assert "LIVE" in stage.header
        assert "1 UNPROTECTED" in stage.header
        await stage.press("L")
        await stage.told("binance is no longer live")
        assert not desk.connections.get("binance").live
        await stage.until(lambda: "left" in stage.header)


async def test_flatten_is_asked_for_in_the_store_and_followed(play: Play, desk: Desk) -> None:
    hand = set_live(desk)
    async with play(real_stage(desk)) as stage:
        await on_binance(stage)
        await stage.press("F")
        await asked(stage)
        await stage.press(*"binance", "enter")
        await stage.until(lambda: isinstance(stage.app.screen, FlattenProgress))
        progress = stage.app.screen
        assert isinstance(progress, FlattenProgress)
        await stage.until(lambda: "1 position and 0 resting orders left" in progress.lines.text)
        assert "No engine runs" in progress.lines.text
        assert not desk.connections.get("binance").live
        hand.execute("UPDATE connections SET flatten_requested_at = NULL")
        await stage.until(lambda: "Everything is closed." in progress.lines.text)


async def test_limits_are_changed_in_the_store(play: Play, desk: Desk) -> None:
    async with play(real_stage(desk)) as stage:
        await on_binance(stage)
        await stage.press("l")
        await stage.until(lambda: isinstance(stage.app.screen, RiskModal))
        modal = stage.app.screen
        assert isinstance(modal, RiskModal)
        await stage.until(lambda: modal.table.rows)
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, LimitModal))
        await stage.press(*"2.5", "enter")
        await stage.until(lambda: str(desk.risk.of("binance").limits.collar_pct) == "2.5")
        await stage.until(lambda: modal.table.rows[0].value.text == "2.5%")
        await stage.press("z")
        await stage.until(lambda: isinstance(stage.app.screen, ConfirmModal))
        await stage.press("y")
        await stage.told("no engine has run it yet")


async def test_the_orders_of_a_position_are_read_from_the_store(play: Play, desk: Desk) -> None:
    set_live(desk)
    async with play(real_stage(desk)) as stage:
        await stage.go("3")
        assert stage.table.cursor_row.is_live
        await stage.press("o")
        await stage.until(lambda: isinstance(stage.app.screen, OrdersModal))
        modal = stage.app.screen
        assert isinstance(modal, OrdersModal)
        await stage.until(lambda: "no order is kept" in str(modal.table._empty))
