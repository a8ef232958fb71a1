"""The live table: repaints what changed, fits its columns, keeps the cursor on its row."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot
from textual.strip import Strip

from cts_tui.tui.cells import Cell
from cts_tui.tui.formats import age_cell
from cts_tui.tui.widgets.columns import Column, fit
from cts_tui.tui.widgets.live_table import LiveTable
from cts_tui.tui.widgets.row_order import RowOrder


@dataclass(frozen=True)
class Row:
    id: int
    name: str
    gain: float = 0.0
    since_ms: int = 0


COLUMNS = (
    Column[Row]("name", "Name", lambda r, _: Cell(r.name), 8, 1, order=lambda r: r.name),
    Column[Row](
        "gain", "Gain", lambda r, _: Cell(f"{r.gain:+.2f}"), 8, 1, is_number=True,
        order=lambda r: r.gain,
    ),
    Column[Row](
        "age", "Age", lambda r, now: age_cell(r.since_ms, now), 4, 2, is_number=True, is_timed=True
    ),
    Column[Row]("id", "Id", lambda r, _: Cell(str(r.id)), 6, 3, is_number=True),
)  # fmt: skip


class SpyTable(LiveTable[Row]):
    """Notes the lines it renders and the regions it marks dirty."""

    def __init__(self, **options: Any) -> None:
        super().__init__(COLUMNS, lambda row: row.id, empty=("no rows yet",), **options)
        self.rendered: list[int] = []
        self.dirty: list[Region | None] = []

    def render_line(self, y: int) -> Strip:
        self.rendered.append(y)
        return super().render_line(y)

    def refresh(self, *regions: Region, **options: Any) -> Any:
        if hasattr(self, "dirty"):
            self.dirty += regions or [None]
        return super().refresh(*regions, **options)

    def forget(self) -> None:
        self.rendered.clear()
        self.dirty.clear()

    def text(self, y: int) -> str:
        return super().render_line(y).text


class TableApp(App[None]):
    def __init__(self, table: LiveTable[Row]) -> None:
        super().__init__()
        self.table = table

    def compose(self) -> ComposeResult:
        yield self.table


def rows(count: int) -> list[Row]:
    return [Row(index, f"row-{index}", float(index)) for index in range(count)]


@asynccontextmanager
async def shown(
    given: list[Row], size: tuple[int, int] = (60, 20), **options: Any
) -> AsyncIterator[tuple[SpyTable, Pilot[None]]]:
    table = SpyTable(**options)
    async with TableApp(table).run_test(size=size) as pilot:
        table.focus()
        table.update_rows(given, 0)
        await pilot.pause()
        table.forget()
        yield table, pilot


async def test_only_the_changed_cells_are_repainted() -> None:
    given = rows(10)
    async with shown(given) as (table, pilot):
        given[3] = replace(given[3], gain=99.5)
        given[7] = replace(given[7], name="other")
        table.update_rows(given, 0)
        await pilot.pause()
        name, gain = table._painting.slots[:2]
        assert table.dirty == [
            Region(gain.x, 4, gain.width, 1),
            Region(name.x, 8, name.width, 1),
        ]
        assert sorted(set(table.rendered)) == [4, 8]


async def test_nothing_is_repainted_when_nothing_changed() -> None:
    given = rows(10)
    async with shown(given) as (table, pilot):
        table.update_rows(list(given), 0)
        table.update_rows([replace(row) for row in given], 500)
        await pilot.pause()
        assert table.dirty == []
        assert table.rendered == []


async def test_ages_move_on_by_themselves() -> None:
    async with shown(rows(2)) as (table, pilot):
        table.update_rows(table.rows, 3_000)
        await pilot.pause()
        assert [region and region.y for region in table.dirty] == [1, 2]
        assert "3s" in table.text(1)


async def test_rows_out_of_sight_cost_nothing() -> None:
    given = rows(5_000)
    async with shown(given) as (table, pilot):
        given[4_000] = replace(given[4_000], gain=-1.0)
        table.update_rows(given, 0)
        await pilot.pause()
        assert table.dirty == []


async def test_a_longer_number_widens_its_column_and_is_never_cut() -> None:
    given = rows(3)
    async with shown(given) as (table, pilot):
        given[1] = replace(given[1], gain=123_456_789.25)
        table.update_rows(given, 0)
        await pilot.pause()
        assert "+123456789.25" in table.text(2)


async def test_numbers_are_wide_enough_after_scrolling() -> None:
    given = [*rows(50), Row(50, "last", 123_456_789.25)]
    async with shown(given) as (table, pilot):
        await pilot.press("G")
        await pilot.pause()
        assert table.cursor == 50
        assert any("+123456789.25" in table.text(y) for y in range(20))


async def test_cursor_stays_on_its_row_when_others_come_and_go() -> None:
    given = rows(6)
    async with shown(given) as (table, pilot):
        await pilot.press("j", "j")
        table.update_rows([Row(100, "new"), *given], 0)
        assert table.cursor_row == given[2]
        table.update_rows(given[1:], 0)
        assert table.cursor_row == given[2]
        table.update_rows(given[3:], 0)  # its row is gone: the nearest one
        assert table.cursor_row == given[4]
        table.update_rows([], 0)
        assert table.cursor_row is None


async def test_cursor_on_the_first_row_of_a_log_stays_on_the_newest() -> None:
    given = rows(3)
    async with shown(given, is_log=True) as (table, _):
        newest = Row(100, "new")
        table.update_rows([newest, *given], 0)
        assert table.cursor_row == newest


async def test_keys_move_the_cursor_and_scroll() -> None:
    async with shown(rows(100)) as (table, pilot):
        await pilot.press("G")
        assert table.cursor == 99
        assert "row-99" in table.text(19)
        await pilot.press("pageup")
        assert table.cursor == 80
        await pilot.press("g", "down", "k", "j")
        assert table.cursor == 1
        assert table.scroll_offset.y == 0
        assert "Name" in table.text(0)


async def test_moving_the_cursor_repaints_two_rows() -> None:
    async with shown(rows(10)) as (table, pilot):
        await pilot.press("j")
        await pilot.pause()
        assert [region and region.y for region in table.dirty] == [1, 2]
        assert table.text(2).startswith("▌")  # seen without colours, too


async def test_click_selects_and_a_label_sorts() -> None:
    async with shown(rows(10)) as (table, pilot):
        await pilot.click(table, offset=(5, 4))
        assert table.cursor == 3
        await pilot.click(table, offset=(3, 0))
        assert table.order.sorted_by == "name"
        await pilot.click(table, offset=(3, 0))
        assert table.order.is_descending


async def test_empty_table_says_so() -> None:
    async with shown([]) as (table, _):
        assert "no rows yet" in table.text(0)
        table.set_empty("nothing here", "do this")
        assert "do this" in table.text(1)


async def test_narrow_table_drops_the_least_important_columns_first() -> None:
    async with shown(rows(3), size=(24, 10)) as (table, pilot):
        assert table.column_keys == ["name", "gain", "age"]
        await pilot.resize_terminal(60, 10)
        await pilot.pause()
        assert table.column_keys == ["name", "gain", "age", "id"]


def test_columns_fill_the_room_and_never_overlap() -> None:
    for room in range(10, 120):
        slots = fit(COLUMNS, {}, room)
        ends = [slot.x + slot.width for slot in slots]
        assert all(end < slot.x for end, slot in zip(ends, slots[1:], strict=False))
        assert ends[-1] <= room or len(slots) == 1


def test_flexible_column_takes_the_room_left_over() -> None:
    text = Column[Row]("text", "Text", lambda r, _: Cell(r.name), 5, 2, 20, is_flexible=True)
    extra = Column[Row]("extra", "Extra", lambda r, _: Cell(r.name), 5, 9)
    narrow = fit((COLUMNS[0], text, extra), {}, 24)
    assert [slot.column.key for slot in narrow] == ["name", "text"]
    assert narrow[-1].x + narrow[-1].width == 24
    wide = fit((COLUMNS[0], text, extra), {}, 60)
    assert [slot.column.key for slot in wide] == ["name", "text", "extra"]


def test_rows_without_a_value_come_last_whichever_way_they_are_sorted() -> None:
    column = Column[Row]("gain", "Gain", lambda r, _: Cell(""), 5, order=lambda r: r.gain or None)
    order = RowOrder((column,), sorted_by="gain")
    given = [Row(0, "none"), Row(1, "low", 1.0), Row(2, "high", 2.0)]
    assert [row.id for row in order.apply(given, 0)] == [2, 1, 0]
    assert [row.id for row in order.reversed().apply(given, 0)] == [1, 2, 0]
