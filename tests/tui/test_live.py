"""Real money by keys: gates before it, one key to end it, and closing everything."""

from dataclasses import replace

import pytest

from cts_tui.errors import CtsError
from cts_tui.model.gate import Flattening
from cts_tui.model.trading import Mode
from cts_tui.tui.widgets.confirm_modal import ConfirmModal
from cts_tui.tui.widgets.flatten_progress import FlattenProgress
from cts_tui.tui.widgets.live_gates_modal import LiveGatesModal
from cts_tui.tui.widgets.typed_name_modal import TypedNameModal

from . import frozen
from .conftest import Play, Stage, make_stage
from .frozen_live import CLOSED_GATES


async def gates_of(stage: Stage) -> LiveGatesModal:
    """The modal once it has read the gates."""
    await stage.until(lambda: isinstance(stage.app.screen, LiveGatesModal), "the gates")
    modal = stage.app.screen
    assert isinstance(modal, LiveGatesModal)
    await stage.until(lambda: modal.verdict.text, "the gates were read")
    return modal


async def test_live_lists_every_gate_and_needs_the_typed_name(play: Play) -> None:
    async with play() as stage:
        await stage.go("2")
        await stage.press("L")
        modal = await gates_of(stage)
        for gate in stage.desk.connections.gates:
            assert gate.name in modal.gates.text
        assert "pass" in modal.gates.text
        assert "all 13 gates open" in modal.verdict.text
        facts = modal.facts.text
        for part in ("bybit-paper", "paper", "swap", "quote=USDT", "price collar 5%"):
            assert part in facts
        await stage.press(*"bybit", "enter")
        await stage.until(lambda: "refused: the typed name is 'bybit'" in modal.refusal.text)
        assert stage.app.screen is modal
        await stage.press(*"-paper", "enter")
        await stage.told("bybit-paper is LIVE")
        assert ("live_on", "bybit-paper") in stage.desk.calls


async def test_closed_gates_say_what_to_do_and_are_read_again(play: Play) -> None:
    stage = make_stage()
    stage.desk.connections.gates = CLOSED_GATES
    async with play(stage):
        await stage.go("2")
        await stage.press("L")
        modal = await gates_of(stage)
        assert "3 gates closed: live trading stays off" in modal.verdict.text
        first, second, *_ = modal.gates.text.splitlines()
        assert "FAIL" in first
        assert second.strip() == "→ esc, then t tests it"
        assert "R starts an engine where none runs" in " ".join(modal.gates.text.split())
        stage.desk.connections.gates = tuple(replace(gate, is_open=True) for gate in CLOSED_GATES)
        await stage.until(lambda: "all 13 gates open" in modal.verdict.text)


async def test_live_of_a_disabled_connection_is_refused_with_the_reason(play: Play) -> None:
    async with play() as stage:
        await stage.go("2")
        await stage.press("G", "L")
        modal = await gates_of(stage)
        assert "esc, then e enables it" in modal.gates.text
        await stage.press(*"binance-new", "enter")
        await stage.until(lambda: "it before live trading" in " ".join(modal.refusal.text.split()))
        await stage.press("escape")
        assert not [call for call in stage.desk.calls if call[0] == "live_on"]


async def test_gates_that_cannot_be_read_are_told(play: Play) -> None:
    async with play() as stage:
        await stage.go("2")

        def fail(name: str, confirm: str = "") -> None:
            raise CtsError("the database is locked")

        stage.desk.connections.live_gates = fail  # type: ignore[method-assign, assignment]
        await stage.press("L")
        await stage.until(lambda: isinstance(stage.app.screen, LiveGatesModal))
        modal = stage.app.screen
        assert isinstance(modal, LiveGatesModal)
        await stage.until(lambda: "the database is locked" in modal.gates.text)


@pytest.mark.parametrize("keys", [("2", "j"), ("1", "G")], ids=["connections", "dashboard"])
async def test_live_ends_at_once_without_a_question(play: Play, keys: tuple[str, str]) -> None:
    async with play() as stage:
        await stage.go(keys[0])
        await stage.press(keys[1], "L")
        await stage.told("kraken-main is no longer live")
        assert stage.app.screen is stage.screen
        assert ("live_off", "kraken-main") in stage.desk.calls


