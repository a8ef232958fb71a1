"""Alerts on the screen: toasts once, a count in the header, the list, acknowledging."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from cts_tui.model.alerts import VERDICT_RULE, Alert, AlertCounts
from cts_tui.model.health import Gravity
from cts_tui.tui.alert_toasts import QUIET_S, AlertToasts
from cts_tui.tui.screens.alerts import AlertsModal
from cts_tui.tui.session import EngineState
from cts_tui.tui.widgets.desk_header import HeaderFigures, header_line

from . import frozen
from .conftest import NARROW, WIDE, Play, make_stage
from .frozen_live import TROUBLED
from .frozen_time import MINUTE, NOW_MS

LOW = Alert(
    "disk-low", "/data", Gravity.CRITICAL, "1 % is free: free some space",
    NOW_MS - 5 * MINUTE, NOW_MS, id=3,
)  # fmt: skip
STALE = Alert(
    "feed-stale", "bybit-paper", Gravity.WARNING, "10 of 10 prices of bybit-paper are stale: BTC",
    NOW_MS - 61 * MINUTE, NOW_MS, id=2,
)  # fmt: skip
OVER = replace(STALE, id=1, rule="clock-off", cleared_ms=NOW_MS - 30 * MINUTE)


def test_of_what_stood_before_there_is_one_summary() -> None:
    (toast,) = AlertToasts().look([LOW, STALE], 0)
    assert toast.title == "2 alerts stand, 1 critical"
    assert toast.message == "1 % is free: free some space - A lists them"
    assert toast.is_grave
    (single,) = AlertToasts().look([STALE], 0)
    assert (single.title, single.is_grave) == ("1 alert stands, 0 critical", False)
    assert AlertToasts().look([], 0) == []


def test_what_is_raised_is_told_once() -> None:
    toasts = AlertToasts()
    toasts.look([STALE], 0)
    (toast,) = toasts.look([LOW, STALE], QUIET_S)
    assert toast.title == "✖ CRITICAL: disk-low"
    assert toasts.look([LOW, STALE], 2 * QUIET_S) == []


def test_what_becomes_graver_is_told_again_and_what_is_known_is_not() -> None:
    toasts = AlertToasts()
    toasts.look([STALE], 0)
    (toast,) = toasts.look([replace(STALE, severity=Gravity.CRITICAL)], QUIET_S)
    assert toast.is_grave
    assert toasts.look([STALE, replace(LOW, acked_ms=1)], 2 * QUIET_S) == []


def test_what_is_raised_shortly_after_comes_with_the_next_as_one() -> None:
    toasts = AlertToasts()
    toasts.look([], 0)
    storm = [replace(STALE, id=10 + n, subject=f"c{n}") for n in range(40)]
    assert toasts.look(storm, QUIET_S - 1) == []
    (toast,) = toasts.look([*storm, LOW], QUIET_S)
    assert toast.title == "41 alerts were raised, 1 critical"
    assert toast.message.startswith("1 % is free")


def test_the_verdict_is_no_toast_of_its_own() -> None:
    toasts = AlertToasts()
    toasts.look([], 0)
    assert toasts.look([replace(LOW, rule=VERDICT_RULE)], QUIET_S) == []


@pytest.mark.parametrize("width", [60, 70, 90, 150])
def test_the_header_counts_the_critical_ones_in_words_and_sign(width: int) -> None:
    summary = replace(frozen.SUMMARY, alerts=AlertCounts(critical=2, warnings=7))
    cells = header_line(HeaderFigures(EngineState.RUNNING, summary), width)
    assert "✖ 2 CRITICAL" in "".join(cell.text for cell in cells)
    crowded = replace(TROUBLED, alerts=AlertCounts(critical=2))
    text = "".join(c.text for c in header_line(HeaderFigures(EngineState.RUNNING, crowded), width))
    assert "✖ 2" in text


async def test_an_alert_that_is_raised_while_a_dialog_is_open_is_told(play: Play) -> None:
    async with play() as stage:
        stage.app._toasts._told_s = -QUIET_S
        await stage.until(lambda: stage.app._toasts._known is not None, "a first look")
        stage.app._toasts._told_s = -QUIET_S
        await stage.press("question_mark")
        stage.desk.alerts.rows = [LOW]
        await stage.told("1 % is free")
        assert len([text for text in stage.notices if "1 % is free" in text]) == 1


async def test_the_list_opens_everywhere_shows_one_and_acknowledges(play: Play) -> None:
    async with play() as stage:
        stage.desk.alerts.rows = [LOW, STALE, OVER]
        await stage.press("3", "A")
        await stage.until(lambda: isinstance(stage.app.screen, AlertsModal), "the list")
        modal = stage.app.screen
        assert isinstance(modal, AlertsModal)
        await stage.until(lambda: len(modal.table.rows) == 2, "what stands")
        await stage.press("a")
        await stage.until(lambda: modal.table.rows[0].acked_ms, "it is known")
        assert ("ack", 3) in stage.desk.calls
        await stage.press("t")
        await stage.until(lambda: len(modal.table.rows) == 3, "all of them")
        await stage.press("enter")
        await stage.until(lambda: stage.app.screen is not modal, "the detail")
        await stage.press("escape", "escape")
        await stage.until(lambda: stage.app.screen is stage.screen, "the screen")


async def test_on_the_health_screen_a_opens_it_too(play: Play) -> None:
    async with play() as stage:
        await stage.go("8")
        await stage.press("a")
        await stage.until(lambda: isinstance(stage.app.screen, AlertsModal), "the list")


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x50"])
def test_the_list_looks_as_it_did(snap_compare: Callable[..., bool], size: tuple[int, int]) -> None:
    stage = make_stage(is_needed=False)
    known = replace(STALE, id=4, subject="kraken-main", acked_ms=NOW_MS)
    stage.desk.alerts.rows = [LOW, STALE, known]
    stage.desk.figures = replace(stage.desk.figures, alerts=AlertCounts(critical=1, warnings=1))
    stage.app._read_alerts = lambda: None  # type: ignore[method-assign]

    async def arrange(pilot: Pilot[None]) -> None:
        stage.pilot = pilot
        await stage.until(lambda: stage.app.session.summary, "a reading")
        await pilot.press("A")
        modal = stage.app.screen
        assert isinstance(modal, AlertsModal)
        await stage.until(lambda: modal.table.rows, "rows")
        await asyncio.sleep(0)

    assert snap_compare(stage.app, terminal_size=size, run_before=arrange)
