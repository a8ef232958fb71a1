"""What the keys do: every change goes through the desk, and money is asked about first."""

from typing import Any

import pytest

from cts_tui.errors import CtsError
from cts_tui.tui.actions import ACTIONS, Where, keys_text, unknown_actions
from cts_tui.tui.screens.help import HelpScreen
from cts_tui.tui.widgets.confirm_modal import ConfirmModal
from cts_tui.tui.widgets.detail import Detail
from cts_tui.tui.widgets.detail_modal import DetailModal
from cts_tui.tui.widgets.live_lines import LiveLines
from cts_tui.tui.widgets.live_table import LiveTable

from . import frozen
from .conftest import NARROW, WIDE, Play, make_stage
from .fake_desk import FakeDesk


async def test_e_enables_and_disables_the_connection_under_the_cursor(play: Play) -> None:
    async with play() as stage:
        await stage.go("2")
        await stage.press("e")
        await stage.told("bybit-paper is disabled")
        await stage.until(lambda: not stage.table.cursor_row.view.enabled)
        await stage.press("e")
        await stage.told("bybit-paper is enabled")
        changes = [call for call in stage.desk.calls if call[0] in ("enable", "disable")]
        assert changes == [("disable", "bybit-paper"), ("enable", "bybit-paper")]


async def test_kill_switch_is_asked_both_ways_and_shown(play: Play) -> None:
    async with play() as stage:
        await stage.press("K")
        assert isinstance(stage.app.screen, ConfirmModal)
        text = stage.app.screen.question.text
        for part in ("No new position is opened", "cancelled", "Live trading ends on kraken-main"):
            assert part in text
        await stage.press("y")
        await stage.until(lambda: "KILLED" in stage.header)
        await stage.press("K", "n")
        assert ("revive",) not in stage.desk.calls
        await stage.press("K", "y")
        await stage.until(lambda: "KILLED" not in stage.header)
        assert [c for c in stage.desk.calls if c[0] in ("kill", "revive")] == [
            ("kill",),
            ("revive",),
        ]


async def test_closing_names_connection_symbol_amount_and_mode(play: Play) -> None:
    async with play() as stage:
        await stage.go("3")
        await stage.press("G", "c")
        assert isinstance(stage.app.screen, ConfirmModal)
        text = stage.app.screen.question.text
        for part in ("kraken-main", "ETH/USD", "LONG 1.25", "SELL 1.25", "LIVE", "real money"):
            assert part in text
        await stage.press("enter")  # the cursor waits on Cancel
        assert ("close", frozen.ETH.id) not in stage.desk.calls
        await stage.press("c", "y")
        await stage.told("closing ETH/USD on kraken-main")
        assert ("close", frozen.ETH.id) in stage.desk.calls


async def test_closed_positions_cannot_be_closed(play: Play) -> None:
    async with play() as stage:
        await stage.go("3")
        await stage.press("t")
        await stage.until(lambda: len(stage.table.rows) == len(frozen.CLOSED_POSITIONS))
        await stage.press("c")
        await stage.told("put the cursor on an open position")


async def test_refused_operation_is_told_and_changes_nothing(play: Play) -> None:
    async with play() as stage:
        await stage.go("2")

        def refuse(name: str) -> None:
            raise CtsError("kraken-main has an unknown order; wait for reconciliation")

        stage.desk.connections.disable = refuse  # type: ignore[method-assign]
        await stage.press("j", "e")
        await stage.told("unknown order")
        assert stage.table.rows[1].view.enabled


async def test_filter_narrows_keeps_and_clears(play: Play) -> None:
    async with play() as stage:
        await stage.go("4")
        table = stage.table
        await stage.press("slash", *"rsi-dip")
        await stage.until(lambda: len(table.rows) == 4)
        await stage.press("enter")
        assert stage.app.focused is table
        assert "with “rsi-dip”" in str(table.border_title)
        await stage.press("escape")
        assert len(table.rows) == len(frozen.SIGNALS)
        await stage.press("slash", *"nowhere")
        await stage.until(lambda: not table.rows)


async def test_s_sorts_by_the_next_column_and_keeps_the_cursor_on_its_row(play: Play) -> None:
    async with play() as stage:
        await stage.go("3")
        table = stage.table
        await stage.press("s")
        assert table.order.sorted_by == "symbol"
        assert [row.id for row in table.rows] == [101, 102, 103]
        while table.order.sorted_by != "pnl":
            await stage.press("s")
        assert [row.id for row in table.rows] == [101, 103, 102]
        await stage.press("S")
        assert [row.id for row in table.rows] == [102, 103, 101]
        assert table.cursor_row.id == 101
        assert table.cursor == 2


