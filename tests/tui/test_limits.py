"""Risk limits and the orders of a position, by keys; positions that say who keeps their stop."""

from dataclasses import replace

from cts_tui.model.limits import RiskState, RiskView
from cts_tui.tui.facts import position_facts
from cts_tui.tui.limit_rows import halt_lines, limit_rows, limits_text, value_text
from cts_tui.tui.order_facts import order_facts
from cts_tui.tui.screens.limits import RiskModal
from cts_tui.tui.states import guard_cell, position_mode
from cts_tui.tui.widgets.confirm_modal import ConfirmModal
from cts_tui.tui.widgets.detail_modal import DetailModal
from cts_tui.tui.widgets.limit_modal import LimitModal
from cts_tui.tui.widgets.orders_modal import OrdersModal

from . import frozen
from .conftest import Play, Stage
from .frozen_live import BARE, DUSTY, LIMITS, ORDERS, TRIAL, USAGE
from .frozen_time import NOW_MS


async def limits_of(stage: Stage) -> RiskModal:
    await stage.go("2")
    await stage.press("j", "l")
    await stage.until(lambda: isinstance(stage.app.screen, RiskModal), "the limits")
    modal = stage.app.screen
    assert isinstance(modal, RiskModal)
    await stage.until(lambda: modal.table.rows, "limits")
    return modal


async def limit_of(stage: Stage) -> LimitModal:
    await stage.press("enter")
    await stage.until(lambda: isinstance(stage.app.screen, LimitModal), "the limit")
    modal = stage.app.screen
    assert isinstance(modal, LimitModal)
    return modal


async def test_limits_show_values_what_is_used_and_halts(play: Play) -> None:
    async with play() as stage:
        modal = await limits_of(stage)
        assert "HALTED" in modal.standing.text
        assert "daily loss 262.40" in " ".join(modal.standing.text.split())
        rows = {row.key: row for row in modal.table.rows}
        assert rows["max_daily_loss"].value.text == "250"
        assert rows["max_daily_loss"].used.text == "262.40"
        assert rows["max_daily_loss"].origin == "kraken-main"
        assert rows["max_open_positions"].origin == "all"
        assert rows["margin_mode"].value.text == "off"


async def test_a_limit_is_changed_for_the_connection_or_for_all(play: Play) -> None:
    async with play() as stage:
        await limits_of(stage)
        await stage.press("j", "j")
        modal = await limit_of(stage)
        await stage.press(*"much", "enter")
        await stage.until(lambda: "expected an amount" in " ".join(modal.refusal.text.split()))
        await stage.press(*["backspace"] * 4, *"400", "enter")
        await stage.until(
            lambda: ("limit", "max_order_notional", "400", "kraken-main") in stage.desk.calls
        )
        await stage.until(lambda: isinstance(stage.app.screen, RiskModal))
        await limit_of(stage)
        await stage.press("shift+tab", "right", "tab", *"off", "enter")
        await stage.until(lambda: ("limit", "max_order_notional", "off", None) in stage.desk.calls)


async def test_a_halt_is_reset_after_a_question(play: Play) -> None:
    async with play() as stage:
        await limits_of(stage)
        await stage.press("z")
        await stage.until(lambda: isinstance(stage.app.screen, ConfirmModal))
        assert isinstance(stage.app.screen, ConfirmModal)
        assert "kraken-main" in stage.app.screen.question.text
        await stage.press("n")
        assert ("reset", "kraken-main") not in stage.desk.calls
        await stage.press("z", "y")
        await stage.told("the loss limits of kraken-main begin anew")
        assert ("reset", "kraken-main") in stage.desk.calls


def test_limits_are_written_as_people_read_them() -> None:
    assert value_text("cool_down_s", 900) == "15m"
    assert value_text("cool_down_s", 95) == "95s"
    assert value_text("leverage", 3) == "3x"
    assert value_text("margin_mode", "isolated") == "isolated"
    assert "daily loss 250" in limits_text(LIMITS.limits)
    assert limits_text(LIMITS.limits.none()) == "none: all are off"
    assert len(limit_rows(LIMITS, replace(USAGE, day_loss=None, largest_symbol=""))) == 13


def test_a_reset_that_waits_is_told() -> None:
    state = RiskState(is_live=True, halted_ms=NOW_MS, halt_reason="x", is_reset_asked=True)
    ((cell,),) = halt_lines(RiskView("a", LIMITS.limits, (), (state,)), NOW_MS)
    assert "reset is asked for" in cell.text


async def test_orders_of_a_position_show_purpose_answer_and_fills(play: Play) -> None:
    async with play() as stage:
        await stage.go("3")
        await stage.press("G", "o")
        await stage.until(lambda: isinstance(stage.app.screen, OrdersModal))
        modal = stage.app.screen
        assert isinstance(modal, OrdersModal)
        await stage.until(lambda: len(modal.table.rows) == 3)
        await stage.press("G", "enter")
        await stage.until(lambda: isinstance(stage.app.screen, DetailModal))
        detail = stage.app.screen
        assert isinstance(detail, DetailModal)
        for part in ("entry: opens", "0.75 at 1,801.25", "fee 3.5125 USD", "trade T1"):
            assert part in detail.detail.text


async def test_a_position_without_orders_says_so(play: Play) -> None:
    async with play() as stage:
        await stage.go("3")
        await stage.press("o")
        await stage.until(lambda: isinstance(stage.app.screen, OrdersModal))
        modal = stage.app.screen
        assert isinstance(modal, OrdersModal)
        await stage.until(lambda: "no order is kept" in str(modal.table._empty))


def test_an_unknown_order_stands_out_with_what_was_answered() -> None:
    facts = {fact.name: fact.value for fact in order_facts(ORDERS[0])}
    assert facts["Status"].text == "UNKNOWN"
    assert "no new entry on the symbol" in facts["Unknown"].text
    assert "did not answer" in facts["Answer"].text
    assert "Unknown" not in {fact.name for fact in order_facts(ORDERS[1])}


def test_positions_say_who_keeps_the_stop() -> None:
    assert guard_cell(frozen.ETH, NOW_MS).text == "venue"
    assert guard_cell(frozen.BTC, NOW_MS).text == "desk"
    assert guard_cell(BARE, NOW_MS).text == "NONE 12s"
    assert guard_cell(replace(frozen.BTC, stop_price=None), NOW_MS).text == "-"
    assert position_mode(TRIAL).text == "TEST"
    facts = {fact.name: fact.value.text for fact in position_facts(BARE, NOW_MS)}
    assert "UNPROTECTED for 12s" in facts["Protection"]
    assert facts["Quantity"] == "0.75 left of 1.25"
    dusty = {fact.name: fact.value.text for fact in position_facts(DUSTY, NOW_MS)}
    assert dusty["Status"] == "closed with dust"
    assert "0.0009 is left" in dusty["Dust"]
