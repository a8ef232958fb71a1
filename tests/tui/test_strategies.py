"""Screen 5 and the editor: what runs, why it trades, and rules checked as they are typed."""

import sys
from pathlib import Path

import pytest
from textual.widgets import Input

from cts_tui.desk.desk import Desk
from cts_tui.model.trading import Actor
from cts_tui.paths import DataFolder
from cts_tui.tui.screens.strategies import StrategiesScreen
from cts_tui.tui.screens.strategy_editor import StrategyEditor, fault_lines
from cts_tui.tui.strategy_rows import factor_range, gate_summary, state_text, why_it_trades
from cts_tui.tui.widgets.confirm_modal import ConfirmModal
from cts_tui.tui.widgets.detail import Detail
from cts_tui.tui.widgets.detail_modal import DetailModal
from cts_tui.tui.widgets.live_table import LiveTable
from cts_tui.tui.widgets.typed_name_modal import TypedNameModal

from .conftest import WIDE, Play, Stage, make_stage
from .fake_desk import FakeDesk
from .fake_strategies import GATES, ROWS, TREND, overview


def editor_of(stage: Stage) -> StrategyEditor:
    editor = stage.app.screen
    assert isinstance(editor, StrategyEditor)
    return editor


async def opened(stage: Stage, *keys: str) -> StrategyEditor:
    """Go to the strategies, press `keys`, and wait for the editor's first check."""
    await stage.go("5")
    await stage.press(*keys)
    await stage.until(lambda: isinstance(stage.app.screen, StrategyEditor), "the editor")
    editor = editor_of(stage)
    await stage.until(lambda: editor.verdict.text, "a check")
    return editor


async def test_e_enables_and_disables_the_strategy_under_the_cursor(play: Play) -> None:
    async with play() as stage:
        await stage.go("5")
        await stage.press("e")
        await stage.told("macd-trend is disabled")
        await stage.until(lambda: not stage.table.cursor_row.view.enabled)
        await stage.press("e")
        await stage.told("macd-trend is enabled")
        assert [c for c in stage.desk.calls if c[0] in ("enable", "disable")] == [
            ("disable", "macd-trend"),
            ("enable", "macd-trend"),
        ]


@pytest.mark.parametrize("size", [(80, 24), WIDE])
async def test_rules_and_gates_follow_the_cursor(play: Play, size: tuple[int, int]) -> None:
    async with play(size=size) as stage:
        screen = await stage.go("5")
        assert isinstance(screen, StrategiesScreen)
        gates: LiveTable[object] = screen.query_one("#gates", LiveTable)
        await stage.press("G")
        await stage.until(lambda: len(gates.rows) == len(GATES))
        text = " ".join(screen.query_one(Detail).text.split())
        assert "may enter on 2 of 4 symbols" in text
        assert "crosses_above(sma(10), sma(30)) and rsi(14) < 70" in text
        await stage.press("k")
        await stage.until(lambda: not gates.rows)
        assert "e enables it" in gates._empty[0]


async def test_enter_on_a_gate_tells_why_it_trades_or_not(play: Play) -> None:
    async with play() as stage:
        await stage.go("5")
        await stage.press("G", "tab", "j", "enter")
        await stage.until(lambda: isinstance(stage.app.screen, DetailModal))
        await stage.until(lambda: "enters nothing" in stage.app.screen.query_one(Detail).text)
        assert "0.81 over 48" in " ".join(stage.app.screen.query_one(Detail).text.split())


async def test_a_wrong_rule_is_told_at_its_place_and_not_saved(play: Play) -> None:
    async with play() as stage:
        editor = await opened(stage, "enter")
        assert editor.verdict.text == "● no faults"
        editor.area.text = TREND.replace("crosses_above", "crosses_abve").strip()
        await stage.until(lambda: editor.faults, "a fault")
        assert "line 3, column 15: entry_long: unknown function `crosses_abve`" in " ".join(
            editor.verdict.text.split()
        )
        await stage.press("f8")
        assert editor.area.cursor_location == (2, 14)
        await stage.press("ctrl+s")
        await stage.told("not saved: 1 fault")
        assert stage.app.screen is editor
        assert not [call for call in stage.desk.calls if call[0] == "edit"]


async def test_f8_goes_from_fault_to_fault_and_around(play: Play) -> None:
    async with play() as stage:
        editor = await opened(stage, "n")
        editor.area.text = 'name = "A"\nentry_long = "close"\nstop = 2'
        seen = []
        for _ in range(4):
            await stage.press("f8")
            seen.append(editor.area.cursor_location)
        assert seen == [(0, 7), (1, 14), (2, 7), (0, 7)]


async def test_ctrl_s_saves_and_goes_back_to_the_list(play: Play) -> None:
    async with play() as stage:
        editor = await opened(stage, "enter")
        editor.area.text = TREND
        await stage.press("ctrl+s")
        await stage.told("macd-trend is saved: stop_loss_pct")
        assert stage.app.screen is stage.screen
        assert ("edit", "macd-trend") in stage.desk.calls


async def test_a_refused_save_says_why_and_keeps_the_text(play: Play) -> None:
    async with play() as stage:
        editor = await opened(stage, "n")
        editor.area.text = TREND
        await stage.press("ctrl+s")
        await stage.until(lambda: "not saved: there is a strategy" in editor.verdict.text)
        assert editor.area.text == TREND


