"""A connection in full and its test: read anew each second, tested step by step."""

import asyncio
import threading
from dataclasses import replace

import pytest

from cts_tui.errors import CtsError
from cts_tui.model.connection_test import StepResult
from cts_tui.model.connection_view import BreakerView, ConnectionDetail
from cts_tui.model.trading import EngineStatus
from cts_tui.tui.connection_facts import connection_facts, session_facts
from cts_tui.tui.connection_rows import (
    down_text,
    feed_cell,
    last_test_cell,
    says_cell,
    state_cell,
    step_lines,
    symbols_text,
)
from cts_tui.tui.screens.connection_detail import ConnectionDetailScreen
from cts_tui.tui.screens.connection_form import ConnectionForm
from cts_tui.tui.widgets.confirm_modal import ConfirmModal
from cts_tui.tui.widgets.connection_test_modal import ConnectionTestModal
from cts_tui.tui.widgets.detail import Detail
from cts_tui.tui.widgets.detail_modal import DetailModal

from .conftest import Play, Stage, make_stage
from .frozen_connections import LIVE, OFF, PAPER, STEPS, TEMPLATE, TEST, detail_of
from .frozen_time import NOW_MS

DOWN = detail_of(LIVE)
WELL = detail_of(PAPER)


async def opened(stage: Stage, *keys: str) -> ConnectionDetailScreen:
    await stage.go("2")
    await stage.press(*keys, "enter")
    await stage.until(lambda: isinstance(stage.app.screen, ConnectionDetailScreen), "the detail")
    screen = stage.app.screen
    assert isinstance(screen, ConnectionDetailScreen)
    await stage.until(lambda: screen.abilities.rows, "what it can do")
    return screen


async def tried(stage: Stage) -> ConnectionTestModal:
    await stage.press("t")
    await stage.until(lambda: isinstance(stage.app.screen, ConnectionTestModal), "the test")
    modal = stage.app.screen
    assert isinstance(modal, ConnectionTestModal)
    return modal


async def test_enter_shows_state_session_feeds_test_and_abilities(play: Play) -> None:
    async with play() as stage:
        screen = await opened(stage, "j")
        text = " ".join(f"{screen.facts.text} {screen.session_facts.text}".split())
        for part in (
            "down since 17:01:40, next try in 12s: the exchange did not answer",
            "stored 2025-02-22", "-1,820 ms", "18 market", "changes httpsProxy, options",
            "the exchange asked for a pause: 42s more", "FAIL 3d ago",
        ):  # fmt: skip
            assert part in text
        assert [(row.symbol, row.state) for row in screen.feeds.rows] == [
            ("BTC/USD", "dead"),
            ("ETH/USD", "dead"),
        ]
        assert [row.name for row in screen.steps.rows][-1] == "authentication"
        assert ("Key needs", "apiKey, secret") in [(a[0], a[1].text) for a in screen.abilities.rows]


async def test_the_detail_follows_the_desk_by_itself(play: Play) -> None:
    async with play() as stage:
        screen = await opened(stage)
        stage.desk.connections._change("status", "bybit-paper", status=EngineStatus.DEGRADED)
        await stage.until(lambda: "degraded" in screen.facts.text)


async def test_reading_rests_behind_a_dialog(play: Play) -> None:
    async with play() as stage:
        screen = await opened(stage)
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, DetailModal))
        assert screen._timer is not None
        assert not screen._timer._active.is_set()
        await stage.press("escape")
        await stage.until(screen._timer._active.is_set)


async def test_a_connection_that_was_removed_elsewhere_closes_its_detail(play: Play) -> None:
    async with play() as stage:
        await opened(stage)

        def gone(name: str) -> ConnectionDetail:
            raise CtsError(f"there is no connection called {name!r}")

        stage.desk.connections.detail = gone  # type: ignore[method-assign]
        await stage.told("there is no connection called")
        await stage.until(lambda: stage.app.screen is stage.screen)


async def test_a_step_and_a_feed_open_in_full(play: Play) -> None:
    async with play() as stage:
        screen = await opened(stage)
        await stage.press("j", "enter")
        await stage.until(lambda: isinstance(stage.app.screen, DetailModal))
        await stage.until(lambda: "nobody trades it" in stage.app.screen.query_one(Detail).text)
        await stage.press("escape", "tab", *"jjjjjjjj", "enter")
        await stage.until(lambda: stage.app.screen is not screen)
        await stage.until(lambda: "prices come by REST" in stage.app.screen.query_one(Detail).text)


async def test_the_detail_enables_edits_and_tests(play: Play) -> None:
    async with play() as stage:
        screen = await opened(stage)
        await stage.press("e")
        await stage.told("bybit-paper is disabled")
        await stage.until(lambda: not screen._connection.view.enabled)
        modal = await tried(stage)
        await stage.until(lambda: modal.result)
        await stage.press("escape", "E")
        await stage.until(lambda: isinstance(stage.app.screen, ConnectionForm))
        await stage.until(lambda: stage.app.screen.verdict.said)
        await stage.press("escape")
        assert stage.app.screen is screen
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.screen)


