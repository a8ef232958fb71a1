"""The log screen: the newest first, what is new at each reading, level, pause, the whole entry."""

from collections.abc import Sequence
from typing import Any

import pytest

from cts_tui.errors import StoreError
from cts_tui.model.log import LogLevel
from cts_tui.tui.screens import log as log_screen
from cts_tui.tui.screens.log import LogScreen
from cts_tui.tui.widgets.detail_modal import DetailModal

from .conftest import Play, Stage
from .fake_log import LINES


async def opened(stage: Stage) -> LogScreen:
    screen = await stage.go("9")
    assert isinstance(screen, LogScreen)
    return screen


def said(stage: Stage) -> list[str]:
    return [row.message for row in stage.table.rows]


def newest_first(lines: Sequence[Any]) -> list[str]:
    return [line.message for line in reversed(lines)]


async def test_the_last_lines_come_once_the_newest_first(play: Play) -> None:
    async with play() as stage:
        await opened(stage)
        assert said(stage) == newest_first(LINES)
        assert stage.desk.log.tails == [LogLevel.INFO]


async def test_new_lines_come_on_top_and_the_cursor_follows(play: Play) -> None:
    async with play() as stage:
        await opened(stage)
        stage.desk.log.write("one")
        stage.desk.log.write("two")
        await stage.press("r")
        await stage.until(lambda: said(stage)[:2] == ["two", "one"], "the new lines")
        assert stage.table.cursor == 0
        await stage.press("j")
        stage.desk.log.write("three")
        await stage.press("r")
        await stage.until(lambda: said(stage)[0] == "three", "the new line")
        assert stage.table.cursor_row.message == "one"
        assert len(stage.desk.log.tails) == 1, "what was read is not read again"


async def test_a_pause_holds_the_lines_and_goes_on_from_there(play: Play) -> None:
    async with play() as stage:
        await opened(stage)
        await stage.press("p")
        stage.desk.log.write("meanwhile")
        await stage.press("r")
        await stage.rest()
        assert said(stage) == newest_first(LINES)
        assert "PAUSED" in str(stage.table.border_title)
        await stage.press("p")
        await stage.until(lambda: said(stage)[0] == "meanwhile", "it follows again")
        assert "PAUSED" not in str(stage.table.border_title)


async def test_l_reads_the_lines_of_a_level_anew_and_follows_those(play: Play) -> None:
    async with play() as stage:
        await opened(stage)
        await stage.press("l")
        grave = [line for line in LINES if line.level >= LogLevel.WARNING]
        await stage.until(lambda: said(stage) == newest_first(grave), "warnings and errors")
        assert stage.desk.log.tails == [LogLevel.INFO, LogLevel.WARNING]
        stage.desk.log.write("of no interest")
        stage.desk.log.write("grave", LogLevel.ERROR)
        await stage.press("r")
        await stage.until(lambda: said(stage)[0] == "grave")
        await stage.press("l", "l")
        await stage.until(lambda: "of no interest" in said(stage), "every level again")
        first, *others = stage.desk.log.followers
        assert first.is_closed
        assert not others[-1].is_closed


async def test_a_text_narrows_the_lines_also_by_connection_and_error(play: Play) -> None:
    async with play() as stage:
        await opened(stage)
        await stage.press("slash", *"kraken-m", "enter")
        await stage.until(lambda: len(said(stage)) == 2)
        await stage.press("escape", "slash", *"ZeroDiv", "enter")
        await stage.until(lambda: said(stage) == ["a cycle of strategy failed"])


async def test_enter_shows_the_whole_entry_with_its_traceback(play: Play) -> None:
    async with play() as stage:
        await opened(stage)
        await stage.press("j", "j", "j", "enter")
        await stage.until(lambda: isinstance(stage.app.screen, DetailModal), "the entry")
        modal = stage.app.screen
        assert isinstance(modal, DetailModal)
        await stage.until(lambda: "ZeroDivisionError" in modal.detail.text)
        assert "strategy#8246" in modal.detail.text
        assert "run_cycle" in modal.detail.text
        assert "2025-04-03 17:03:59.000Z" in modal.detail.text


async def test_the_log_is_read_also_while_the_store_cannot_be(play: Play) -> None:
    async with play() as stage:
        await opened(stage)
        stage.desk.fail_with = StoreError("the database is damaged")
        stage.desk.log.write("the database is damaged, says the engine", LogLevel.ERROR)
        await stage.press("r")
        await stage.until(lambda: said(stage)[0].endswith("says the engine"), "the line")
        await stage.told("reading failed")


async def test_so_many_lines_are_kept_and_no_more(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_screen, "_KEPT", 4)
    async with play() as stage:
        await opened(stage)
        assert said(stage) == newest_first(LINES)[:4]
        stage.desk.log.write("one more")
        await stage.press("r")
        await stage.until(lambda: said(stage) == ["one more", *newest_first(LINES)[:3]])
        assert "the newest 4" in str(stage.table.border_title)


async def test_an_empty_log_says_so(play: Play) -> None:
    async with play() as stage:
        stage.desk.log.lines.clear()
        await stage.press("9")
        await stage.until(lambda: isinstance(stage.screen, LogScreen), "the screen")
        await stage.until(lambda: "nothing of the kind was logged" in stage.table._empty)
