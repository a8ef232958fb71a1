"""Strategies of the trader's own: add, edit, duplicate, remove; each change leaves an event."""

from collections.abc import Callable

import pytest

from cts_tui.desk.desk import Desk
from cts_tui.errors import ConfigError
from cts_tui.model.trading import EngineStatus

from .conftest import Hand

OWN = 'name = "own"\nentry_long = "close > open"\nstop_loss_pct = 1.5\n'
EDITED = 'name = "own"\nentry_long = "close > open"\nstop_loss_pct = 2.5\ntimeframe = "5m"\n'
GATE = {
    "strategy": "sma-cross", "symbol": "BTC/USDT", "timeframe": "1m", "state": "gated",
    "trades": 12, "profit_factor": 0.5, "reason": "too low", "held_back": 2,
}  # fmt: skip


def test_s13_a_strategy_that_is_added_is_disabled_and_told_whole(desk: Desk) -> None:
    assert desk.strategies.add(OWN) == ["own"]
    view = desk.strategies.get("own")
    assert (view.enabled, view.is_builtin, view.entry_long) == (False, False, "close > open")
    event = desk.events.list()[0]
    assert (event.who, event.kind, event.subject, event.before) == ("tui", "strategy", "own", None)
    assert event.message == "strategy added, disabled"
    assert event.after == desk.strategies.toml("own")


def test_what_is_exported_can_be_added_again_and_is_the_same(desk: Desk) -> None:
    for view in desk.strategies.list():
        text = desk.strategies.toml(view.name)
        copy = text.replace(f'name = "{view.name}"', 'name = "copy"')
        desk.strategies.add(copy)
        assert desk.strategies.toml("copy") == copy
        desk.strategies.remove("copy")


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([OWN, OWN], "two of the files are called 'own'"),
        ([OWN, OWN.replace("own", "sma-cross")], "strategies edit sma-cross FILE"),
        ([OWN, 'name = "b"'], "there is no entry"),
        ([OWN, "x ="], "not valid TOML"),
    ],
)
def test_all_are_added_or_none(desk: Desk, texts: list[str], said: str) -> None:
    before, told = desk.strategies.list(), len(desk.events.list())
    with pytest.raises(ConfigError, match=said):
        desk.strategies.add(*texts)
    assert desk.strategies.list() == before
    assert len(desk.events.list()) == told


def test_s13_an_edit_tells_the_changed_fields_before_and_after(desk: Desk) -> None:
    desk.strategies.add(OWN)
    desk.strategies.enable("own")
    assert desk.strategies.edit("own", EDITED) == ["timeframe", "stop_loss_pct"]
    view = desk.strategies.get("own")
    assert (view.enabled, view.timeframe) == (True, "5m")
    event = desk.events.list()[0]
    assert event.message == "strategy changed: timeframe, stop_loss_pct"
    assert event.before == 'timeframe = "*"\nstop_loss_pct = 1.5\n'
    assert event.after == 'timeframe = "5m"\nstop_loss_pct = 2.5\n'


def test_an_edit_that_changes_nothing_is_no_event(desk: Desk) -> None:
    desk.strategies.add(OWN)
    told = len(desk.events.list())
    assert desk.strategies.edit("own", OWN) == []
    assert len(desk.events.list()) == told


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.edit("sma-cross", OWN), "strategies export sma-cross > my.toml"),
        (lambda d: d.edit("own", OWN.replace("own", "other")), "called 'other', expected 'own'"),
        (lambda d: d.edit("own", 'name = "own"'), "there is no entry"),
        (lambda d: d.edit("nope", OWN), "no strategy called 'nope'; there are: "),
        (lambda d: d.remove("sma-cross"), "strategies disable sma-cross"),
        (lambda d: d.remove("sma-cross", force=True), "built in"),
        (lambda d: d.remove("nope"), "no strategy called 'nope'"),
        (lambda d: d.toml("nope"), "no strategy called 'nope'"),
        (lambda d: d.duplicate("nope", "new"), "no strategy called 'nope'"),
        (lambda d: d.duplicate("own", "own"), "a strategy called 'own' already"),
        (lambda d: d.duplicate("own", "Own Copy"), "the new name: expected 1 to 64 of a-z"),
    ],
)
def test_a_refusal_says_what_to_do_and_changes_nothing(
    desk: Desk, change: Callable[..., object], said: str
) -> None:
    desk.strategies.add(OWN)
    before, told = desk.strategies.list(), len(desk.events.list())
    with pytest.raises(ConfigError, match=said):
        change(desk.strategies)
    assert desk.strategies.list() == before
    assert len(desk.events.list()) == told