async def test_t_shows_each_step_as_it_ends_and_what_to_do(play: Play) -> None:
    async with play() as stage:
        gate = threading.Event()

        def hold(step: StepResult) -> None:
            if step.name == "stream":
                assert gate.wait(10)

        stage.desk.tests.before_step = hold
        await stage.go("2")
        modal = await tried(stage)
        await stage.until(lambda: "rate limit" in modal.lines.text)
        assert "◌ testing…" in modal.lines.text
        assert "trading rules" not in modal.lines.text
        gate.set()
        await stage.until(lambda: modal.result is TEST)
        text = " ".join(modal.lines.text.split())
        for part in ("● pass reachability", "○ skip balance", "◐ warn stream",
                     "→ prices come by REST until it does", "Result ◐ warn"):  # fmt: skip
            assert part in text
        await stage.press("t")
        await stage.until(lambda: stage.desk.calls.count(("test", "bybit-paper")) == 2)
        await stage.until(lambda: modal.result is TEST)
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.screen)


async def test_a_test_that_was_left_ends_by_itself(play: Play) -> None:
    async with play() as stage:
        gate, ended = threading.Event(), threading.Event()

        def hold(step: StepResult) -> None:
            assert gate.wait(10)
            if step is STEPS[-1]:
                ended.set()

        stage.desk.tests.before_step = hold
        await stage.go("2")
        await tried(stage)
        await stage.press("escape")
        gate.set()
        await asyncio.to_thread(ended.wait, 10)
        await stage.press("j")
        assert stage.table.cursor == 1


async def test_a_test_that_cannot_run_says_why(play: Play) -> None:
    async with play() as stage:
        stage.desk.tests.fail_with = CtsError("bybit-paper was changed while it was tested")
        await stage.go("2")
        modal = await tried(stage)
        await stage.until(lambda: "not tested: bybit-paper was changed" in modal.lines.text)


async def test_x_asks_and_removes_but_not_with_open_positions(play: Play) -> None:
    async with play() as stage:
        await stage.go("2")
        await stage.press("x")
        await stage.told("bybit-paper has 2 open positions")
        await stage.press("G", "x")
        modal = stage.app.screen
        assert isinstance(modal, ConfirmModal)
        assert "At the exchange nothing changes" in modal.question.text
        await stage.press("n")
        assert ("remove", "binance-new") not in stage.desk.calls
        await stage.press("x", "y")
        await stage.told("binance-new is removed")


async def test_an_empty_list_says_how_to_add_one(play: Play) -> None:
    stage = make_stage()
    stage.desk.connections.rows = []
    async with play(stage) as stage:
        await stage.press("2")
        await stage.until(lambda: "a adds one" in stage.table._empty)
        await stage.press("e", "L", "t", "E", "x", "enter")
        assert stage.app.screen is stage.screen


def test_a_breaker_says_since_when_and_until_when() -> None:
    assert down_text(BreakerView(), NOW_MS) == ""
    assert down_text(DOWN.session.breaker, NOW_MS) == "down since 17:01:40, next try in 12s"
    assert down_text(BreakerView("half-open"), NOW_MS) == "trying again"
    assert down_text(BreakerView("open", NOW_MS, NOW_MS - 1), NOW_MS).endswith("trying now")


@pytest.mark.parametrize(
    ("connection", "state", "feed", "says", "test"),
    [
        (WELL, "● running", "stream 4s", "-", "warn 1h"),
        (DOWN, "✖ down 3m", "2 dead", "down since 17:01:40, next try in 12s", "FAIL 3d"),
        (detail_of(OFF), "○ stopped", "-", "-", "never"),
        (detail_of(TEMPLATE), "○ stopped", "-", "template: enter completes it", "never"),
    ],
)
def test_a_row_says_the_state_at_a_glance(
    connection: ConnectionDetail, state: str, feed: str, says: str, test: str
) -> None:
    assert state_cell(connection, NOW_MS).text == state
    assert feed_cell(connection).text == feed
    assert says_cell(connection, NOW_MS).text.startswith(says)
    assert last_test_cell(connection.view.last_test, NOW_MS).text == test


def test_the_breaker_of_a_stopped_engine_is_history() -> None:
    stopped = replace(DOWN, view=replace(LIVE, status=EngineStatus.STOPPED, last_error=None))
    assert state_cell(stopped, NOW_MS).text == "○ stopped"
    assert says_cell(stopped, NOW_MS).text == "-"


def test_a_filter_is_told_with_what_it_chose() -> None:
    assert symbols_text(WELL).startswith("4 by the filter quote=USDT volume>10M top=4: BTC")
    assert symbols_text(DOWN) == "BTC/USD, ETH/USD"


def test_facts_bear_an_engine_that_has_said_nothing_yet() -> None:
    facts = [*connection_facts(detail_of(OFF), 0), *session_facts(detail_of(OFF), 0)]
    shown = {fact.name: fact.value.text for fact in facts}
    assert (shown["Keys"], shown["Headroom"], shown["Test"]) == ("missing", "-", "never")


def test_a_long_step_is_wrapped_with_what_to_do_below() -> None:
    lines = ["".join(cell.text for cell in line) for line in step_lines(STEPS[8], 60)]
    assert len(lines) == 4
    assert lines[2].strip().startswith("→ prices come by REST")
    assert all(len(line) <= 60 for line in lines)