async def test_cursor_positions_survive_going_to_another_screen(play: Play) -> None:
    async with play() as stage:
        await stage.go("4")
        await stage.press("j", "j", "j")
        row = stage.table.cursor_row
        await stage.go("2")
        await stage.press("4")
        assert stage.table.cursor == 3
        assert stage.table.cursor_row is row


async def test_enter_shows_everything_about_the_row(play: Play) -> None:
    async with play() as stage:
        await stage.go("3")
        await stage.press("enter")
        assert isinstance(stage.app.screen, DetailModal)
        await stage.until(lambda: "79,580.80 (-2.94%)" in stage.app.screen.query_one(Detail).text)
        await stage.press("escape")
        assert stage.app.screen is stage.screen


async def test_detail_of_a_connection_follows_the_cursor(play: Play) -> None:
    async with play() as stage:
        screen = await stage.go("2")
        await stage.press("j")
        await stage.until(lambda: "timeout after 10 s" in screen.query_one(Detail).text)
        assert "kraken" in screen.query_one(Detail).text


@pytest.mark.parametrize("key", ["1", "3", "8"])
async def test_messages_of_a_chosen_row_come_in_order(play: Play, key: str) -> None:
    seen: list[str] = []
    stage = make_stage()

    def note(message: Any) -> None:
        if isinstance(message, LiveTable.Selected):
            seen.append("selected")
        elif isinstance(message, LiveTable.Highlighted):
            seen.append("highlighted")

    async with stage.app.run_test(message_hook=note) as stage.pilot:
        await stage.until(lambda: stage.app.session.summary)
        await stage.go(key) if key != "1" else None
        await stage.until(lambda: stage.table.rows)
        await stage.pilot.pause()
        seen.clear()
        await stage.press("j", "enter")
        await stage.until(lambda: isinstance(stage.app.screen, DetailModal))
        assert list(dict.fromkeys(seen)) == ["highlighted", "selected"]
        stage.host.stop()


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_help_lists_every_action_with_its_keys(play: Play, size: tuple[int, int]) -> None:
    async with play(size=size) as stage:
        await stage.press("question_mark")
        screen = stage.app.screen
        assert isinstance(screen, HelpScreen)
        text = " ".join(screen.query_one("#help LiveLines", LiveLines).text.split())
        for action in ACTIONS:
            assert " ".join([keys_text(action, {}), action.description]) in text
        await stage.press("escape")


async def test_palette_offers_what_can_be_done_on_this_screen(play: Play) -> None:
    async with play() as stage:
        await stage.go("2")
        offered = {command.title for command in stage.app.get_system_commands(stage.screen)}
        assert {"En/disable", "Live on/off", "Kill", "Positions", "Quit"} <= offered
        assert {"Add", "Edit", "Test", "Remove"} <= offered
        assert "Open/closed" not in offered


async def test_palette_does_what_is_chosen(play: Play) -> None:
    async with play() as stage:
        await stage.press("ctrl+p", *"health", "enter")
        await stage.until(lambda: stage.screen.NAME == "health")


def test_action_ids_are_unique_and_every_place_has_its_keys_once() -> None:
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    for where in Where:
        inside = Where.CHART if where in (Where.MARKET, Where.CHART) else Where.TABLE
        shared = {Where.EVERYWHERE, Where.SCREEN, inside}
        keys = [
            key
            for action in ACTIONS
            if action.where in shared | {where} and action.where is not Where.DIALOG
            for key in action.key.split(",")
        ]
        assert len(keys) == len(set(keys)), where


async def test_keys_are_remapped_by_action_id(play: Play) -> None:
    keymap = {"go.signals": "f4", "table.down": "n", "no.such": "x"}
    assert unknown_actions(keymap) == ["no.such"]
    async with play(make_stage(keymap=keymap)) as stage:
        await stage.told("there is no action 'no.such'")
        await stage.press("4")
        assert stage.screen.NAME == "dashboard"
        await stage.press("n")
        assert stage.table.cursor == 1
        await stage.press("f4")
        assert stage.screen.NAME == "signals"


@pytest.mark.parametrize("key", ["1", "2", "3", "4", "8"])
async def test_empty_desk_says_what_to_do(play: Play, key: str) -> None:
    async with play(make_stage(FakeDesk().empty())) as stage:
        await stage.press(key)
        await stage.until(lambda: "opening" not in "".join(stage.table._empty))
        assert stage.app.export_screenshot()