def test_a_copy_of_a_built_in_one_is_the_traders_own(desk: Desk) -> None:
    desk.strategies.duplicate("sma-cross", "mine")
    view, original = desk.strategies.get("mine"), desk.strategies.get("sma-cross")
    assert (view.enabled, view.is_builtin) == (False, False)
    assert (view.entry_long, view.exit_short) == (original.entry_long, original.exit_short)
    assert desk.events.list()[0].message == "strategy added as a copy of sma-cross, disabled"
    desk.strategies.edit("mine", desk.strategies.toml("mine").replace("sma(10)", "sma(12)"))
    assert "sma(12)" in desk.strategies.get("mine").entry_long


def test_a_strategy_with_open_positions_is_removed_by_force_only(desk: Desk, hand: Hand) -> None:
    desk.strategies.add(OWN)
    hand.position("a", strategy="own")
    with pytest.raises(ConfigError, match=r"own holds 1 open position: .* without exit rules"):
        desk.strategies.remove("own")
    text = desk.strategies.toml("own")
    assert desk.strategies.remove("own", force=True) == 1
    assert "own" not in {view.name for view in desk.strategies.list()}
    event = desk.events.list()[0]
    assert event.message.endswith("it was disabled; 1 open position left with stop and target")
    assert (event.before, event.after) == (text, None)
    [held] = desk.positions.list(is_open=True)
    assert (held.strategy, held.stop_price) == ("own", 98)


def test_a_strategy_that_only_traded_once_is_removed_without_force(desk: Desk, hand: Hand) -> None:
    desk.strategies.add(OWN)
    hand.closed("a", "1")
    assert desk.strategies.remove("own") == 0


def test_the_overview_has_gates_and_figures_of_today(desk: Desk, hand: Hand) -> None:
    hand.engine(figures={"gates": [GATE, {**GATE, "strategy": "macd-cross"}]})
    hand.engine(EngineStatus.STOPPED, connection="bybit", figures={"gates": [GATE]})
    hand.position("a")
    hand.signal(desk._room.clock.now_ms())
    hand.signal(desk._room.clock.now_ms() - 86_400_000)
    lines = {line.name: line for line in desk.strategies.overview()}
    line = lines["sma-cross"]
    assert (line.signals_today, line.open_positions) == (1, 1)
    [gate] = line.gates
    assert (gate.connection, gate.symbol, gate.state, gate.trades, gate.profit_factor) == (
        "demo", "BTC/USDT", "gated", 12, 0.5,
    )  # fmt: skip
    assert (gate.held_back, gate.is_live) == (2, False)
    assert line.toml == desk.strategies.toml("sma-cross")
    assert lines["rally-fade"].gates == ()


def test_a_disabled_strategy_has_no_gates_any_more(desk: Desk, hand: Hand) -> None:
    hand.engine(figures={"gates": [GATE]})
    desk.strategies.disable("sma-cross")
    assert {line.gates for line in desk.strategies.overview()} == {()}


def test_a_check_needs_no_store_and_gives_places(desk: Desk) -> None:
    [fault] = desk.strategies.check('name = "x"\nentry_long = "close > opn"')
    assert (fault.line, fault.column) == (2, 23)