async def test_on_the_dashboard_live_begins_with_the_gates_of_the_position(play: Play) -> None:
    async with play() as stage:
        await stage.press("L")
        modal = await gates_of(stage)
        assert "bybit-paper" in modal.facts.text


async def test_without_a_row_the_dashboard_says_where_live_is_armed(play: Play) -> None:
    stage = make_stage()
    stage.desk.empty()
    async with play(stage):
        await stage.press("L")
        await stage.told("put the cursor on a row of the connection")


async def test_testnet_is_told_from_real_money(play: Play) -> None:
    stage = make_stage()
    rows = stage.desk.connections.rows
    stage.desk.connections.rows = [replace(row, mode=Mode.TESTNET) for row in rows]
    async with play(stage):
        await stage.go("2")
        await stage.press("L")
        modal = await gates_of(stage)
        assert "test money" in modal.facts.text
        assert not modal.query(".-danger")
        await stage.press(*"bybit-paper", "enter")
        await stage.told("bybit-paper is armed: it trades the exchange's test money")


async def test_releasing_the_kill_switch_says_that_live_stays_off(play: Play) -> None:
    async with play() as stage:
        await stage.press("K", "y")
        await stage.until(lambda: "KILLED" in stage.header)
        await stage.press("K")
        assert isinstance(stage.app.screen, ConfirmModal)
        assert "live trading stays off" in stage.app.screen.question.text


# -- flatten --------------------------------------------------------------------------------------


async def asked(stage: Stage) -> TypedNameModal:
    await stage.until(lambda: isinstance(stage.app.screen, TypedNameModal), "the question")
    modal = stage.app.screen
    assert isinstance(modal, TypedNameModal)
    return modal


async def followed(stage: Stage) -> FlattenProgress:
    await stage.until(lambda: isinstance(stage.app.screen, FlattenProgress), "the progress")
    modal = stage.app.screen
    assert isinstance(modal, FlattenProgress)
    return modal


async def test_flatten_names_what_it_closes_and_is_followed_to_the_end(play: Play) -> None:
    async with play() as stage:
        await stage.go("2")
        await stage.press("j", "F")
        modal = await asked(stage)
        text = "\n".join("".join(cell.text for cell in each) for each in modal._lines)
        for part in ("kraken-main", "live", "LONG 1.25 ETH/USD", "1 with real money", "3 posit"):
            assert part in text
        await stage.press(*"kraken", "enter")
        await stage.until(lambda: "refused: nothing is closed" in modal.refusal.text)
        await stage.press(*"-main", "enter")
        progress = await followed(stage)
        await stage.until(lambda: "1 position and 1 resting order left" in progress.lines.text)
        assert ("flatten", "kraken-main") in stage.desk.calls
        left = Flattening("kraken-main", 0, 0, is_enabled=True)
        stage.desk.figures = replace(stage.desk.figures, flattening=(left,))
        await stage.until(lambda: "waiting for the confirmation" in progress.lines.text)
        stage.desk.figures = replace(stage.desk.figures, flattening=())
        await stage.until(lambda: "Everything is closed." in progress.lines.text)
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.screen)


async def test_all_is_flattened_by_one_word_and_the_header_goes_on_telling(play: Play) -> None:
    async with play() as stage:
        await stage.press("F")
        await asked(stage)
        await stage.press(*"ALL", "enter")
        progress = await followed(stage)
        await stage.until(lambda: "bybit-paper" in progress.lines.text)
        assert ("flatten", "ALL") in stage.desk.calls
        await stage.press("escape")
        await stage.until(lambda: "FLATTENING" in stage.header or "CLOSING" in stage.header)


async def test_without_an_engine_the_progress_says_that_nobody_closes(play: Play) -> None:
    stage = make_stage()
    stage.desk.figures = replace(frozen.SUMMARY, is_engine_running=False)
    async with play(stage):
        await stage.press("F")
        await asked(stage)
        await stage.press(*"ALL", "enter")
        progress = await followed(stage)
        await stage.until(lambda: "No engine runs" in progress.lines.text)


async def test_flatten_where_no_connection_is_chosen_asks_for_all(play: Play) -> None:
    async with play() as stage:
        await stage.go("5")
        await stage.press("F")
        modal = await asked(stage)
        assert modal._asked_name == "ALL"
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.screen)
        assert not [call for call in stage.desk.calls if call[0] == "flatten"]