async def test_esc_asks_only_where_something_was_changed(play: Play) -> None:
    async with play() as stage:
        await opened(stage, "enter")
        await stage.press("escape")
        assert stage.app.screen is stage.screen
        editor = await opened(stage, "enter")
        await stage.press("x", "escape")
        assert isinstance(stage.app.screen, ConfirmModal)
        await stage.press("n")
        assert stage.app.screen is editor
        await stage.press("escape", "y")
        assert stage.app.screen is stage.screen


async def test_a_built_in_one_is_shown_read_only_with_the_way_to_a_copy(play: Play) -> None:
    async with play() as stage:
        editor = await opened(stage, "G", "o")
        assert editor.area.read_only
        assert "d duplicates it" in str(editor.query_one("#editor").border_subtitle)
        before = editor.area.text
        await stage.press("x", "ctrl+s")
        await stage.told("read only")
        assert editor.area.text == before


async def test_d_asks_for_a_name_and_tells_a_refusal(play: Play) -> None:
    async with play() as stage:
        await stage.go("5")
        await stage.press("d", *"rsi-dip", "enter")
        modal = stage.app.screen
        assert isinstance(modal, TypedNameModal)
        await stage.until(lambda: "already" in " ".join(modal.refusal.text.split()))
        modal.query_one(Input).value = "mine"
        await stage.press("enter")
        await stage.told("the copy is added")
        assert ("duplicate", "macd-trend", "mine") in stage.desk.calls


async def test_x_asks_and_says_what_happens_to_open_positions(play: Play) -> None:
    async with play() as stage:
        await stage.go("5")
        await stage.press("j", "x")
        await stage.told("rally-fade is built in and stays")
        await stage.press("j", "x")
        assert isinstance(stage.app.screen, ConfirmModal)
        assert "1 open position: stops and targets stay" in stage.app.screen.question.text
        await stage.press("n")
        assert len(stage.table.rows) == len(ROWS)
        await stage.press("x", "y")
        await stage.told("rsi-dip is removed")
        assert ("remove", "rsi-dip", True) in stage.desk.calls


async def test_an_empty_list_says_how_to_write_a_strategy(play: Play) -> None:
    async with play(make_stage(FakeDesk().empty())) as stage:
        await stage.press("5")
        await stage.until(lambda: "opening" not in "".join(stage.table._empty))
        await stage.press("e", "d", "x", "enter", "o")
        assert stage.app.screen is stage.screen


async def test_what_is_written_in_the_editor_is_stored_with_an_event(
    play: Play, tmp_path: Path
) -> None:
    desk = Desk.open(DataFolder(tmp_path / "data"), Actor.TUI)
    stage = make_stage(is_needed=False)
    host = stage.host
    stage.app._open_desk = lambda: (desk, host)  # type: ignore[assignment, return-value]
    async with play(stage) as stage:
        editor = await opened(stage, "n")
        assert not editor.faults
        await stage.press("ctrl+s")
        await stage.told("my-strategy is added, disabled")
        event = desk.events.list()[0]
        assert (event.who, event.kind, event.subject) == ("tui", "strategy", "my-strategy")
        await stage.until(lambda: any(row.name == "my-strategy" for row in stage.table.rows))
        assert stage.table.cursor_row.name == "my-strategy"
        await stage.press("enter")
        editor = editor_of(stage)
        editor.area.text = editor.area.text.replace("stop_loss_pct = 2", "stop_loss_pct = 1.25")
        await stage.press("ctrl+s")
        await stage.told("my-strategy is saved: stop_loss_pct")
        event = desk.events.list()[0]
        assert (event.before, event.after) == ("stop_loss_pct = 2\n", "stop_loss_pct = 1.25\n")
    desk.close()


def test_gates_are_summed_up_in_words_with_the_range_of_the_proven_ones() -> None:
    assert gate_summary(GATES).text == "1 open, 2 unproven, 1 gated"
    assert factor_range(GATES).text == "0.81-1.42"
    assert factor_range(GATES[:1]).text == "1.42"
    assert (gate_summary(()).text, factor_range(GATES[2:]).text) == ("-", "-")


def test_an_unproven_rule_trades_on_paper_only() -> None:
    assert why_it_trades(GATES[2]).startswith("trades on paper: 4 of 10")
    assert why_it_trades(GATES[3]).startswith("enters nothing live: 7 of 10")


def test_an_enabled_strategy_that_no_engine_runs_says_so() -> None:
    assert state_text(overview(TREND, enabled=True)) == "enabled, but no engine has run it yet"


def test_only_as_many_faults_are_shown_as_there_is_room_for() -> None:
    faults = FakeDesk().strategies.check("\n".join(f"x{i} = 1" for i in range(20)))
    lines = [line[0].text for line in fault_lines(faults, 60)]
    shown = sum(text.startswith("✖") for text in lines)
    assert len(lines) <= 6
    assert lines[-1] == f"  and {len(faults) - shown} more faults"


def test_the_text_area_is_loaded_with_the_editor_only() -> None:
    import subprocess

    code = (
        "import sys, cts_tui.tui.app, cts_tui.tui.screens.strategies;"
        "print([m for m in sys.modules if 'text_area' in m or m.startswith('cts_tui.rules')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
