"""The journal at work: lists, profit, filter, files."""

from typing import Any

from textual.widgets import Input

from cts_tui.model.journal import JournalKind, ProfitBy
from cts_tui.tui.screens.journal import JournalScreen

from .conftest import WIDE, Play, Stage


async def opened(stage: Stage) -> JournalScreen:
    screen = await stage.go("7")
    assert isinstance(screen, JournalScreen)
    return screen


def texts(stage: Stage) -> list[Any]:
    return [getattr(row, "symbol", None) or row.name for row in stage.table.rows]


async def test_the_journal_opens_on_closed_trades_and_profit_by_day(play: Play) -> None:
    async with play() as stage:
        screen = await opened(stage)
        assert stage.table.id == "journal-trades"
        assert [row.id for row in stage.table.rows] == [90 - index for index in range(8)]
        days = screen.profit_by(ProfitBy.DAY)
        assert days.display
        assert [row.name for row in days.rows] == ["2025-04-03", "2025-04-02"]
        assert sum(row.trades for row in days.rows) == 8


async def test_a_key_goes_through_trades_orders_and_fills(play: Play) -> None:
    async with play() as stage:
        await opened(stage)
        for kind in ("orders", "fills", "trades"):
            await stage.press("t")
            await stage.until(lambda kind=kind: stage.table.id == f"journal-{kind}")  # type: ignore[misc]
            await stage.until(lambda: stage.table.rows, "rows")
        assert {kind for kind, _, _ in stage.desk.journal.asked} == set(JournalKind)


async def test_a_key_goes_through_the_profits_and_enter_shows_the_trades_behind(play: Play) -> None:
    async with play(size=WIDE) as stage:
        screen = await opened(stage)
        await stage.press("p")
        await stage.until(lambda: stage.table.id == "by-strategy")
        await stage.press("p")
        await stage.until(lambda: stage.table.id == "by-symbol")
        await stage.until(lambda: stage.table.rows, "rows")
        best = stage.table.rows[0].name
        await stage.press("enter")
        await stage.until(lambda: stage.table.id == "journal-trades")
        assert set(texts(stage)) == {best}
        assert screen.kind is JournalKind.TRADES


async def test_a_filter_looks_beyond_the_rows_that_were_read(play: Play) -> None:
    async with play() as stage:
        await opened(stage)
        await stage.press("slash")
        for field in stage.screen.query(Input):
            field.value = "SOL"
        await stage.press("enter", "r")
        await stage.until(lambda: ("trades", 500, "SOL") in stage.desk.journal.asked)
        assert set(texts(stage)) == {"SOL/USDT:USDT"}
        await stage.press("escape")
        assert len(stage.table.rows) == 8


async def test_older_rows_are_read_on_request(play: Play) -> None:
    async with play() as stage:
        await opened(stage)
        await stage.press("m")
        await stage.until(lambda: ("trades", 1_000, "") in stage.desk.journal.asked)


async def test_enter_shows_everything_about_a_fill(play: Play) -> None:
    async with play() as stage:
        await opened(stage)
        await stage.press("t", "t")
        await stage.until(lambda: stage.table.id == "journal-fills" and stage.table.rows)
        await stage.press("enter")
        await stage.until(lambda: stage.app.screen is not stage.screen)


async def test_the_list_that_is_shown_is_exported_and_a_refusal_is_told(play: Play) -> None:
    async with play() as stage:
        await opened(stage)
        await stage.press("x")
        await stage.told("8 trades written to exports/trades.csv")
        stage.desk.journal.refusal = "the disk is full"
        await stage.press("x")
        await stage.told("the disk is full")
        assert stage.desk.calls.count(("export", "trades")) == 1


async def test_an_empty_journal_says_so(play: Play) -> None:
    async with play() as stage:
        stage.desk.empty()
        await stage.press("7")
        await stage.until(lambda: isinstance(stage.screen, JournalScreen))
        await stage.until(lambda: "no position has closed yet" in stage.table._empty)
